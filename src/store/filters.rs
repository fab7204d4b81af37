//! What a caller asks for: filters, of which only those that are given reach the SQL.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::models::{MetricType, Status};

/// Rows of a list of traces where the caller names no limit.
pub const DEFAULT_TRACE_LIMIT: i64 = 100;

/// Rows of a list of metric series where the caller names no limit.
pub const DEFAULT_METRIC_LIMIT: i64 = 100;

/// Rows of a list of log records where the caller names no limit.
pub const DEFAULT_LOG_LIMIT: i64 = 1_000;

/// Which traces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceFilters {
    /// Of this service.
    pub service_name: Option<String>,
    /// With this status.
    pub status: Option<Status>,
    /// Started at this instant or later.
    pub start_time: Option<DateTime<Utc>>,
    /// Started before this instant.
    pub end_time: Option<DateTime<Utc>>,
    /// That took at least this many microseconds.
    pub min_duration_us: Option<i64>,
    /// That took at most this many microseconds.
    pub max_duration_us: Option<i64>,
    /// Rows at most, 0 or more; [`DEFAULT_TRACE_LIMIT`] when absent.
    pub limit: Option<i64>,
    /// Rows to skip, 0 or more. The server walks over them: a cursor does not.
    pub offset: Option<i64>,
}

/// Which metric series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricFilters {
    /// Of this service.
    pub service_name: Option<String>,
    /// Of this kind.
    pub metric_type: Option<MetricType>,
    /// With this text anywhere in the name, whatever its case; `%` and `_` mean themselves.
    pub name_pattern: Option<String>,
    /// Rows at most, 0 or more; [`DEFAULT_METRIC_LIMIT`] when absent.
    pub limit: Option<i64>,
    /// Rows to skip, 0 or more.
    pub offset: Option<i64>,
}

/// Which log records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilters {
    /// Of this service.
    pub service_name: Option<String>,
    /// At this severity number or above (OpenTelemetry: 1 TRACE, 5 DEBUG, 9 INFO, 13 WARN, 17
    /// ERROR, 21 FATAL).
    pub min_severity: Option<i32>,
    /// Of this trace.
    pub trace_id: Option<String>,
    /// Of this span.
    pub span_id: Option<String>,
    /// At this instant or later.
    pub start_time: Option<DateTime<Utc>>,
    /// Before this instant.
    pub end_time: Option<DateTime<Utc>>,
    /// With this text anywhere in the body, whatever its case; `%` and `_` mean themselves.
    pub search_query: Option<String>,
    /// Rows at most, 0 or more; [`DEFAULT_LOG_LIMIT`] when absent.
    pub limit: Option<i64>,
    /// Rows to skip, 0 or more. The server walks over them: a cursor does not.
    pub offset: Option<i64>,
    /// Newest or oldest first.
    pub sort_order: SortOrder,
}

/// The order of a list by time; ties go by row id, in the same direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// Newest first.
    #[default]
    Descending,
    /// Oldest first.
    Ascending,
}

/// Where a page ended: the next one starts after this row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The row's time: `start_time` of a trace, `timestamp` of a log record.
    pub time: DateTime<Utc>,
    /// The row's id, which tells rows of one instant apart.
    pub id: Uuid,
}

/// What becomes of the values of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    /// Their mean.
    Avg,
    /// Their sum.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// How many points there are, with or without a value.
    Count,
}

/// One series in buckets of equal width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSeriesQuery {
    /// The series.
    pub metric_id: Uuid,
    /// From this instant.
    pub start_time: DateTime<Utc>,
    /// To just before this instant.
    pub end_time: DateTime<Utc>,
    /// What becomes of a bucket's values.
    pub aggregation: Aggregation,
    /// The width of a bucket in seconds, 1 or more. Buckets start at whole multiples of it after
    /// 2000-01-03 00:00 UTC, so widths that divide a day start at midnight.
    pub bucket_size_secs: i64,
}

/// `text` as a `LIKE` pattern that finds it anywhere: `\`, `%` and `_` lose their meaning.
pub fn contains_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_lose_their_meaning() {
        for (text, pattern) in [
            ("timeout", "%timeout%"),
            ("100%", "%100\\%%"),
            ("a_b", "%a\\_b%"),
            ("c:\\tmp", "%c:\\\\tmp%"),
            ("", "%%"),
        ] {
            assert_eq!(contains_pattern(text), pattern);
        }
    }
}
