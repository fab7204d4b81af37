//! `intervals.hlog`: one histogram per second, operation and part, in the HdrHistogram interval log
//! that the stock tools of every language read.
//!
//! Input: histograms in nanoseconds. Output: lines. Knows nothing of files.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializeError, V2DeflateSerializer};
use hdrhistogram::{Counter, Histogram};

/// What the log's third column, for people, is divided by: nanoseconds become milliseconds. The
/// stock Java writer does the same.
pub const MAX_VALUE_DIVISOR: f64 = 1e6;

/// An interval that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum IntervalError {
    /// A tag holds a character that the format reserves.
    #[error("interval tag {0:?} holds a comma, a space or a line end: rename the operation")]
    Tag(String),
    /// The histogram cannot be encoded.
    #[error("interval histogram of {tag} cannot be encoded")]
    Encode {
        /// Whose.
        tag: String,
        /// Why not.
        source: V2DeflateSerializeError,
    },
    /// The writer failed.
    #[error("interval log cannot be written")]
    Io(#[from] io::Error),
}

/// Writes the log line by line, so that what was written stays readable when a run is killed.
pub struct IntervalLog<W> {
    writer: W,
    serializer: V2DeflateSerializer,
    bytes: Vec<u8>,
    line: String,
}

impl<W: Write> IntervalLog<W> {
    /// Writes the head: offsets of intervals count from `start`.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn begin(mut writer: W, start: SystemTime) -> io::Result<Self> {
        let mut serializer = V2DeflateSerializer::new();
        IntervalLogWriterBuilder::new()
            .add_comment("[Histogram log format version 1.3]")
            .add_comment("Highwater: tags are operation.part; histograms are in nanoseconds")
            .with_start_time(start)
            .with_base_time(start)
            .with_max_value_divisor(MAX_VALUE_DIVISOR)
            .begin_log_with(&mut writer, &mut serializer)?;
        Ok(Self {
            writer,
            serializer,
            bytes: Vec::new(),
            line: String::new(),
        })
    }

    /// Writes one interval as one line; `tag` is `operation.part`.
    ///
    /// The crate's own `IntervalLogWriter` borrows its writer and writes its head again for each
    /// borrow, so the line is put together here.
    ///
    /// # Errors
    /// When the tag holds a reserved character or the writer fails.
    pub fn write<C: Counter>(
        &mut self,
        tag: &str,
        start_offset: Duration,
        length: Duration,
        histogram: &Histogram<C>,
    ) -> Result<(), IntervalError> {
        use std::fmt::Write as _;

        let tag = Tag::new(tag).ok_or_else(|| IntervalError::Tag(tag.to_owned()))?;
        self.bytes.clear();
        self.serializer
            .serialize(histogram, &mut self.bytes)
            .map_err(|source| IntervalError::Encode {
                tag: tag.as_str().to_owned(),
                source,
            })?;
        self.line.clear();
        // Writing to a String cannot fail.
        let _ = write!(
            self.line,
            "Tag={},{:.3},{:.3},{:.3},",
            tag.as_str(),
            start_offset.as_secs_f64(),
            length.as_secs_f64(),
            histogram.max() as f64 / MAX_VALUE_DIVISOR,
        );
        STANDARD.encode_string(&self.bytes, &mut self.line);
        self.line.push('\n');
        Ok(self.writer.write_all(self.line.as_bytes())?)
    }

    /// Flushes and gives the writer back.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.writer.flush()?;
        Ok(self.writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    fn histogram(values: &[u64]) -> Histogram<u32> {
        let mut histogram = Histogram::<u32>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        for value in values {
            histogram.record(*value).unwrap();
        }
        histogram
    }

    fn write_log() -> Vec<u8> {
        let start = SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_225_600_250);
        let mut log = IntervalLog::begin(Vec::new(), start).unwrap();
        let second = Duration::from_secs(1);
        log.write(
            "trace.list.response",
            Duration::ZERO,
            second,
            &histogram(&[5_000_000, 7_000_000]),
        )
        .unwrap();
        log.write("trace.list.lag", second, second, &histogram(&[]))
            .unwrap();
        log.finish().unwrap()
    }

    #[test]
    fn the_crates_own_iterator_reads_it_back() {
        let bytes = write_log();
        let entries: Vec<_> = IntervalLogIterator::new(&bytes)
            .collect::<Result<_, _>>()
            .unwrap();
        let start = Duration::from_millis(1_767_225_600_250);
        assert_eq!(entries[0], LogEntry::StartTime(start));
        assert_eq!(entries[1], LogEntry::BaseTime(start));
        let LogEntry::Interval(first) = &entries[2] else {
            panic!("{entries:?}");
        };
        assert_eq!(first.tag().unwrap().as_str(), "trace.list.response");
        assert_eq!(first.start_timestamp(), Duration::ZERO);
        assert_eq!(first.duration(), Duration::from_secs(1));
        let decoded: Histogram<u64> = Deserializer::new()
            .deserialize(
                &mut STANDARD
                    .decode(first.encoded_histogram())
                    .unwrap()
                    .as_slice(),
            )
            .unwrap();
        assert_eq!(decoded.len(), 2);
        assert!(decoded.equivalent(decoded.max(), 7_000_000));
        assert!((first.max() - decoded.max() as f64 / MAX_VALUE_DIVISOR).abs() < 1e-3);
        let LogEntry::Interval(second) = &entries[3] else {
            panic!("{entries:?}");
        };
        assert_eq!(second.start_timestamp(), Duration::from_secs(1));
        assert_eq!(entries.len(), 4);
    }

    #[test]
    fn the_head_is_written_once_and_names_the_divisor() {
        let text = String::from_utf8(write_log()).unwrap();
        assert_eq!(text.matches("MaxValueDivisor: 1000000.000").count(), 1);
        assert_eq!(text.matches("StartTime: 1767225600.250").count(), 1);
        assert_eq!(
            text.lines().filter(|line| line.starts_with("Tag=")).count(),
            2
        );
    }

    #[test]
    fn a_reserved_character_in_a_tag_is_refused() {
        let mut log = IntervalLog::begin(Vec::new(), SystemTime::now()).unwrap();
        let error = log
            .write("a,b", Duration::ZERO, Duration::ZERO, &histogram(&[1]))
            .unwrap_err();
        assert!(error.to_string().contains("rename"), "{error}");
    }
}
