//! One operation: draw parameters, call the repository, check the answer.
//!
//! Knows nothing of schedules.

pub mod operation;

pub use operation::{Answer, AnswerVerdict, CallError, ErrorClass, Operations};
