//! A distribution of times as `run.json` carries it: its quantiles, and the whole histogram, so
//! that a reader can merge runs instead of averaging percentiles.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{
    DeserializeError, Deserializer as HistogramReader, Serializer as _, V2DeflateSerializeError,
    V2DeflateSerializer,
};
use hdrhistogram::{Counter, Histogram};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::Part;
use crate::units::Quantile;

/// A histogram that cannot be written into the archive or read from it.
#[derive(Debug, thiserror::Error)]
pub enum HistogramError {
    /// It cannot be encoded.
    #[error("histogram cannot be encoded as V2-DEFLATE")]
    Encode(#[source] V2DeflateSerializeError),
    /// The text is not base64.
    #[error("histogram is not base64; the archive was altered: run again")]
    Base64(#[source] base64::DecodeError),
    /// The bytes are no V2-DEFLATE histogram.
    #[error("histogram is not V2-DEFLATE ({0:?}); the archive was altered: run again")]
    Decode(DeserializeError),
}

/// The parts of a latency, as four distributions of one operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latencies {
    /// Scheduled start to rows decoded.
    pub response: LatencyRecord,
    /// Scheduled start to handed over by the dispatcher: the harness's own delay.
    pub lag: LatencyRecord,
    /// Handed over to connection in hand: the pool, or the backlog of a pinned connection.
    pub wait: LatencyRecord,
    /// Connection in hand to rows decoded.
    pub service: LatencyRecord,
}

impl Latencies {
    /// The distribution of `part`.
    pub fn part(&self, part: Part) -> &LatencyRecord {
        match part {
            Part::Response => &self.response,
            Part::Lag => &self.lag,
            Part::Wait => &self.wait,
            Part::Service => &self.service,
        }
    }
}

/// One distribution of times in nanoseconds.
///
/// Quantiles are those of the histogram, at its precision of three digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LatencyRecord {
    /// Samples.
    pub count: u64,
    /// The arithmetic mean, from the histogram's buckets; null without samples.
    pub mean: Option<f64>,
    /// The median; null without samples.
    pub p50: Option<u64>,
    /// The 90th percentile; null without samples.
    pub p90: Option<u64>,
    /// The 95th percentile; null without samples.
    pub p95: Option<u64>,
    /// The 99th percentile; null without samples.
    pub p99: Option<u64>,
    /// The 99.9th percentile; null without samples.
    pub p999: Option<u64>,
    /// The longest; null without samples.
    pub max: Option<u64>,
    /// The whole distribution: an HdrHistogram in V2-DEFLATE encoding, as base64.
    pub histogram: String,
}

impl LatencyRecord {
    /// Reads the quantiles of `histogram`, whose values are nanoseconds, and encodes it.
    ///
    /// # Errors
    /// [`HistogramError::Encode`] when the histogram cannot be encoded.
    pub fn of<C: Counter>(histogram: &Histogram<C>) -> Result<Self, HistogramError> {
        let some = !histogram.is_empty();
        let at =
            |quantile: Quantile| some.then(|| histogram.value_at_quantile(quantile.fraction()));
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(histogram, &mut bytes)
            .map_err(HistogramError::Encode)?;
        Ok(Self {
            count: histogram.len(),
            mean: some.then(|| histogram.mean()),
            p50: at(Quantile::P50),
            p90: at(Quantile::P90),
            p95: at(Quantile::P95),
            p99: at(Quantile::P99),
            p999: at(Quantile::P999),
            max: some.then(|| histogram.max()),
            histogram: STANDARD.encode(bytes),
        })
    }

    /// The whole distribution, in nanoseconds.
    ///
    /// # Errors
    /// When the text is no V2-DEFLATE histogram.
    pub fn decode(&self) -> Result<Histogram<u64>, HistogramError> {
        let bytes = STANDARD
            .decode(&self.histogram)
            .map_err(HistogramError::Base64)?;
        HistogramReader::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(HistogramError::Decode)
    }

    /// The recorded value of a quantile that the record carries; `None` without samples.
    pub fn quantile(&self, quantile: Quantile) -> Option<u64> {
        match quantile.key() {
            "p50" => self.p50,
            "p90" => self.p90,
            "p95" => self.p95,
            "p99" => self.p99,
            _ => self.p999,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_distribution_has_no_quantiles() {
        let record = LatencyRecord::of(&Histogram::<u32>::new(3).unwrap()).unwrap();
        assert_eq!((record.count, record.p50, record.max), (0, None, None));
        assert_eq!(record.mean, None);
        assert!(record.decode().unwrap().is_empty());
    }

    #[test]
    fn altered_text_is_an_error_that_says_so() {
        let mut record = LatencyRecord::of(&Histogram::<u32>::new(3).unwrap()).unwrap();
        record.histogram = "AAAA".to_owned();
        assert!(record.decode().unwrap_err().to_string().contains("altered"));
        record.histogram = "?".to_owned();
        assert!(record.decode().unwrap_err().to_string().contains("base64"));
    }

    proptest! {
        #[test]
        fn decodes_to_what_was_encoded(values in prop::collection::vec(0_u64..60_000_000_000, 1..200)) {
            let mut histogram = Histogram::<u32>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
            for value in &values {
                histogram.record(*value).unwrap();
            }
            let record = LatencyRecord::of(&histogram).unwrap();
            let decoded = record.decode().unwrap();
            prop_assert_eq!(decoded.len(), values.len() as u64);
            for quantile in Quantile::SHOWN {
                let value = decoded.value_at_quantile(quantile.fraction());
                prop_assert_eq!(record.quantile(quantile), Some(value));
            }
            prop_assert_eq!(record.max, Some(decoded.max()));
        }
    }
}
