//! What calls bring back.

use crate::store::{
    LatencyPercentiles, LogRecord, MetricDataPoint, TimeSeriesPoint, Trace, TraceSpan,
};

/// What a call brought back.
#[derive(Debug)]
pub enum Reply {
    /// One trace, if it exists.
    Trace(Option<Trace>),
    /// One trace with its spans, if it exists.
    TraceWithSpans(Option<(Trace, Vec<TraceSpan>)>),
    /// One trace with its spans, if it exists, and the log records that name it.
    Context(Option<(Trace, Vec<TraceSpan>)>, Vec<LogRecord>),
    /// A page of traces.
    Traces(Vec<Trace>),
    /// Buckets of a series.
    Series(Vec<TimeSeriesPoint>),
    /// Percentiles of a service.
    Percentiles(LatencyPercentiles),
    /// The newest point of a series, if there is one.
    Point(Option<MetricDataPoint>),
    /// Log records.
    Logs(Vec<LogRecord>),
}

impl Reply {
    /// Rows decoded.
    pub fn rows(&self) -> u64 {
        let rows = match self {
            Self::Trace(found) => usize::from(found.is_some()),
            Self::TraceWithSpans(found) => trace_rows(found.as_ref()),
            Self::Context(found, logs) => trace_rows(found.as_ref()) + logs.len(),
            Self::Traces(rows) => rows.len(),
            Self::Series(rows) => rows.len(),
            Self::Percentiles(_) => 1,
            Self::Point(found) => usize::from(found.is_some()),
            Self::Logs(rows) => rows.len(),
        };
        rows as u64
    }
}

fn trace_rows(found: Option<&(Trace, Vec<TraceSpan>)>) -> usize {
    found.map_or(0, |(_, spans)| 1 + spans.len())
}
