//! What the tables hold, and how many rows that is.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::units::Span;

/// What the tables hold. Two equal plans give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatasetPlan {
    /// The seed of the rows.
    pub seed: u64,
    /// Days that the data covers, ending at `end`.
    pub days: u32,
    /// The instant at which the data ends; "the last hour" ends here.
    pub end: DateTime<Utc>,
    /// Services, with Zipf popularity.
    pub services: u32,
    /// Rows of `traces`; a multiple of [`DatasetPlan::BLOCK`].
    pub traces: u64,
    /// Mean spans of a trace; the sizes are heavy-tailed, 1 at least.
    pub spans_per_trace: u32,
    /// Mean log records of a trace.
    pub logs_per_trace: u32,
    /// Rows of `metrics`: metric series, spread over the services.
    pub series: u32,
    /// The time from one point of a series to its next.
    pub point_interval: Span,
    /// Errors among traces outside bursts, in thousandths.
    pub error_permille: u32,
    /// Threads that generate and load.
    pub threads: usize,
}

impl DatasetPlan {
    /// Traces come in blocks of this many; a block has a fixed number of spans and logs.
    pub const BLOCK: u64 = 64;

    /// Rows of `trace_spans`.
    pub fn spans(&self) -> u64 {
        self.traces * u64::from(self.spans_per_trace)
    }

    /// Rows of `log_records`.
    pub fn logs(&self) -> u64 {
        self.traces * u64::from(self.logs_per_trace)
    }

    /// Points of each series.
    pub fn points_per_series(&self) -> u64 {
        self.length().as_nanos() as u64 / self.point_interval.as_ns().max(1)
    }

    /// Rows of `metric_data_points`.
    pub fn points(&self) -> u64 {
        self.points_per_series() * u64::from(self.series)
    }

    /// The time that the data covers.
    pub fn length(&self) -> Duration {
        Duration::from_secs(u64::from(self.days) * 86_400)
    }

    /// The instant at which the data starts.
    pub fn start(&self) -> DateTime<Utc> {
        self.end - chrono::Duration::days(i64::from(self.days))
    }
}
