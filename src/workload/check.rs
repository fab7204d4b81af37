//! Holding an answer against the one that the data set implies.
//!
//! Input: decoded rows and what was asked. Output: an [`AnswerVerdict`]. A full page is right when
//! its rows are distinct, in order, in range and match: there is nothing else that it could be. A
//! short one must have as many rows as there are, so only it is counted.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::operation::AnswerVerdict;
use crate::dataset::TraceKey;
use crate::store::{
    LatencyPercentiles, LogRecord, MetricDataPoint, TimeRange, TimeSeriesPoint, Trace, TraceSpan,
};

/// A page that was asked for, newest rows first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The range that every row must lie in.
    pub range: TimeRange,
    /// Rows at most; `u64::MAX` where there is no limit.
    pub limit: u64,
    /// Rows to skip.
    pub offset: u64,
}

impl Page {
    /// Rows that must be counted to know how many the page has.
    pub fn at_most(&self) -> u64 {
        self.limit.saturating_add(self.offset)
    }
}

/// A row that has a place in the order of a list.
pub trait Placed {
    /// Its time and its id.
    fn place(&self) -> (DateTime<Utc>, Uuid);
}

impl Placed for Trace {
    fn place(&self) -> (DateTime<Utc>, Uuid) {
        (self.start_time, self.id)
    }
}

impl Placed for LogRecord {
    fn place(&self) -> (DateTime<Utc>, Uuid) {
        (self.timestamp, self.id)
    }
}

/// Checks a page whose rows must all satisfy `matches`; `known` counts the rows there are, up to
/// [`Page::at_most`], or says that nobody can.
pub fn page<T: Placed>(
    rows: &[T],
    page: Page,
    matches: impl Fn(&T) -> bool,
    known: impl FnOnce() -> Option<u64>,
) -> AnswerVerdict {
    let found = rows.len() as u64;
    let ordered = rows
        .windows(2)
        .all(|pair| pair[0].place() > pair[1].place());
    let belong = rows
        .iter()
        .all(|row| page.range.contains(row.place().0) && matches(row));
    if found > page.limit || !ordered || !belong {
        return AnswerVerdict::Wrong;
    }
    if found == page.limit {
        return AnswerVerdict::Right;
    }
    match known() {
        None => AnswerVerdict::Unchecked,
        Some(known) => count(found, known.saturating_sub(page.offset)),
    }
}

/// Checks a number of rows.
fn count(found: u64, known: u64) -> AnswerVerdict {
    match found {
        _ if found == known => AnswerVerdict::Right,
        0 => AnswerVerdict::Empty,
        _ => AnswerVerdict::Wrong,
    }
}

fn all(checks: &[AnswerVerdict]) -> AnswerVerdict {
    let worst = checks.iter().find(|v| **v != AnswerVerdict::Right);
    worst.copied().unwrap_or(AnswerVerdict::Right)
}

/// Checks a look-up; `key` is the trace that must be found, or `None` where there is none.
pub fn trace(found: Option<&Trace>, key: Option<&TraceKey>) -> AnswerVerdict {
    match (found, key) {
        (None, None) => AnswerVerdict::Right,
        (None, Some(_)) => AnswerVerdict::Empty,
        (Some(_), None) => AnswerVerdict::Wrong,
        (Some(found), Some(key)) => {
            let same = found.trace_id == key.trace_id.as_str()
                && found.id == key.id
                && found.start_time == key.start;
            if same {
                AnswerVerdict::Right
            } else {
                AnswerVerdict::Wrong
            }
        }
    }
}

/// Checks a trace and its spans.
pub fn trace_with_spans(
    found: Option<&(Trace, Vec<TraceSpan>)>,
    key: Option<&TraceKey>,
) -> AnswerVerdict {
    let first = trace(found.map(|(trace, _)| trace), key);
    let (Some((_, spans)), Some(key)) = (found, key) else {
        return first;
    };
    if spans.iter().any(|span| span.trace_id != key.id) {
        return AnswerVerdict::Wrong;
    }
    all(&[first, count(spans.len() as u64, u64::from(key.spans))])
}

/// Checks the log records of one trace, oldest first; `key` as in [`trace`].
pub fn logs_of_trace(logs: &[LogRecord], key: Option<&TraceKey>) -> AnswerVerdict {
    let Some(key) = key else {
        return count(logs.len() as u64, 0);
    };
    let theirs = |log: &LogRecord| log.trace_id.as_deref() == Some(key.trace_id.as_str());
    let ordered = logs
        .windows(2)
        .all(|pair| pair[0].place() < pair[1].place());
    if !ordered || !logs.iter().all(theirs) {
        return AnswerVerdict::Wrong;
    }
    count(logs.len() as u64, u64::from(key.logs))
}

/// Checks a trace, its spans and its log records.
pub fn context(
    found: Option<&(Trace, Vec<TraceSpan>)>,
    logs: &[LogRecord],
    key: Option<&TraceKey>,
) -> AnswerVerdict {
    all(&[trace_with_spans(found, key), logs_of_trace(logs, key)])
}

/// Checks a time series against the buckets and the points that it must have.
pub fn series(
    found: &[TimeSeriesPoint],
    end: DateTime<Utc>,
    buckets: u64,
    points: u64,
) -> AnswerVerdict {
    let ordered = found.windows(2).all(|pair| pair[0].bucket < pair[1].bucket);
    if !ordered || found.last().is_some_and(|last| last.bucket >= end) {
        return AnswerVerdict::Wrong;
    }
    let counted: i64 = found.iter().map(|point| point.count).sum();
    all(&[
        count(found.len() as u64, buckets),
        count(counted.unsigned_abs(), points),
    ])
}

/// Checks the newest point of a series against the instant that it must have.
pub fn latest_point(
    found: Option<&MetricDataPoint>,
    series: Uuid,
    at: Option<DateTime<Utc>>,
) -> AnswerVerdict {
    match (found, at) {
        (None, None) => AnswerVerdict::Right,
        (None, Some(_)) => AnswerVerdict::Empty,
        (Some(found), Some(at)) if found.timestamp == at && found.metric_id == series => {
            AnswerVerdict::Right
        }
        _ => AnswerVerdict::Wrong,
    }
}

/// Checks percentiles: there when there are points, and in order. Their values are not known.
pub fn percentiles(found: &LatencyPercentiles, has_points: bool) -> AnswerVerdict {
    match (found.p50, found.p95, found.p99) {
        (Some(p50), Some(p95), Some(p99)) if has_points && p50 <= p95 && p95 <= p99 => {
            AnswerVerdict::Right
        }
        (None, None, None) if has_points => AnswerVerdict::Empty,
        (None, None, None) => AnswerVerdict::Right,
        _ => AnswerVerdict::Wrong,
    }
}

/// Whether `body` holds `lower`, a text in lower case, whatever the case of `body`.
pub fn holds(body: &str, lower: &str) -> bool {
    body.contains(lower) || body.to_lowercase().contains(lower)
}

#[cfg(test)]
mod tests {
    use super::*;
    use AnswerVerdict::{Empty, Right, Unchecked, Wrong};

    struct Row(i64, u128);

    impl Placed for Row {
        fn place(&self) -> (DateTime<Utc>, Uuid) {
            (at(self.0), Uuid::from_u128(self.1))
        }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn of(limit: u64, offset: u64) -> Page {
        Page {
            range: TimeRange::new(at(10), at(20)).unwrap(),
            limit,
            offset,
        }
    }

    fn verdict(rows: &[Row], asked: Page, known: Option<u64>) -> AnswerVerdict {
        page(rows, asked, |_| true, || known)
    }

    #[test]
    fn a_full_page_needs_no_count_and_a_short_one_does() {
        let rows = [Row(19, 1), Row(12, 2), Row(12, 1)];
        assert_eq!(verdict(&rows, of(3, 0), None), Right);
        assert_eq!(verdict(&rows, of(5, 0), Some(3)), Right);
        assert_eq!(verdict(&rows, of(5, 2), Some(5)), Right);
        assert_eq!(verdict(&rows, of(5, 0), Some(4)), Wrong);
        assert_eq!(verdict(&rows, of(5, 0), None), Unchecked);
        assert_eq!(verdict(&[], of(5, 0), Some(4)), Empty);
        assert_eq!(verdict(&[], of(5, 9), Some(4)), Right);
        assert_eq!(verdict(&[], of(0, 0), Some(4)), Right);
    }

    #[test]
    fn rows_out_of_order_out_of_range_twice_or_too_many_are_wrong() {
        for rows in [
            vec![Row(12, 1), Row(19, 1)],
            vec![Row(12, 1), Row(12, 1)],
            vec![Row(20, 1), Row(12, 1)],
            vec![Row(12, 1), Row(9, 1)],
            vec![Row(14, 1), Row(13, 1), Row(12, 1)],
        ] {
            assert_eq!(verdict(&rows, of(2, 0), Some(2)), Wrong);
        }
        let other = page(&[Row(12, 1)], of(1, 0), |row| row.1 == 2, || None);
        assert_eq!(other, Wrong);
    }

    #[test]
    fn percentiles_must_be_there_and_in_order() {
        let of = |p50, p95, p99| LatencyPercentiles { p50, p95, p99 };
        assert_eq!(
            percentiles(&of(Some(1.0), Some(2.0), Some(2.0)), true),
            Right
        );
        assert_eq!(
            percentiles(&of(Some(3.0), Some(2.0), Some(2.0)), true),
            Wrong
        );
        assert_eq!(percentiles(&of(None, None, None), true), Empty);
        assert_eq!(percentiles(&of(None, None, None), false), Right);
        assert_eq!(
            percentiles(&of(Some(1.0), Some(1.0), Some(1.0)), false),
            Wrong
        );
    }

    #[test]
    fn a_search_text_is_found_in_any_case() {
        assert!(holds("Rate Limit EXCEEDED", "limit exceeded"));
        assert!(!holds("rate limit", "limits"));
    }
}
