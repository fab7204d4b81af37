//! One operation at its load, with its parameters.

use serde::Serialize;

use super::call::Call;
use crate::scenario::{Draw, WindowEnd};
use crate::units::{Rate, Span};

/// One operation at its load.
#[derive(Debug, Clone, Serialize)]
pub struct OperationPlan {
    /// The name in tables and objectives, such as `trace.get_by_trace_id` or a label.
    pub name: String,
    /// What is called.
    pub call: Call,
    /// Arrivals per second (open model; already scaled).
    pub rate: Option<Rate>,
    /// Share among the operations of a closed loop.
    pub weight: u32,
    /// Parameters, all decided.
    pub parameters: Parameters,
}

/// Parameters of an operation; those that a call does not use are ignored by it and refused by
/// the scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parameters {
    /// The length of the time range.
    pub window: Span,
    /// Rows at most.
    pub limit: i64,
    /// Rows to skip.
    pub offset: i64,
    /// The text to search for.
    pub search: String,
    /// The width of a bucket.
    pub bucket: Span,
    /// Where in the data the window ends.
    pub at: WindowEnd,
    /// How ids, services and series are drawn.
    pub draw: Draw,
    /// The share of drawn ids that do not exist, 0-1.
    pub unknown_share: f64,
}
