//! Random numbers by index: the same (seed, stream, index) gives the same number on any machine,
//! for any number of threads, in any order.
//!
//! The mixer is the finaliser of `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom
//! number generators", OOPSLA 2014; constants of David Stafford's variant 13) over a Weyl sequence.

/// The golden-ratio increment of `SplitMix64`.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// One named sequence of random numbers; `at(i)` costs two multiplications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// The stream `name` of `seed`. Streams of different names are independent.
    pub const fn new(seed: u64, name: u64) -> Self {
        Self {
            key: mix(mix(seed.wrapping_add(GAMMA)) ^ name.wrapping_mul(GAMMA)),
        }
    }

    /// The stream that belongs to element `index` of this one.
    #[must_use]
    pub const fn child(self, index: u64) -> Self {
        Self {
            key: mix(self.at(index) ^ GAMMA),
        }
    }

    /// 64 random bits for `index`.
    pub const fn at(self, index: u64) -> u64 {
        mix(self.key.wrapping_add(index.wrapping_mul(GAMMA)))
    }

    /// A whole number in `0..bound` for `index`, by multiplication and shift (Lemire 2019, without
    /// the rejection: its bias is below `bound` / 2^64).
    ///
    /// `bound` 0 gives 0.
    pub const fn below(self, index: u64, bound: u64) -> u64 {
        ((self.at(index) as u128 * bound as u128) >> 64) as u64
    }

    /// A number in the open interval (0, 1) for `index`, with 53 random bits; never 0, so that its
    /// logarithm is finite.
    pub fn open01(self, index: u64) -> f64 {
        ((self.at(index) >> 11) as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// An exponentially distributed number with mean 1, the same on every machine.
    pub fn exponential(self, index: u64) -> f64 {
        -libm::log(self.open01(index))
    }
}

/// The finaliser of `SplitMix64`, a bijection of 64 bits.
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixes_as_the_published_generator() {
        // First outputs of SplitMix64 seeded with 1234567, as in the reference implementation.
        let published = [6_457_827_717_110_365_317_u64, 3_203_168_211_198_807_973];
        let drawn = [1_u64, 2].map(|i| mix(1_234_567_u64.wrapping_add(i.wrapping_mul(GAMMA))));
        assert_eq!(drawn, published);
    }

    #[test]
    fn exponential_gaps_have_mean_and_variance_one() {
        let stream = Stream::new(7, 1);
        let n = 200_000_u64;
        let (sum, squares) = (0..n).fold((0.0, 0.0), |(s, q), i| {
            let x = stream.exponential(i);
            (s + x, q + x * x)
        });
        let mean = sum / n as f64;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!((squares / n as f64 - mean * mean - 1.0).abs() < 0.03);
    }

    #[test]
    fn below_stays_below_and_streams_differ() {
        let (a, b) = (Stream::new(1, 1), Stream::new(1, 2));
        assert!((0..1000).all(|i| a.below(i, 7) < 7));
        assert_eq!((0..1000).filter(|i| a.at(*i) == b.at(*i)).count(), 0);
        assert_eq!(a.below(3, 0), 0);
    }
}
