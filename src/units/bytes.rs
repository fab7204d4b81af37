//! Sizes in bytes: `256MiB`, `4GB`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::UnitError;

const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
const WANTED: &str =
    "a size: write a number and a unit (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB), such as \"256MiB\"";

/// A number of bytes, written as `256MiB` (powers of 1,024) or `4GB` (powers of 1,000).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(pub u64);

impl Bytes {
    /// Powers of 1,024 squared.
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib << 20)
    }
}

impl FromStr for Bytes {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        parse(text).map(Self).ok_or_else(|| UnitError {
            text: text.to_owned(),
            wanted: WANTED,
        })
    }
}

fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let factor = match text[digits..].trim() {
        "" | "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "KiB" => 1024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        "TiB" => 1_099_511_627_776.0,
        _ => return None,
    };
    let bytes = number * factor;
    (bytes < 1.8e19).then_some(bytes.round() as u64)
}

impl fmt::Display for Bytes {
    /// Three significant digits in powers of 1,024; exact where the number is whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut value, mut unit) = (self.0 as f64, 0);
        while value >= 1024.0 && unit < UNITS.len() - 1 {
            value /= 1024.0;
            unit += 1;
        }
        let text = if (value - value.round()).abs() < 1e-9 {
            format!("{value:.0} {}", UNITS[unit])
        } else {
            format!("{value:.1} {}", UNITS[unit])
        };
        f.pad(&text)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        for (text, bytes, shown) in [
            ("256MiB", 268_435_456, "256 MiB"),
            ("4GB", 4_000_000_000, "3.7 GiB"),
            ("1.5KiB", 1536, "1.5 KiB"),
            ("12", 12, "12 B"),
        ] {
            let size: Bytes = text.parse().unwrap();
            assert_eq!((size.0, size.to_string().as_str()), (bytes, shown));
        }
        assert!("-1MB".parse::<Bytes>().is_err());
        assert!("4 gigs".parse::<Bytes>().is_err());
    }
}
