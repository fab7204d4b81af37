//! Identifiers by index: unique by construction, pseudo-random to look at.
//!
//! Input: a stream and an index. Output: UUIDs, trace ids and span ids. A 64-bit mixer is a
//! bijection, and every identifier carries all 64 bits of one mixed index, so two indexes never
//! share an identifier. Indexes from [`ABSENT`] on belong to no row: their identifiers are the
//! ones that do not exist. Knows nothing of tables.

use std::fmt;

use uuid::Uuid;

use crate::stats::draw::{Stream, mix};

/// The first index that no row has.
pub(super) const ABSENT: u64 = 1 << 63;

/// A trace id: 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId([u8; 32]);

impl TraceId {
    /// The id of `index`.
    pub(super) fn of(stream: Stream, index: u64) -> Self {
        let high = stream.at(index);
        let mut text = [0; 32];
        text[..16].copy_from_slice(&hex(high));
        text[16..].copy_from_slice(&hex(mix(high)));
        Self(text)
    }

    /// The digits as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The digits as bytes of ASCII.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A random-looking UUID (version 4, RFC 9562) for `index`: version and variant displace six bits
/// of 128, and the 64 bits of the mixed index lie beside them.
pub(super) fn uuid(stream: Stream, index: u64) -> Uuid {
    let mixed = stream.at(index);
    let high = (mixed & !0xFFFF) | 0x4000 | ((mixed >> 4) & 0x0FFF);
    let low = (0b10 << 62) | ((mixed & 0xF) << 58) | (mix(mixed) >> 6);
    Uuid::from_u64_pair(high, low)
}

/// A span id of 16 lower-case hexadecimal digits for `index`.
pub(super) fn span_id(stream: Stream, index: u64) -> [u8; 16] {
    hex(stream.at(index))
}

/// 16 lower-case hexadecimal digits, computed on all nibbles at once.
fn hex(value: u64) -> [u8; 16] {
    const LOW_NIBBLES: u128 = 0x0F0F_0F0F_0F0F_0F0F_0F0F_0F0F_0F0F_0F0F;
    const ONES: u128 = 0x0101_0101_0101_0101_0101_0101_0101_0101;
    let mut spread = u128::from(value);
    spread = (spread | (spread << 32)) & 0x0000_0000_FFFF_FFFF_0000_0000_FFFF_FFFF;
    spread = (spread | (spread << 16)) & 0x0000_FFFF_0000_FFFF_0000_FFFF_0000_FFFF;
    spread = (spread | (spread << 8)) & 0x00FF_00FF_00FF_00FF_00FF_00FF_00FF_00FF;
    spread = (spread | (spread << 4)) & LOW_NIBBLES;
    let above_nine = ((spread + ONES * 6) >> 4) & ONES;
    let digits = spread + ONES * u128::from(b'0') + above_nine * u128::from(b'a' - b'0' - 10);
    digits.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hex_is_what_the_standard_library_prints(value: u64) {
            prop_assert_eq!(hex(value).to_vec(), format!("{value:016x}").into_bytes());
        }

        #[test]
        fn a_uuid_gives_back_the_mixed_index(seed: u64, index: u64) {
            let stream = Stream::new(seed, 1);
            let (high, low) = uuid(stream, index).as_u64_pair();
            let mixed = (high & !0xFFFF) | ((high & 0x0FFF) << 4) | ((low >> 58) & 0xF);
            prop_assert_eq!(mixed, stream.at(index));
            prop_assert_eq!(uuid(stream, index).get_version_num(), 4);
        }
    }

    #[test]
    fn neighbours_and_absent_ids_differ() {
        let stream = Stream::new(9, 9);
        let mut seen: std::collections::HashSet<_> =
            (0..10_000).map(|i| TraceId::of(stream, i)).collect();
        assert!((0..10_000).all(|i| seen.insert(TraceId::of(stream, ABSENT + i))));
        assert!(seen.iter().all(|id| id.as_str().len() == 32));
    }
}
