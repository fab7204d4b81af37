//! Durations as people write them (`15ms`, `1h30m`, `7 days`) and nanoseconds as people read them.

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::UnitError;

const WANTED: &str =
    "a duration: write a number and a unit (ns, us, ms, s, m, h, d), such as \"15ms\" or \"1h30m\"";

/// A length of time that is not negative, written as `15ms`, `2.5s`, `1h30m` or `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub Duration);

impl Span {
    /// A span of whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// A span of whole milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// Nanoseconds; saturates after 584 years.
    pub fn as_ns(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        parse_ns(text)
            .map(|ns| Self(Duration::from_nanos(ns)))
            .ok_or_else(|| UnitError {
                text: text.to_owned(),
                wanted: WANTED,
            })
    }
}

/// Sums the `number unit` pairs of `text`; `None` where it is anything else, negative or too long.
fn parse_ns(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(0);
    }
    let mut total: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')?;
        let number: f64 = rest[..digits].replace('_', "").parse().ok()?;
        let after = rest[digits..].trim_start();
        let end = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        let ns = number * unit_ns(&after[..end])?;
        if !(0.0..1.8e19).contains(&ns) {
            return None;
        }
        total = total.checked_add(ns.round() as u64)?;
        rest = after[end..].trim_start();
    }
    Some(total)
}

fn unit_ns(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1.0,
        "us" | "µs" | "μs" => 1e3,
        "ms" => 1e6,
        "s" | "sec" | "secs" | "second" | "seconds" => 1e9,
        "m" | "min" | "mins" | "minute" | "minutes" => 60e9,
        "h" | "hour" | "hours" => 3_600e9,
        "d" | "day" | "days" => 86_400e9,
        _ => return None,
    })
}

impl fmt::Display for Span {
    /// The shortest exact text: `1h30m`, `15ms`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 7] = [
            (86_400_000_000_000, "d"),
            (3_600_000_000_000, "h"),
            (60_000_000_000, "m"),
            (1_000_000_000, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        let mut left = self.as_ns();
        if left == 0 {
            return f.write_str("0s");
        }
        let mut text = String::new();
        for (size, unit) in UNITS {
            if left >= size {
                // Writing to a string cannot fail.
                let _ = write!(text, "{}{unit}", left / size);
                left %= size;
            }
        }
        f.pad(&text)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Nanoseconds with three significant digits and the unit a person expects: `842 ns`, `12.3 us`,
/// `4.57 ms`, `1.20 s`.
pub fn format_ns(ns: u64) -> String {
    let ns = ns as f64;
    let (value, unit) = match ns {
        _ if ns < 999.5 => return format!("{ns:.0} ns"),
        _ if ns < 999.5e3 => (ns / 1e3, "us"),
        _ if ns < 999.5e6 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    let decimals = match value {
        _ if value < 9.995 => 2,
        _ if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, ns) in [
            ("15ms", 15_000_000),
            ("2.5s", 2_500_000_000),
            ("1h30m", 5_400_000_000_000),
            ("7 days", 604_800_000_000_000),
            ("100us", 100_000),
            ("0", 0),
            ("0s", 0),
        ] {
            assert_eq!(text.parse::<Span>().unwrap().as_ns(), ns, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_duration() {
        for text in [
            "",
            "-5s",
            "5",
            "s",
            "5 parsecs",
            "1h-2m",
            "1e9s",
            "99999999999999d",
        ] {
            let error = text.parse::<Span>().unwrap_err().to_string();
            assert!(error.contains("15ms"), "{text}: {error}");
        }
    }

    #[test]
    fn prints_three_digits() {
        let texts: Vec<String> = [
            0,
            842,
            12_345,
            999_600,
            4_567_890,
            99_960_000,
            1_200_000_000,
        ]
        .map(format_ns)
        .into();
        assert_eq!(
            texts,
            [
                "0 ns", "842 ns", "12.3 us", "1.00 ms", "4.57 ms", "100 ms", "1.20 s"
            ]
        );
    }

    proptest! {
        #[test]
        fn display_reads_back(ns in 0_u64..10_000_000_000_000_000) {
            let span = Span(Duration::from_nanos(ns));
            prop_assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        }
    }
}
