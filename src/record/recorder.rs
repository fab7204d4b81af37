//! A shard for each worker thread, and the collector that empties them.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{OperationRecord, Sample};
use crate::workload::CallError;

/// What one worker thread wrote down since the collector last came by.
#[derive(Debug, Clone, PartialEq)]
pub struct Shard {
    /// A record for each operation, in the plan's order.
    pub operations: Vec<OperationRecord>,
}

impl Shard {
    /// An empty shard for `operations` operations.
    pub fn new(operations: usize) -> Self {
        Self {
            operations: vec![OperationRecord::default(); operations],
        }
    }

    /// Adds one call.
    pub fn record(&mut self, sample: &Sample) {
        self.operations[sample.operation].record(sample);
    }

    /// Adds one failed call and keeps the error's words if they are the first of their kind.
    pub fn record_error(&mut self, sample: &Sample, error: &CallError) {
        self.record(sample);
        self.operations[sample.operation].example(error.class, &error.message);
    }

    /// Adds every call of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.operations.iter_mut().zip(&other.operations) {
            mine.merge(theirs);
        }
    }

    /// Forgets every call and keeps the memory.
    pub fn clear(&mut self) {
        self.operations.iter_mut().for_each(OperationRecord::clear);
    }
}

/// The shards of all worker threads.
///
/// A shard is behind a mutex that its own thread takes once a call and the collector once a second
/// to swap it for an empty one; so it is uncontended, which costs some 15 ns (`benches/harness.rs`
/// measures it) and gives pinned and pooled runs one mechanism and every interval an exact cut.
#[derive(Debug)]
pub struct Recorder {
    shards: Vec<Mutex<Shard>>,
    next: AtomicUsize,
}

thread_local! {
    /// This thread's number, once it recorded something.
    static SLOT: Cell<Option<usize>> = const { Cell::new(None) };
}

impl Recorder {
    /// Shards for `threads` threads and `operations` operations.
    pub fn new(threads: usize, operations: usize) -> Self {
        let shards = (0..threads.max(1))
            .map(|_| Mutex::new(Shard::new(operations)))
            .collect();
        Self {
            shards,
            next: AtomicUsize::new(0),
        }
    }

    /// The calling thread's shard.
    pub fn local(&self) -> MutexGuard<'_, Shard> {
        let slot = SLOT.get().unwrap_or_else(|| {
            let slot = self.next.fetch_add(1, Ordering::Relaxed);
            SLOT.set(Some(slot));
            slot
        });
        lock(&self.shards[slot % self.shards.len()])
    }

    /// Takes everything recorded since the last call into `interval`, which it clears first.
    /// `spare` must be empty and is empty again afterwards.
    pub fn collect(&self, interval: &mut Shard, spare: &mut Shard) {
        interval.clear();
        for shard in &self.shards {
            std::mem::swap(&mut *lock(shard), spare);
            interval.merge(spare);
            spare.clear();
        }
    }
}

/// A worker that panicked between two calls leaves its shard whole.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Outcome;

    #[test]
    fn nothing_is_lost_between_threads_and_intervals() {
        let recorder = Recorder::new(2, 1);
        let (mut total, mut interval, mut spare) = (Shard::new(1), Shard::new(1), Shard::new(1));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for i in 0..10_000_u64 {
                        recorder.local().record(&Sample {
                            operation: 0,
                            scheduled_ns: 0,
                            handed_ns: 0,
                            started_ns: Some(0),
                            finished_ns: i,
                            released_ns: i,
                            outcome: Outcome::TimedOut,
                        });
                    }
                });
            }
            for _ in 0..50 {
                recorder.collect(&mut interval, &mut spare);
                total.merge(&interval);
            }
        });
        recorder.collect(&mut interval, &mut spare);
        total.merge(&interval);
        assert_eq!(total.operations[0].counts.timed_out, 30_000);
        assert_eq!(total.operations[0].response.count(), 30_000);
    }
}
