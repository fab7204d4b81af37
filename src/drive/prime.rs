//! Connect and prime: every statement runs on every connection until its plan has settled.

use tokio_util::sync::CancellationToken;

use super::clock::{Clock, MonotonicClock};
use super::load::Load;
use crate::workload::{CallError, Operations};

/// Executions of each statement on each connection before anything is measured. The server plans
/// the first five with their values and only then decides for or against a generic plan; the
/// driver prepares on the first.
pub const EXECUTIONS: u64 = 10;

/// Indexes of primed calls start here, so that their parameters are not those of measured ones.
const FIRST_INDEX: u64 = 1 << 63;

/// What priming did on one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Primed {
    /// Executions of the statement that got the fewest.
    pub executions: u64,
}

/// A call failed while priming, so that the run would fail too.
#[derive(Debug, thiserror::Error)]
#[error("{operation} fails on its first calls: {source}")]
pub struct PrimeError {
    /// The operation.
    pub operation: String,
    /// The database's words.
    pub source: CallError,
}

/// Runs every operation [`EXECUTIONS`] times on `session`, round by round, until `until_ns`.
/// Each operation runs at least once.
pub async fn prime<O: Operations>(
    operations: &O,
    load: &Load,
    session: &mut O::Session,
    caller: usize,
    until_ns: u64,
    cancel: &CancellationToken,
) -> Result<Primed, PrimeError> {
    let mut executions = 0;
    while executions < EXECUTIONS && !cancel.is_cancelled() {
        for (operation, described) in load.operations.iter().enumerate() {
            let index = FIRST_INDEX + caller as u64 * EXECUTIONS + executions;
            operations
                .call(session, operation, index)
                .await
                .map_err(|source| PrimeError {
                    operation: described.name.clone(),
                    source,
                })?;
        }
        executions += 1;
        if MonotonicClock.now_ns() > until_ns {
            break;
        }
    }
    Ok(Primed { executions })
}
