//! The data set: (seed, table, index) -> row, parameter, right answer; and its way into a target.
//!
//! Input: a [`DatasetPlan`](crate::plan::DatasetPlan). Output: rows of `traces`, `trace_spans`,
//! `metrics`, `metric_data_points` and `log_records` as binary COPY, the keys that parameters are
//! drawn from, and the answers that queries must give. Every row is a pure function of the plan and
//! its index: the same bytes for any number of threads, any batch, any machine. Knows nothing of
//! repositories.

mod answers;
mod block;
mod clock;
mod copy;
mod distribution;
mod error;
mod fill;
mod ids;
mod key;
mod lines;
mod logs;
pub mod manifest;
mod metrics;
mod names;
mod null;
mod points;
mod prepare;
mod progress;
mod series;
mod spans;
mod streams;
mod tables;
mod traces;

pub use error::FillError;
pub use fill::{FillReport, Filled, TableFill, ensure_filled, fill};
pub use ids::TraceId;
pub use key::{Dataset, GENERATOR_VERSION, MetricKey, MetricKind, TRACE_US_MAX, TraceKey};
pub use lines::{COMMON_TERM, ERROR_TERM, RARE_TERM};
pub use null::{TableSpeed, to_null};
pub use progress::{FillBar, FillProgress, Silent};
pub use tables::{Generator, Table};

#[cfg(test)]
mod tests;
