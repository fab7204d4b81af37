//! A histogram of nanoseconds. It merges and it answers quantiles; it offers no way to average one.

use hdrhistogram::Histogram;

use crate::units::Quantile;

/// Latencies in nanoseconds with three significant digits (a reported value is at most 0.1 % from
/// the recorded one).
///
/// Counters are 32 bits wide, which holds 4,294,967,295 samples of one value; it grows to the
/// largest value seen, so that a histogram of microseconds costs a few KiB and one of a minute
/// 108 KiB.
#[derive(Debug, Clone)]
pub struct LatencyHistogram(Histogram<u32>);

impl LatencyHistogram {
    const SIGNIFICANT_DIGITS: u8 = 3;
    /// Large enough from the start that a healthy run never grows it: about 17 s.
    const FIRST_HIGH_NS: u64 = (1 << 34) - 1;

    /// An empty histogram.
    #[expect(
        clippy::missing_panics_doc,
        clippy::expect_used,
        reason = "the bounds are constants that hdrhistogram accepts"
    )]
    pub fn new() -> Self {
        let mut histogram =
            Histogram::new_with_bounds(1, Self::FIRST_HIGH_NS, Self::SIGNIFICANT_DIGITS)
                .expect("constant bounds are valid");
        histogram.auto(true);
        Self(histogram)
    }

    /// Adds one sample; 0 ns counts as 1 ns, the smallest value that the format knows.
    pub fn record(&mut self, ns: u64) {
        self.record_n(ns, 1);
    }

    /// Adds `n` samples of the same value.
    pub fn record_n(&mut self, ns: u64, n: u32) {
        // The only error is a value past the range of an auto-resizing histogram, 2^63 ns.
        let _ = self.0.record_n(ns.clamp(1, i64::MAX as u64), n);
    }

    /// Adds every sample of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.0.is_empty() {
            return;
        }
        // Addition fails only between histograms of different precision, and these have one.
        let _ = self.0.add(&other.0);
    }

    /// Forgets every sample and keeps the memory.
    pub fn clear(&mut self) {
        if !self.0.is_empty() {
            self.0.reset();
        }
    }

    /// Samples recorded.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The value at a quantile in nanoseconds; `None` without samples.
    pub fn at(&self, quantile: Quantile) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.value_at_quantile(quantile.fraction()))
    }

    /// The largest value in nanoseconds; `None` without samples.
    pub fn max(&self) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.max())
    }

    /// The arithmetic mean of the samples in nanoseconds; `None` without samples.
    pub fn mean(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.mean())
    }

    /// The histogram as the archive's serialisers take it.
    pub fn as_hdr(&self) -> &Histogram<u32> {
        &self.0
    }
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Histogram<u32>> for LatencyHistogram {
    fn from(histogram: Histogram<u32>) -> Self {
        Self(histogram)
    }
}

impl PartialEq for LatencyHistogram {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> LatencyHistogram {
        let mut histogram = LatencyHistogram::new();
        for value in values {
            histogram.record(*value);
        }
        histogram
    }

    #[test]
    fn an_empty_histogram_has_no_quantile() {
        let empty = LatencyHistogram::new();
        assert_eq!(
            (empty.at(Quantile::P99), empty.max(), empty.mean()),
            (None, None, None)
        );
    }

    #[test]
    fn quantiles_are_the_sorted_samples_within_three_digits() {
        let values: Vec<u64> = (1..=10_000).map(|i| i * 1_000).collect();
        let histogram = of(&values);
        for (quantile, exact) in [
            (Quantile::P50, 5e6),
            (Quantile::P95, 9.5e6),
            (Quantile::P99, 9.9e6),
        ] {
            let got = histogram.at(quantile).unwrap() as f64;
            assert!((got / exact - 1.0).abs() < 1e-3, "{quantile}: {got}");
        }
    }

    #[test]
    fn a_value_past_the_first_range_grows_it() {
        let mut histogram = LatencyHistogram::new();
        histogram.record(90_000_000_000);
        assert!((histogram.max().unwrap() as f64 / 9e10 - 1.0).abs() < 1e-3);
    }

    proptest! {
        #[test]
        fn merged_is_whole_in_any_order(
            a in prop::collection::vec(0_u64..100_000_000_000, 0..200),
            b in prop::collection::vec(0_u64..100_000_000_000, 0..200),
        ) {
            let whole = of(&[a.clone(), b.clone()].concat());
            let (mut ab, mut ba) = (of(&a), of(&b));
            ab.merge(&of(&b));
            ba.merge(&of(&a));
            prop_assert_eq!(&ab, &whole);
            prop_assert_eq!(&ba, &whole);
        }
    }
}
