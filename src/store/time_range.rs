//! Half-open ranges of time: the start is in, the end is out, so that ranges side by side count
//! each row once and 24 hours hold 288 buckets of five minutes.

use chrono::{DateTime, TimeDelta, Utc};

/// The instants `t` with `start <= t < end`; empty where the two are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeRange {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

/// A range that ends before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time range ends at {end}, before its start {start}; swap the two")]
pub struct InvalidTimeRange {
    /// The start that was given.
    pub start: DateTime<Utc>,
    /// The end that was given.
    pub end: DateTime<Utc>,
}

impl TimeRange {
    /// The range from `start` to just before `end`.
    ///
    /// # Errors
    /// Where `end` is before `start`.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, InvalidTimeRange> {
        if end < start {
            return Err(InvalidTimeRange { start, end });
        }
        Ok(Self { start, end })
    }

    /// The range of length `length` that ends at `end`; it starts at the earliest instant that
    /// exists where `length` reaches further back, and is empty where `length` is negative.
    pub fn before(end: DateTime<Utc>, length: TimeDelta) -> Self {
        let start = end
            .checked_sub_signed(length.max(TimeDelta::zero()))
            .unwrap_or(DateTime::<Utc>::MIN_UTC);
        Self { start, end }
    }

    /// The first instant that is in.
    pub fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// The first instant that is out.
    pub fn end(&self) -> DateTime<Utc> {
        self.end
    }

    /// Whether `t` is in.
    pub fn contains(&self, t: DateTime<Utc>) -> bool {
        self.start <= t && t < self.end
    }

    /// The time from start to end.
    pub fn length(&self) -> TimeDelta {
        self.end - self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_start_is_in_and_the_end_is_out() {
        let range = TimeRange::new(at(10), at(20)).unwrap();
        assert!(range.contains(at(10)) && range.contains(at(19)));
        assert!(!range.contains(at(9)) && !range.contains(at(20)));
        assert_eq!(range.length(), TimeDelta::seconds(10));
    }

    #[test]
    fn an_end_before_its_start_is_refused_and_an_empty_range_is_not() {
        let error = TimeRange::new(at(20), at(10)).unwrap_err();
        assert!(error.to_string().contains("swap"), "{error}");
        assert!(!TimeRange::new(at(5), at(5)).unwrap().contains(at(5)));
    }

    #[test]
    fn a_length_reaches_back_from_the_end() {
        let hour = TimeRange::before(at(7_200), TimeDelta::hours(1));
        assert_eq!((hour.start(), hour.end()), (at(3_600), at(7_200)));
        assert_eq!(
            TimeRange::before(at(0), TimeDelta::MAX).start(),
            DateTime::<Utc>::MIN_UTC
        );
    }
}
