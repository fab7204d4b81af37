//! Load: a schedule, its dispatch, the phases of a run and its drain.
//!
//! Input: a [`Load`] and [`Operations`](crate::workload::Operations). Output: [`Driven`], every
//! operation's record and proof that no arrival was lost. Knows nothing of SQL.
//!
//! ```text
//! schedule -> dispatcher (a thread of its own, paced by clock_nanosleep)
//!          -> backlog    (a range of indexes, never a task each)
//!          -> callers    (one a connection when pinned; tasks over a pool otherwise)
//!          -> recorder   (a shard a thread) -> collector (each second) -> watcher
//! ```

pub mod backlog;
pub mod caller;
pub mod clock;
pub mod collector;
pub mod deadline;
pub mod dispatch;
pub mod feed;
pub mod load;
pub mod prime;
pub mod run;
pub mod schedule;
pub mod workers;

pub use collector::{Interval, Watcher};
pub use load::{Load, OperationLoad};
pub use run::{DriveError, Driven, OperationTotal, PhaseTimes, run};
