//! Where a caller gets its next call: from the backlog of a schedule, or from itself.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::backlog::{Backlog, Handed};
use super::clock::{Clock, MonotonicClock};
use super::load::Load;
use super::schedule::{Arrival, Cursor};
use crate::plan::Model;
use crate::stats::draw::Stream;

const CHOICES: u64 = 0x6368_6f69;

/// The part of a run that is measured, on the run's clock: arrivals due in `from_ns..until_ns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant of the warm-up.
    pub origin_ns: u64,
    /// The first measured instant.
    pub from_ns: u64,
    /// The instant after the last.
    pub until_ns: u64,
}

/// Hands calls to callers and counts what was scheduled inside the window.
#[derive(Debug)]
pub struct Feed {
    source: Source,
    window: OnceLock<Window>,
    scheduled: Vec<AtomicU64>,
}

#[derive(Debug)]
enum Source {
    Open(Backlog),
    Closed(Closed),
}

/// Callers that choose their next call when the last was answered.
#[derive(Debug)]
struct Closed {
    start: watch::Sender<Option<Window>>,
    end_ns: AtomicU64,
    calls: AtomicU64,
    per_operation: Vec<AtomicU64>,
    choices: Stream,
    weights: Vec<u32>,
    think_ns: u64,
}

impl Feed {
    /// The feed of a load, not yet begun: callers that ask sleep until it is.
    pub fn new(load: &Load) -> Self {
        let source = match load.drive.model {
            Model::Open => Source::Open(Backlog::new(Cursor::new(load, 0), load.callers())),
            Model::Closed => Source::Closed(Closed::new(load)),
        };
        let scheduled = load.operations.iter().map(|_| AtomicU64::new(0)).collect();
        Self {
            source,
            window: OnceLock::new(),
            scheduled,
        }
    }

    /// Begins the run: the schedule starts at the window's origin.
    pub fn begin(&self, load: &Load, window: Window) {
        let _ = self.window.set(window);
        match &self.source {
            Source::Open(backlog) => backlog.begin(Cursor::new(load, window.origin_ns)),
            Source::Closed(closed) => {
                closed.end_ns.store(window.until_ns, Ordering::Release);
                closed.start.send_replace(Some(window));
            }
        }
    }

    /// No new arrivals: callers finish what they have and what waits.
    pub fn close(&self) {
        match &self.source {
            Source::Open(backlog) => backlog.close(),
            Source::Closed(closed) => {
                closed.end_ns.store(0, Ordering::Release);
                closed.start.send_if_modified(|start| {
                    start.get_or_insert(Window {
                        origin_ns: 0,
                        from_ns: 0,
                        until_ns: 0,
                    });
                    true
                });
            }
        }
    }

    /// The next call for `caller`, whose last one ended at `last_end_ns`; `None` at the end.
    pub async fn take(&self, caller: usize, last_end_ns: u64) -> Option<Handed> {
        match &self.source {
            Source::Open(backlog) => backlog.take(caller).await,
            Source::Closed(closed) => {
                let handed = closed.take(last_end_ns).await?;
                self.count(&handed.arrival);
                Some(handed)
            }
        }
    }

    /// The backlog of an open feed.
    pub fn backlog(&self) -> Option<&Backlog> {
        match &self.source {
            Source::Open(backlog) => Some(backlog),
            Source::Closed(_) => None,
        }
    }

    /// Whether an arrival was handed over and not yet taken; never in a closed loop.
    pub fn has_waiting(&self) -> bool {
        self.backlog().is_some_and(|backlog| backlog.waiting() > 0)
    }

    /// Whether an arrival lies in the measured window.
    pub fn is_measured(&self, arrival: &Arrival) -> bool {
        self.window
            .get()
            .is_some_and(|window| (window.from_ns..window.until_ns).contains(&arrival.scheduled_ns))
    }

    /// Counts an arrival as scheduled, if it is measured; says whether it is.
    pub fn count(&self, arrival: &Arrival) -> bool {
        let measured = self.is_measured(arrival);
        if measured {
            self.scheduled[arrival.operation].fetch_add(1, Ordering::Relaxed);
        }
        measured
    }

    /// Measured arrivals so far, by operation.
    pub fn scheduled(&self) -> Vec<u64> {
        self.scheduled
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect()
    }
}

impl Closed {
    fn new(load: &Load) -> Self {
        Self {
            start: watch::Sender::new(None),
            end_ns: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            per_operation: load.operations.iter().map(|_| AtomicU64::new(0)).collect(),
            choices: Stream::new(load.seed, CHOICES),
            weights: load
                .operations
                .iter()
                .map(|operation| operation.weight)
                .collect(),
            think_ns: load.drive.think_time.as_ns(),
        }
    }

    async fn take(&self, last_end_ns: u64) -> Option<Handed> {
        if last_end_ns == 0 {
            self.start
                .subscribe()
                .wait_for(Option::is_some)
                .await
                .ok()?;
        }
        let clock = MonotonicClock;
        let scheduled_ns = match last_end_ns {
            0 => clock.now_ns(),
            ended => ended + self.think_ns,
        };
        let early_ns = scheduled_ns.saturating_sub(clock.now_ns());
        if early_ns > 0 {
            tokio::time::sleep(Duration::from_nanos(early_ns)).await;
        }
        if scheduled_ns >= self.end_ns.load(Ordering::Acquire) {
            return None;
        }
        let operation = self.choose(self.calls.fetch_add(1, Ordering::Relaxed));
        let index = self.per_operation[operation].fetch_add(1, Ordering::Relaxed);
        let arrival = Arrival {
            scheduled_ns,
            operation,
            index,
        };
        Some(Handed {
            arrival,
            handed_ns: clock.now_ns().max(scheduled_ns),
        })
    }

    /// The operation of call `index`, by weight.
    fn choose(&self, index: u64) -> usize {
        let total: u64 = self.weights.iter().map(|weight| u64::from(*weight)).sum();
        let mut drawn = self.choices.below(index, total);
        for (operation, weight) in self.weights.iter().enumerate() {
            match drawn.checked_sub(u64::from(*weight)) {
                Some(rest) => drawn = rest,
                None => return operation,
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::schedule::tests::load;
    use crate::plan::Arrivals;

    #[test]
    fn a_closed_loop_chooses_by_weight() {
        let mut load = load(Arrivals::Poisson, &[1.0, 1.0, 1.0]);
        load.drive.model = Model::Closed;
        for (operation, weight) in load.operations.iter_mut().zip([3, 0, 1]) {
            operation.weight = weight;
        }
        let closed = Closed::new(&load);
        let mut chosen = [0_u32; 3];
        (0..40_000).for_each(|index| chosen[closed.choose(index)] += 1);
        assert_eq!(chosen[1], 0);
        assert!(
            (f64::from(chosen[0]) / 30_000.0 - 1.0).abs() < 0.02,
            "{chosen:?}"
        );
    }

    #[tokio::test]
    async fn a_closed_caller_thinks_before_it_asks_again() {
        let mut load = load(Arrivals::Poisson, &[1.0]);
        load.drive.model = Model::Closed;
        load.drive.think_time = crate::units::Span::from_millis(5);
        let feed = Feed::new(&load);
        let now_ns = MonotonicClock.now_ns();
        let window = Window {
            origin_ns: now_ns,
            from_ns: now_ns,
            until_ns: now_ns + 60_000_000_000,
        };
        feed.begin(&load, window);
        let first = feed.take(0, 0).await.unwrap();
        let ended_ns = first.handed_ns + 1_000;
        let second = feed.take(0, ended_ns).await.unwrap();
        assert_eq!(second.arrival.scheduled_ns, ended_ns + 5_000_000);
        assert!(second.handed_ns >= second.arrival.scheduled_ns);
        assert_eq!(feed.scheduled(), [2]);
        feed.close();
        assert_eq!(feed.take(0, second.handed_ns).await, None);
    }
}
