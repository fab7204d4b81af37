//! What was handed over and not yet taken: a range of the schedule, and the callers that sleep.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::schedule::{Arrival, Cursor};

/// Batches kept apart; past this many, a batch joins the one before it. An hour of overload then
/// costs 1.5 MiB and no more.
const BATCHES_MAX: usize = 65_536;

/// An arrival that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handed {
    /// What is due.
    pub arrival: Arrival,
    /// When the dispatcher handed it over.
    pub handed_ns: u64,
}

/// The queue between the dispatcher and the callers, first due first served.
#[derive(Debug)]
pub struct Backlog {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The callers' walk over the schedule; the dispatcher's is ahead by what waits.
    cursor: Cursor,
    batches: VecDeque<Batch>,
    waiting: u64,
    idle: Vec<(usize, Waker)>,
    closed: bool,
}

/// Arrivals handed over at one instant.
#[derive(Debug, Clone, Copy)]
struct Batch {
    count: u64,
    handed_ns: u64,
}

impl Backlog {
    /// An empty backlog over the schedule that `cursor` begins; `callers` can sleep on it.
    pub fn new(cursor: Cursor, callers: usize) -> Self {
        Self {
            state: Mutex::new(State {
                cursor,
                batches: VecDeque::with_capacity(1024),
                waiting: 0,
                idle: Vec::with_capacity(callers),
                closed: false,
            }),
        }
    }

    /// Puts the schedule in place, once its first instant is known and before anything is handed
    /// over.
    pub fn begin(&self, cursor: Cursor) {
        self.lock().cursor = cursor;
    }

    /// Hands over the schedule's next `count` arrivals and wakes as many sleeping callers, the
    /// last to fall asleep first. `wakers` is scratch memory, empty before and after.
    pub fn hand_over(&self, count: u64, handed_ns: u64, wakers: &mut Vec<Waker>) {
        {
            let mut state = self.lock();
            state.push(Batch { count, handed_ns });
            let awake = state.idle.len().saturating_sub(count as usize);
            wakers.extend(state.idle.drain(awake..).map(|(_, waker)| waker).rev());
        }
        wakers.drain(..).for_each(Waker::wake);
    }

    /// No more arrivals will come: callers get `None` once what waits is taken.
    pub fn close(&self) {
        let idle = {
            let mut state = self.lock();
            state.closed = true;
            std::mem::take(&mut state.idle)
        };
        for (_, waker) in idle {
            waker.wake();
        }
    }

    /// The next arrival for `caller`; sleeps while there is none; `None` once closed and empty.
    pub async fn take(&self, caller: usize) -> Option<Handed> {
        poll_fn(|context| self.poll_take(caller, context)).await
    }

    fn poll_take(&self, caller: usize, context: &mut Context<'_>) -> Poll<Option<Handed>> {
        let mut state = self.lock();
        if let Some(handed) = state.pop() {
            // A caller that woke of itself must not leave a waker behind that an arrival is spent on.
            state.idle.retain(|(idle, _)| *idle != caller);
            return Poll::Ready(Some(handed));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        match state.idle.iter_mut().find(|(idle, _)| *idle == caller) {
            Some((_, waker)) => waker.clone_from(context.waker()),
            None => state.idle.push((caller, context.waker().clone())),
        }
        Poll::Pending
    }

    /// Takes what nobody will serve any more, first due first.
    pub fn drain(&self) -> impl Iterator<Item = Handed> + '_ {
        std::iter::from_fn(|| self.lock().pop())
    }

    /// Arrivals handed over and not yet taken.
    pub fn waiting(&self) -> u64 {
        self.lock().waiting
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, batch: Batch) {
        self.waiting += batch.count;
        if self.batches.len() >= BATCHES_MAX
            && let Some(last) = self.batches.back_mut()
        {
            last.count += batch.count;
        } else {
            self.batches.push_back(batch);
        }
    }

    fn pop(&mut self) -> Option<Handed> {
        let batch = self.batches.front_mut()?;
        batch.count -= 1;
        let handed_ns = batch.handed_ns;
        if batch.count == 0 {
            self.batches.pop_front();
        }
        self.waiting -= 1;
        let arrival = self.cursor.next();
        // In a joined batch the later arrivals were handed over after its instant, and never
        // before they were due.
        Some(Handed {
            arrival,
            handed_ns: handed_ns.max(arrival.scheduled_ns),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::schedule::tests::load;
    use crate::plan::Arrivals;

    fn backlog() -> (Backlog, Cursor) {
        let cursor = Cursor::new(&load(Arrivals::Poisson, &[1000.0, 50.0]), 0);
        (Backlog::new(cursor.clone(), 2), cursor)
    }

    #[tokio::test]
    async fn serves_the_schedule_in_order_with_its_hand_over_times() {
        let (backlog, mut schedule) = backlog();
        let mut wakers = Vec::new();
        backlog.hand_over(2, 1_000_000_000, &mut wakers);
        backlog.hand_over(1, 2_000_000_000, &mut wakers);
        backlog.close();
        for handed_ns in [1_000_000_000, 1_000_000_000, 2_000_000_000] {
            let handed = backlog.take(0).await.unwrap();
            assert_eq!(
                handed,
                Handed {
                    arrival: schedule.next(),
                    handed_ns
                }
            );
        }
        assert_eq!(backlog.take(0).await, None);
    }

    #[tokio::test]
    async fn a_sleeping_caller_wakes_for_an_arrival_and_for_the_end() {
        let (backlog, _) = backlog();
        let backlog = std::sync::Arc::new(backlog);
        let sleeper = tokio::spawn({
            let backlog = backlog.clone();
            async move {
                (
                    backlog.take(0).await.is_some(),
                    backlog.take(0).await.is_none(),
                )
            }
        });
        tokio::task::yield_now().await;
        backlog.hand_over(1, 5, &mut Vec::new());
        tokio::task::yield_now().await;
        backlog.close();
        assert_eq!(sleeper.await.unwrap(), (true, true));
    }

    #[tokio::test]
    async fn a_caller_that_wakes_of_itself_spends_no_wake_up_of_another() {
        let (backlog, _) = backlog();
        let woken = std::sync::Arc::new(CountWakes::default());
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        assert!(backlog.poll_take(1, &mut context).is_pending(), "1 sleeps");
        assert!(backlog.poll_take(0, &mut context).is_pending(), "0 sleeps");
        backlog.lock().push(Batch {
            count: 1,
            handed_ns: 0,
        });
        assert!(
            backlog.poll_take(0, &mut context).is_ready(),
            "0 looks again by itself"
        );
        assert_eq!(backlog.lock().idle.len(), 1, "only 1 is asleep now");
    }

    #[derive(Default)]
    struct CountWakes(std::sync::atomic::AtomicU64);

    impl std::task::Wake for CountWakes {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }

    #[test]
    fn an_endless_overload_keeps_its_memory_and_its_count() {
        let (backlog, _) = backlog();
        let mut wakers = Vec::new();
        let batches = BATCHES_MAX as u64 + 10_000;
        for i in 0..batches {
            backlog.hand_over(3, i, &mut wakers);
        }
        assert_eq!(backlog.lock().batches.len(), BATCHES_MAX);
        assert_eq!(backlog.waiting(), 3 * batches);
        assert_eq!(backlog.drain().count() as u64, 3 * batches);
    }
}
