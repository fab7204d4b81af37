//! Every operation that a scenario can name.

use serde::Serialize;

/// Every operation that a scenario can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// `trace.get_by_id`
    TraceGetById,
    /// `trace.get_by_trace_id`
    TraceGetByTraceId,
    /// `trace.get_trace_by_id`: the trace, then its spans
    TraceGetTraceById,
    /// `trace.get_traces`: a window's latest traces, all services
    TraceGetTraces,
    /// `trace.list`: a service's latest traces of a window
    TraceList,
    /// `trace.list_after`: the same, from a cursor
    TraceListAfter,
    /// `trace.search_by_service`
    TraceSearchByService,
    /// `trace.search_errors`
    TraceSearchErrors,
    /// `metric.query_time_series`
    MetricQueryTimeSeries,
    /// `metric.get_latency_percentiles`
    MetricGetLatencyPercentiles,
    /// `metric.get_latest_data_point`
    MetricGetLatestDataPoint,
    /// `log.get_logs_by_trace`
    LogGetLogsByTrace,
    /// `log.search_logs`
    LogSearchLogs,
    /// `log.list`
    LogList,
    /// `log.get_errors`
    LogGetErrors,
    /// `trace.context`: a trace, its spans, then its logs
    TraceContext,
}

impl Call {
    /// Every call with its name and a line for people, in the order of `highwater list`.
    pub const ALL: [(Self, &'static str, &'static str); 16] = [
        (
            Self::TraceGetById,
            "trace.get_by_id",
            "one trace by its row id",
        ),
        (
            Self::TraceGetByTraceId,
            "trace.get_by_trace_id",
            "one trace by its trace id",
        ),
        (
            Self::TraceGetTraceById,
            "trace.get_trace_by_id",
            "one trace and its spans",
        ),
        (
            Self::TraceContext,
            "trace.context",
            "one trace, its spans, then its logs: a sequence of two calls",
        ),
        (
            Self::TraceGetTraces,
            "trace.get_traces",
            "the latest traces of a window, all services",
        ),
        (
            Self::TraceList,
            "trace.list",
            "the latest traces of one service in a window",
        ),
        (
            Self::TraceListAfter,
            "trace.list_after",
            "the next page of the same, from a cursor",
        ),
        (
            Self::TraceSearchByService,
            "trace.search_by_service",
            "all traces of one service in a window",
        ),
        (
            Self::TraceSearchErrors,
            "trace.search_errors",
            "the latest failed traces of a window",
        ),
        (
            Self::MetricQueryTimeSeries,
            "metric.query_time_series",
            "one series in buckets over a window",
        ),
        (
            Self::MetricGetLatencyPercentiles,
            "metric.get_latency_percentiles",
            "P50, P95, P99 of a service's points in a window",
        ),
        (
            Self::MetricGetLatestDataPoint,
            "metric.get_latest_data_point",
            "the newest point of one series within a lookback",
        ),
        (
            Self::LogGetLogsByTrace,
            "log.get_logs_by_trace",
            "every log record of one trace",
        ),
        (
            Self::LogSearchLogs,
            "log.search_logs",
            "the latest log records of a window whose body holds a text",
        ),
        (
            Self::LogList,
            "log.list",
            "the latest log records of one service in a window",
        ),
        (
            Self::LogGetErrors,
            "log.get_errors",
            "the latest log records of a window at severity ERROR or above",
        ),
    ];

    /// The name in a scenario.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(call, ..)| *call == self)
            .map_or("", |(_, name, _)| name)
    }

    /// The call of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(call, ..)| *call)
    }
}

impl Serialize for Call {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
