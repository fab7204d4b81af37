//! Empties the shards once a second and shows what was in them.

use std::time::Duration;

use super::caller::Shared;
use super::feed::Window;
use crate::record::{OperationRecord, Shard};

/// One second of a run, merged over all workers.
#[derive(Debug)]
pub struct Interval<'a> {
    /// Its start, from the first measured instant.
    pub offset: Duration,
    /// Its length.
    pub length: Duration,
    /// Calls that ended in it, by operation.
    pub operations: &'a [OperationRecord],
    /// Arrivals that were due in it, by operation.
    pub scheduled: &'a [u64],
    /// Arrivals handed over and not yet taken at its end.
    pub waiting: u64,
    /// Whether the schedule has ended and only the drain is left.
    pub draining: bool,
}

/// Looks on while a run is under way. Every call returns within milliseconds.
pub trait Watcher: Send {
    /// Connections are open and primed; the warm-up begins and takes this long.
    fn warming_up(&mut self, warm_up: Duration) {
        let _ = warm_up;
    }

    /// The measured window begins now.
    fn measuring(&mut self) {}

    /// A second of it is over.
    fn interval(&mut self, interval: &Interval<'_>) {
        let _ = interval;
    }

    /// The measured window ended now; what is under way may still end.
    fn draining(&mut self) {}
}

/// Merges the shards of each interval into the totals.
#[derive(Debug)]
pub struct Collector {
    window: Window,
    total: Shard,
    interval: Shard,
    spare: Shard,
    scheduled: Vec<u64>,
    last_ns: u64,
    waiting_max: u64,
    ok_in_window: Vec<u64>,
}

/// What a collector has at the end.
#[derive(Debug)]
pub struct Collected {
    /// Everything recorded, by operation.
    pub records: Vec<OperationRecord>,
    /// Calls that succeeded before the measured window ended, by operation.
    pub ok_in_window: Vec<u64>,
    /// The longest backlog seen at the end of a second.
    pub waiting_max: u64,
}

impl Collector {
    /// A collector for `operations` operations.
    pub fn new(window: Window, operations: usize) -> Self {
        Self {
            window,
            total: Shard::new(operations),
            interval: Shard::new(operations),
            spare: Shard::new(operations),
            scheduled: vec![0; operations],
            last_ns: window.from_ns,
            waiting_max: 0,
            ok_in_window: vec![0; operations],
        }
    }

    /// Takes everything up to `now_ns` and shows it to `watcher`.
    pub fn collect<O>(&mut self, shared: &Shared<O>, now_ns: u64, watcher: &mut dyn Watcher) {
        shared.recorder.collect(&mut self.interval, &mut self.spare);
        self.total.merge(&self.interval);
        let so_far = shared.feed.scheduled();
        let scheduled: Vec<u64> = so_far
            .iter()
            .zip(&self.scheduled)
            .map(|(now, before)| now - before)
            .collect();
        self.scheduled = so_far;
        let waiting = shared
            .feed
            .backlog()
            .map_or(0, super::backlog::Backlog::waiting);
        self.waiting_max = self.waiting_max.max(waiting);
        let draining = now_ns > self.window.until_ns;
        for (ok, record) in self.ok_in_window.iter_mut().zip(&self.interval.operations) {
            *ok += if draining { 0 } else { record.counts.ok };
        }
        watcher.interval(&Interval {
            offset: Duration::from_nanos(self.last_ns - self.window.from_ns),
            length: Duration::from_nanos(now_ns.saturating_sub(self.last_ns)),
            operations: &self.interval.operations,
            scheduled: &scheduled,
            waiting,
            draining,
        });
        self.last_ns = now_ns.max(self.last_ns);
    }

    /// Ends the collection.
    pub fn finish(self) -> Collected {
        Collected {
            records: self.total.operations,
            ok_in_window: self.ok_in_window,
            waiting_max: self.waiting_max,
        }
    }
}
