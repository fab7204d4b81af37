//! What a worker writes down for each call, and how workers' records become one.
//!
//! Input: a [`Sample`] a call, three instants and an outcome. Output: an [`OperationRecord`] for
//! each operation, four HDR histograms and the counts. Merging is order-free, and merged equals
//! whole. Knows nothing of SQL.

pub mod histogram;
pub mod operation;
pub mod recorder;
pub mod sample;

pub use histogram::LatencyHistogram;
pub use operation::{Counts, OperationRecord, Part};
pub use recorder::{Recorder, Shard};
pub use sample::{Outcome, Sample};
