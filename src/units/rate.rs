//! Rates: arrivals in a second.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// Arrivals per second: finite and above zero.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Rate(f64);

impl Rate {
    /// The highest rate that a schedule can express: an arrival each nanosecond.
    pub const MAX_PER_SECOND: f64 = 1e9;

    /// A rate, or `None` where it is not above zero, not finite or above [`Self::MAX_PER_SECOND`].
    pub fn new(per_second: f64) -> Option<Self> {
        (per_second > 0.0 && per_second <= Self::MAX_PER_SECOND).then_some(Self(per_second))
    }

    /// Arrivals per second.
    pub fn per_second(self) -> f64 {
        self.0
    }

    /// The mean time from one arrival to the next, in nanoseconds.
    pub fn mean_gap_ns(self) -> f64 {
        1e9 / self.0
    }

    /// This rate times `factor`, or `None` where that is no rate.
    pub fn scaled(self, factor: f64) -> Option<Self> {
        Self::new(self.0 * factor)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.0.fract() == 0.0 {
            format!("{}/s", self.0)
        } else {
            format!("{:.2}/s", self.0)
        };
        f.pad(&text)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::new(value).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{value} is not a rate: write arrivals per second, above 0 and at most 1e9"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_negative_and_endless_are_no_rates() {
        for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 2e9] {
            assert_eq!(Rate::new(value), None, "{value}");
        }
        assert!((Rate::new(5000.0).unwrap().mean_gap_ns() - 200_000.0).abs() < 1e-9);
    }
}
