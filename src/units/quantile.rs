//! Quantiles: 0-1 in code, P50, P95, P99 for people.

use std::fmt;

/// A quantile in 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Quantile(f64);

impl Quantile {
    /// The median.
    pub const P50: Self = Self(0.50);
    /// The 90th percentile.
    pub const P90: Self = Self(0.90);
    /// The 95th percentile.
    pub const P95: Self = Self(0.95);
    /// The 99th percentile.
    pub const P99: Self = Self(0.99);
    /// The 99.9th percentile.
    pub const P999: Self = Self(0.999);
    /// The five that every table and archive shows.
    pub const SHOWN: [Self; 5] = [Self::P50, Self::P90, Self::P95, Self::P99, Self::P999];

    /// The fraction, 0-1.
    pub fn fraction(self) -> f64 {
        self.0
    }

    /// How many samples it takes before this quantile is a measurement and not the maximum's
    /// neighbour: ten samples above it, so 200 for P95, 1,000 for P99 and 10,000 for P99.9; P50
    /// and P90 take 100 (at least ten above, and enough for the median's interval).
    pub fn samples_needed(self) -> u64 {
        match self {
            _ if self.0 <= 0.90 => 100,
            _ => (10.0 / (1.0 - self.0)).round() as u64,
        }
    }

    /// The name in `run.json`: `p50`, `p95`, `p99`, `p999`.
    pub fn key(self) -> &'static str {
        match self {
            _ if self == Self::P50 => "p50",
            _ if self == Self::P90 => "p90",
            _ if self == Self::P95 => "p95",
            _ if self == Self::P99 => "p99",
            _ => "p999",
        }
    }
}

impl fmt::Display for Quantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = (self.0 * 1e6).round() / 1e4;
        f.pad(&format!("P{percent}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_needs() {
        let shown: Vec<_> = Quantile::SHOWN
            .map(|q| (q.to_string(), q.key(), q.samples_needed()))
            .into();
        let wanted = [
            ("P50", "p50", 100),
            ("P90", "p90", 100),
            ("P95", "p95", 200),
            ("P99", "p99", 1_000),
            ("P99.9", "p999", 10_000),
        ];
        for (got, (name, key, needs)) in shown.iter().zip(wanted) {
            assert_eq!((got.0.as_str(), got.1, got.2), (name, key, needs));
        }
    }
}
