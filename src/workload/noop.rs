//! Operations that do nothing: what the drive costs by itself.

use super::operation::{Answer, AnswerVerdict, CallError, Operations};

/// Answers at once with one row, without a connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Noop;

impl Operations for Noop {
    type Session = ();
    type Reply = ();

    async fn acquire(&self) -> Result<(), CallError> {
        Ok(())
    }

    async fn release(&self, (): ()) {}

    async fn recover(&self, (): ()) -> Option<()> {
        Some(())
    }

    fn discard(&self, (): ()) {}

    async fn call(&self, (): &mut (), _operation: usize, _index: u64) -> Result<(), CallError> {
        Ok(())
    }

    fn check(&self, _operation: usize, _index: u64, (): ()) -> Answer {
        Answer {
            rows: 1,
            verdict: AnswerVerdict::Right,
        }
    }
}
