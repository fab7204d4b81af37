//! How load is applied.

use serde::Serialize;

use crate::scenario::{Access, Arrivals, Model};
use crate::units::Span;

/// How load is applied.
#[derive(Debug, Clone, Serialize)]
pub struct DrivePlan {
    /// Who decides when the next call starts.
    pub model: Model,
    /// The law of the gaps (open model).
    pub arrivals: Arrivals,
    /// How calls reach a connection.
    pub access: Access,
    /// Threads that run calls.
    pub workers: usize,
    /// Connections: all workers' together when pinned, the pool's maximum otherwise.
    pub connections: usize,
    /// Callers of the closed model.
    pub callers: usize,
    /// What a closed caller waits between an answer and its next call.
    pub think_time: Span,
    /// Load before the measuring.
    pub warm_up: Span,
    /// Measuring.
    pub duration: Span,
    /// How long unfinished calls may take after the end.
    pub drain: Span,
    /// From the scheduled start; then the call is `timed_out`.
    pub timeout: Span,
    /// Settings of the pool.
    pub pool: PoolPlan,
}

/// Settings of the pool.
#[derive(Debug, Clone, Serialize)]
pub struct PoolPlan {
    /// Connections kept open.
    pub min: usize,
    /// How long an acquire may wait.
    pub acquire_timeout: Span,
    /// When an idle connection is closed.
    pub idle_timeout: Span,
    /// When any connection is closed.
    pub max_lifetime: Span,
    /// Whether the pool pings a connection before it hands it out.
    pub test_before_acquire: bool,
}
