//! Budgets, and when a run stops being valid.

use serde::Serialize;

use crate::units::{Quantile, Span};

/// A budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Objective {
    /// The operation's name.
    pub operation: String,
    /// What is held to the limit.
    pub metric: Metric,
}

/// What an objective limits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// A quantile of the response time.
    Response {
        /// Which, 0-1.
        #[serde(serialize_with = "fraction")]
        quantile: Quantile,
        /// At most this.
        limit: Span,
    },
    /// Share of calls that failed, timed out, were shed or stayed unfinished, 0-1.
    ErrorShare {
        /// At most this.
        limit: f64,
    },
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference over"
)]
fn fraction<S: serde::Serializer>(quantile: &Quantile, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(quantile.fraction())
}

/// When a run stops being valid; each is a key of `[validity]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limits {
    /// Achieved over offered rate below this: suspect.
    pub achieved_share_min: f64,
    /// Lag at an objective's quantile above this share of its limit: invalid. P99 of lag above
    /// this share of the response's own P99, and above 1 ms: suspect.
    pub lag_share_max: f64,
    /// Failed and timed out over scheduled above this: suspect.
    pub error_share_max: f64,
    /// Generator CPU over the whole host above this: suspect.
    pub generator_cpu_share_max: f64,
    /// Empty answers over answers above this, where rows may be absent by chance: suspect.
    pub empty_share_max: f64,
}
