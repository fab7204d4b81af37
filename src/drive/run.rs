//! The phases of a run: connect, warm up, measure, drain; and the proof that no arrival was lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::caller::{Shared, write_down};
use super::clock::{Clock, DISPATCHER_NICE, MonotonicClock, Precision, sharpen_this_thread};
use super::collector::{Collected, Collector, Watcher};
use super::dispatch::dispatch;
use super::feed::{Feed, Window};
use super::load::Load;
use super::schedule::Cursor;
use super::workers::{Crew, StartError};
use crate::plan::{Access, Model};
use crate::record::{LatencyHistogram, OperationRecord, Outcome, Recorder, Sample};
use crate::workload::Operations;

/// An interval of the archive.
const INTERVAL_NS: u64 = 1_000_000_000;
/// From ready to the first arrival, so that the dispatcher is asleep in time for it.
const LEAD_NS: u64 = 20_000_000;
/// How long the collector waits at most before it looks whether it was told to stop.
const NAP: Duration = Duration::from_millis(50);

/// What a run recorded.
#[derive(Debug)]
pub struct Driven {
    /// In the plan's order.
    pub operations: Vec<OperationTotal>,
    /// How long after its due instant the dispatcher woke for each measured arrival. Empty in a
    /// closed loop, which has no schedule.
    pub pacing: LatencyHistogram,
    /// What the kernel granted the dispatcher; `None` in a closed loop.
    pub precision: Option<Precision>,
    /// When each phase was.
    pub times: PhaseTimes,
    /// Executions of each statement on each connection before the warm-up, at least.
    pub primed_executions: u64,
    /// Calls of the warm-up that failed, timed out or did not end.
    pub warm_up_missed: u64,
    /// The longest backlog at the end of a second.
    pub waiting_max: u64,
    /// Whether somebody stopped it.
    pub interrupted: bool,
}

/// One operation of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationTotal {
    /// Its name.
    pub name: String,
    /// Measured arrivals.
    pub scheduled: u64,
    /// Calls that succeeded before the measured window ended.
    pub ok_in_window: u64,
    /// What became of all of them.
    pub record: OperationRecord,
}

/// When each phase was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseTimes {
    /// The first measured instant, on the wall clock.
    pub measure_started: SystemTime,
    /// Opening connections and priming them.
    pub connect: Duration,
    /// Load before the measuring.
    pub warm_up: Duration,
    /// Measuring; shorter than planned when interrupted.
    pub measure: Duration,
    /// From its end until the last call ended.
    pub drain: Duration,
}

/// A run that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// Callers could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A bug of Highwater: a worker thread panicked.
    #[error("a worker thread panicked; this is a bug in highwater, not in the target")]
    Panicked,
    /// A bug of Highwater: arrivals were lost or counted twice.
    #[error(
        "{operation}: {scheduled} arrivals were scheduled and {accounted} are accounted for; this is a bug in highwater"
    )]
    NotConserved {
        /// The operation.
        operation: String,
        /// What the schedule held.
        scheduled: u64,
        /// What was recorded.
        accounted: u64,
    },
    /// Stopped before anything was measured.
    #[error("interrupted before the warm-up began")]
    Interrupted,
}

/// Applies `load` to `operations` and records what comes of it. Blocks the calling thread.
///
/// `pool_runtime` is the runtime on which pooled callers run; pinned workers bring their own.
pub fn run<O: Operations>(
    load: &Load,
    operations: Arc<O>,
    pool_runtime: &Handle,
    watcher: &mut dyn Watcher,
    cancel: &CancellationToken,
) -> Result<Driven, DriveError> {
    let clock = MonotonicClock;
    let connecting_ns = clock.now_ns();
    let load = Arc::new(load.clone());
    let shared = Arc::new(share(&load, operations, pool_runtime));
    let stop = CancellationToken::new();
    // Whatever ends this function ends the callers.
    let _stop_guard = stop.clone().drop_guard();
    let crew = Crew::start(&shared, &load, pool_runtime, &stop)?;
    let primed_executions = match wait_until_ready(&crew, cancel) {
        Ok(executions) => executions,
        Err(error) => {
            shared.feed.close();
            stop.cancel();
            crew.join();
            return Err(error);
        }
    };
    let origin_ns = clock.now_ns() + LEAD_NS;
    let window = window_from(&load, origin_ns);
    shared.feed.begin(&load, window);
    watcher.warming_up(load.drive.warm_up.0);
    let dispatcher = start_dispatcher(&load, &shared, window, cancel);
    let phases = watch(&load, &shared, &crew, window, watcher, cancel, &stop);
    let (pacing, precision) = dispatcher.join().map_err(|_| DriveError::Panicked)?;
    stop.cancel();
    if crew.join() {
        return Err(DriveError::Panicked);
    }
    let ended_ns = clock.now_ns();
    give_up_the_rest(&shared, ended_ns);
    let Phases {
        mut collector,
        until_ns,
        measure_started,
        interrupted,
    } = phases;
    collector.collect(&shared, ended_ns, watcher);
    let collected = collector.finish();
    let driven = Driven {
        waiting_max: collected.waiting_max,
        operations: totals(&load, &shared.feed, collected)?,
        pacing,
        precision,
        times: PhaseTimes {
            measure_started,
            connect: Duration::from_nanos(origin_ns - connecting_ns),
            warm_up: Duration::from_nanos(until_ns.min(window.from_ns).saturating_sub(origin_ns)),
            measure: Duration::from_nanos(until_ns.saturating_sub(window.from_ns)),
            drain: Duration::from_nanos(ended_ns.saturating_sub(until_ns)),
        },
        primed_executions,
        warm_up_missed: shared.warm_up_missed.load(Ordering::Relaxed),
        interrupted,
    };
    Ok(driven)
}

fn share<O: Operations>(load: &Load, operations: Arc<O>, pool_runtime: &Handle) -> Shared<O> {
    let threads = match load.drive.access {
        Access::Pinned => load.drive.workers,
        Access::Pool => pool_runtime.metrics().num_workers(),
    };
    Shared {
        operations,
        feed: Feed::new(load),
        // One more for the thread that gives up the rest.
        recorder: Recorder::new(threads + 1, load.operations.len()),
        access: load.drive.access,
        timeout_ns: load.drive.timeout.as_ns(),
        warm_up_missed: AtomicU64::new(0),
    }
}

fn wait_until_ready(crew: &Crew, cancel: &CancellationToken) -> Result<u64, DriveError> {
    let mut fewest = u64::MAX;
    let mut ready = 0;
    while ready < crew.expected {
        if cancel.is_cancelled() {
            return Err(DriveError::Interrupted);
        }
        match crew.ready.recv_timeout(NAP) {
            Ok(primed) => {
                fewest = fewest.min(primed?.executions);
                ready += 1;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(DriveError::Panicked),
        }
    }
    Ok(fewest)
}

fn window_from(load: &Load, origin_ns: u64) -> Window {
    let from_ns = origin_ns + load.drive.warm_up.as_ns();
    Window {
        origin_ns,
        from_ns,
        until_ns: from_ns + load.drive.duration.as_ns(),
    }
}

type Dispatcher = thread::JoinHandle<(LatencyHistogram, Option<Precision>)>;

fn start_dispatcher<O: Operations>(
    load: &Arc<Load>,
    shared: &Arc<Shared<O>>,
    window: Window,
    cancel: &CancellationToken,
) -> Dispatcher {
    let (load, shared, cancel) = (load.clone(), shared.clone(), cancel.clone());
    thread::spawn(move || {
        if load.drive.model == Model::Closed {
            return (LatencyHistogram::new(), None);
        }
        let precision = sharpen_this_thread(DISPATCHER_NICE);
        let cursor = Cursor::new(&load, window.origin_ns);
        let pacing = dispatch(&MonotonicClock, cursor, &shared.feed, window, &cancel);
        (pacing, Some(precision))
    })
}

/// What the collector's walk through the phases leaves behind.
struct Phases {
    collector: Collector,
    until_ns: u64,
    measure_started: SystemTime,
    interrupted: bool,
}

/// Waits through warm-up, window and drain, and collects each second.
fn watch<O: Operations>(
    load: &Load,
    shared: &Shared<O>,
    crew: &Crew,
    window: Window,
    watcher: &mut dyn Watcher,
    cancel: &CancellationToken,
    stop: &CancellationToken,
) -> Phases {
    let clock = MonotonicClock;
    let mut collector = Collector::new(window, load.operations.len());
    let mut going = wait(&clock, crew, window.from_ns, cancel);
    let measure_started = SystemTime::now();
    if going {
        watcher.measuring();
    }
    let mut next_ns = window.from_ns + INTERVAL_NS;
    while going && next_ns <= window.until_ns {
        going = wait(&clock, crew, next_ns, cancel);
        collector.collect(shared, clock.now_ns().min(next_ns), watcher);
        next_ns += INTERVAL_NS;
    }
    going = going && wait(&clock, crew, window.until_ns, cancel);
    let until_ns = if going {
        window.until_ns
    } else {
        clock.now_ns().min(window.until_ns)
    };
    watcher.draining();
    shared.feed.close();
    let interrupted = cancel.is_cancelled();
    let give_up_ns = until_ns + load.drive.drain.as_ns();
    while !interrupted && wait(&clock, crew, next_ns.min(give_up_ns), cancel) {
        if clock.now_ns() >= give_up_ns {
            break;
        }
        collector.collect(shared, next_ns, watcher);
        next_ns += INTERVAL_NS;
    }
    stop.cancel();
    Phases {
        collector,
        until_ns,
        measure_started,
        interrupted: cancel.is_cancelled(),
    }
}

/// Waits until `until_ns`; false when told to stop or when every caller is gone.
fn wait(clock: &impl Clock, crew: &Crew, until_ns: u64, cancel: &CancellationToken) -> bool {
    loop {
        let left_ns = until_ns.saturating_sub(clock.now_ns());
        if left_ns == 0 {
            return true;
        }
        if cancel.is_cancelled() {
            return false;
        }
        let nap = NAP.min(Duration::from_nanos(left_ns));
        if crew.done.recv_timeout(nap) == Err(RecvTimeoutError::Disconnected) {
            return false;
        }
    }
}

/// What still waits when every caller is gone has timed out, or is unfinished.
fn give_up_the_rest<O: Operations>(shared: &Shared<O>, ended_ns: u64) {
    for handed in shared
        .feed
        .backlog()
        .into_iter()
        .flat_map(super::backlog::Backlog::drain)
    {
        let arrival = handed.arrival;
        let deadline_ns = arrival.scheduled_ns + shared.timeout_ns;
        let timed_out = deadline_ns <= ended_ns;
        let finished_ns = deadline_ns.min(ended_ns);
        let sample = Sample {
            operation: arrival.operation,
            scheduled_ns: arrival.scheduled_ns,
            handed_ns: handed.handed_ns,
            started_ns: None,
            finished_ns,
            released_ns: finished_ns,
            outcome: if timed_out {
                Outcome::TimedOut
            } else {
                Outcome::Unfinished
            },
        };
        write_down(shared, &sample, arrival.index, None);
    }
}

/// Joins what was scheduled with what was recorded, and refuses to go on if they differ.
fn totals(
    load: &Load,
    feed: &Feed,
    collected: Collected,
) -> Result<Vec<OperationTotal>, DriveError> {
    let recorded = collected.records.into_iter().zip(collected.ok_in_window);
    let rows = load.operations.iter().zip(feed.scheduled()).zip(recorded);
    rows.map(|((operation, scheduled), (record, ok_in_window))| {
        let (name, accounted) = (operation.name.clone(), record.counts.total());
        if scheduled == accounted {
            Ok(OperationTotal {
                name,
                scheduled,
                ok_in_window,
                record,
            })
        } else {
            Err(DriveError::NotConserved {
                operation: name,
                scheduled,
                accounted,
            })
        }
    })
    .collect()
}
