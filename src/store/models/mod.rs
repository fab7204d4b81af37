//! What rows look like once decoded: every column of the tables, and the rows of aggregates.

mod kinds;
mod log;
mod metric;
mod trace;

pub use kinds::{MetricType, SpanKind, Status, UnknownName};
pub use log::{LevelCount, LogRecord};
pub use metric::{LatencyPercentiles, Metric, MetricDataPoint, MetricStats, TimeSeriesPoint};
pub use trace::{Trace, TraceSpan, TraceStats};

pub(super) use log::log_columns;
pub(super) use metric::{metric_columns, point_columns};
pub(super) use trace::{span_columns, trace_columns};
