//! A deadline on a future that costs no timer for each call.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::clock::Clock;

/// The deadline passed before the future was ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed;

/// One timer that serves all calls of a caller.
///
/// Arming a timer for each call costs more than a fast query. A caller's deadlines only grow, so
/// the alarm stays at an earlier one, and is put forward when it rings: once a timeout's length
/// instead of once a call.
#[derive(Debug)]
pub struct Alarm {
    sleep: Pin<Box<Sleep>>,
    at_ns: u64,
}

impl Alarm {
    /// An alarm that is not set. Call inside a tokio runtime.
    pub fn new() -> Self {
        Self {
            sleep: Box::pin(sleep_until(Instant::now())),
            at_ns: 0,
        }
    }

    /// Runs `future` until `deadline_ns` on `clock`, to tokio's millisecond.
    pub async fn guard<F: Future>(
        &mut self,
        clock: &impl Clock,
        deadline_ns: u64,
        future: F,
    ) -> Result<F::Output, Elapsed> {
        let mut future = pin!(future);
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => self
                .poll_until(clock, deadline_ns, context)
                .map(|()| Err(Elapsed)),
        })
        .await
    }

    fn poll_until(
        &mut self,
        clock: &impl Clock,
        deadline_ns: u64,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        if self.at_ns > deadline_ns {
            self.set(clock, deadline_ns);
        }
        while self.sleep.as_mut().poll(context).is_ready() {
            if clock.now_ns() >= deadline_ns {
                return Poll::Ready(());
            }
            self.set(clock, deadline_ns);
        }
        Poll::Pending
    }

    fn set(&mut self, clock: &impl Clock, deadline_ns: u64) {
        let left = Duration::from_nanos(deadline_ns.saturating_sub(clock.now_ns()));
        self.sleep.as_mut().reset(Instant::now() + left);
        self.at_ns = deadline_ns;
    }
}

impl Default for Alarm {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::clock::MonotonicClock;
    use std::future::{pending, ready};

    #[tokio::test]
    async fn rings_for_each_call_at_its_own_deadline() {
        let (clock, mut alarm) = (MonotonicClock, Alarm::new());
        for wait_ms in [20_u64, 5, 40] {
            let deadline = clock.now_ns() + wait_ms * 1_000_000;
            assert_eq!(
                alarm.guard(&clock, deadline, pending::<()>()).await,
                Err(Elapsed)
            );
            assert!(clock.now_ns() >= deadline, "never early");
        }
        let far = clock.now_ns() + 60_000_000_000;
        assert_eq!(alarm.guard(&clock, far, ready(5)).await, Ok(5));
        let near = clock.now_ns() + 5_000_000;
        assert_eq!(
            alarm.guard(&clock, near, pending::<()>()).await,
            Err(Elapsed)
        );
    }
}
