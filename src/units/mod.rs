//! Words with units: durations, sizes, rates and quantiles, parsed from and printed for people.
//!
//! Knows nothing of the rest of the project.

pub mod bytes;
pub mod duration;
pub mod quantile;
pub mod rate;

pub use bytes::Bytes;
pub use duration::{Span, format_ns};
pub use quantile::Quantile;
pub use rate::Rate;

/// A text that is not the quantity it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {wanted}")]
pub struct UnitError {
    /// What was written.
    pub text: String,
    /// What was wanted, with an example.
    pub wanted: &'static str,
}
