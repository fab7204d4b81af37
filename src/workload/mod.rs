//! One operation: draw parameters, call the repository, check the answer.
//!
//! Input: the plan's operations, the data set, and where connections come from. Output: an
//! implementation of [`Operations`] that the drive calls; beside it, a no-op one that measures the
//! drive alone. Knows nothing of schedules.

pub mod check;
pub mod known;
pub mod noop;
pub mod operation;
pub mod params;
pub mod repository;

pub use noop::Noop;
pub use operation::{Answer, AnswerVerdict, CallError, ErrorClass, Operations};
pub use repository::RepositoryWorkload;
