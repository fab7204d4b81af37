//! The storage layer under test: where connections come from, what rows look like, and the
//! repositories of traces, metrics and logs.
//!
//! Input: connect options, and the filters and ranges of a caller. Output: decoded rows, or a
//! [`StorageError`]. Each repository method runs a [`Statement`] that its `queries` module builds,
//! so that the same SQL and binds can be handed over for a plan. Knows nothing of load and
//! scenarios. The tables are found through the connection's `search_path`.

pub mod attributes;
pub mod connections;
pub mod edition;
pub mod error;
pub mod filters;
pub mod log;
pub mod metric;
pub mod models;
mod patience;
pub mod pool;
pub mod repositories;
mod row;
pub mod statement;
pub mod time_range;
pub mod trace;

pub use attributes::Attributes;
pub use connections::{Connections, Held};
pub use edition::Edition;
pub use error::StorageError;
pub use filters::{
    Aggregation, Cursor, LogFilters, MetricFilters, SortOrder, TimeSeriesQuery, TraceFilters,
};
pub use log::LogRepository;
pub use metric::MetricRepository;
pub use models::{
    LatencyPercentiles, LevelCount, LogRecord, Metric, MetricDataPoint, MetricStats, MetricType,
    SpanKind, Status, TimeSeriesPoint, Trace, TraceSpan, TraceStats,
};
pub use pool::{PoolStats, StoragePool, StoragePoolConfig};
pub use repositories::Repositories;
pub use statement::Statement;
pub use time_range::TimeRange;
pub use trace::TraceRepository;
