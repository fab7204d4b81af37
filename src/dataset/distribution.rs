//! Distributions as tables: a draw is one lookup, the same on every machine.
//!
//! Input: a shape. Output: whole numbers by random bits. The tables are computed once, with
//! integers or `libm`, and then rounded, so that no platform's `exp` or `ln` takes part. Knows
//! nothing of what is drawn.

use crate::stats::draw::Stream;

/// Quantiles that a [`QuantileTable`] keeps.
const STEPS: usize = 1024;

/// Ranks from 0 with Zipf popularity: rank r is drawn in proportion to 1 / (r + 1).
#[derive(Debug)]
pub(super) struct Zipf {
    /// Upper bounds of the ranks' shares of 2^32, ascending.
    bounds: Vec<u64>,
}

impl Zipf {
    /// The law over `ranks` ranks, 1 at least.
    pub(super) fn new(ranks: u32) -> Self {
        let weight = |rank: u64| (1 << 32) / (rank + 1);
        let ranks = u64::from(ranks.max(1));
        let total: u64 = (0..ranks).map(weight).sum();
        let mut before: u64 = 0;
        let bounds = (0..ranks)
            .map(|rank| {
                before += weight(rank);
                ((u128::from(before) << 32) / u128::from(total)) as u64
            })
            .collect();
        Self { bounds }
    }

    /// The rank that 64 random bits choose.
    pub(super) fn rank(&self, bits: u64) -> u32 {
        let point = bits >> 32;
        self.bounds.partition_point(|bound| *bound <= point) as u32
    }
}

/// A distribution as its quantile function at evenly spaced probabilities.
#[derive(Debug)]
pub(super) struct QuantileTable {
    values: Box<[u32; STEPS]>,
}

impl QuantileTable {
    /// A Pareto law: `scale` at least, with tail exponent `alpha` (the smaller, the heavier).
    pub(super) fn pareto(scale: f64, alpha: f64) -> Self {
        Self::from_quantiles(|p| scale * libm::pow(1.0 - p, -1.0 / alpha))
    }

    /// A log-normal law by its median and the standard deviation of its logarithm.
    pub(super) fn lognormal(median: f64, sigma: f64) -> Self {
        Self::from_quantiles(|p| median * libm::exp(sigma * normal_quantile(p)))
    }

    fn from_quantiles(quantile: impl Fn(f64) -> f64) -> Self {
        let mut values = Box::new([0; STEPS]);
        for (step, value) in values.iter_mut().enumerate() {
            *value = libm::round(quantile((step as f64 + 0.5) / STEPS as f64)) as u32;
        }
        Self { values }
    }

    /// The value that 64 random bits choose; it uses the highest ten.
    pub(super) fn value(&self, bits: u64) -> u32 {
        self.values[(bits >> 54) as usize]
    }

    /// The value for element `index` of `stream`.
    pub(super) fn draw(&self, stream: Stream, index: u64) -> u32 {
        self.value(stream.at(index))
    }
}

/// The normal law's quantile, by bisection of its distribution function: slow, exact enough to
/// round, and made of `libm::erfc` alone.
fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if 0.5 * libm::erfc(-middle / std::f64::consts::SQRT_2) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zipf_halves_from_first_to_second() {
        let zipf = Zipf::new(20);
        let stream = Stream::new(3, 3);
        let mut counts = [0_u32; 20];
        for i in 0..200_000 {
            counts[zipf.rank(stream.at(i)) as usize] += 1;
        }
        let harmonic: f64 = (1..=20).map(|r| 1.0 / f64::from(r)).sum();
        for (rank, count) in counts.iter().enumerate() {
            let expected = 200_000.0 / harmonic / (rank as f64 + 1.0);
            let error = (f64::from(*count) - expected).abs();
            assert!(
                error < 5.0 * expected.sqrt(),
                "rank {rank}: {count} for {expected}"
            );
        }
    }

    #[test]
    fn zipf_stays_within_its_ranks() {
        for ranks in [1, 2, 3, 1000] {
            let zipf = Zipf::new(ranks);
            assert_eq!(zipf.rank(0), 0);
            assert_eq!(zipf.rank(u64::MAX), ranks - 1);
        }
    }

    #[test]
    fn quantiles_of_known_laws() {
        assert!((normal_quantile(0.975) - 1.959_964).abs() < 1e-6);
        assert!(normal_quantile(0.5).abs() < 1e-9);
        let table = QuantileTable::lognormal(1000.0, 1.0);
        assert_eq!(table.value(1 << 63), 1001);
        let pareto = QuantileTable::pareto(100.0, 1.0);
        assert_eq!(pareto.value(0), 100);
        assert_eq!(pareto.value(1 << 63), 200);
    }
}
