//! One caller: takes a call, gets a connection, runs it to its deadline, writes it down.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::backlog::Handed;
use super::clock::{Clock, MonotonicClock};
use super::deadline::Alarm;
use super::feed::Feed;
use crate::plan::Access;
use crate::record::{Outcome, Recorder, Sample};
use crate::workload::{AnswerVerdict, CallError, ErrorClass, Operations};

/// How long a caller waits before it tries again to open its connection.
const REOPEN_PAUSE: Duration = Duration::from_millis(100);

/// What all callers of a run share.
#[derive(Debug)]
pub struct Shared<O> {
    /// What is called.
    pub operations: Arc<O>,
    /// Where calls come from.
    pub feed: Feed,
    /// Where they are written down.
    pub recorder: Recorder,
    /// How calls reach a connection.
    pub access: Access,
    /// From the scheduled start.
    pub timeout_ns: u64,
    /// Calls of the warm-up that did not succeed.
    pub warm_up_missed: AtomicU64,
}

/// Serves calls until the feed ends. A pinned caller brings its session and keeps it.
pub async fn serve<O: Operations>(
    shared: &Shared<O>,
    caller: usize,
    mut session: Option<O::Session>,
) {
    let mut alarm = Alarm::new();
    let mut last_end_ns = 0;
    while let Some(handed) = shared.feed.take(caller, last_end_ns).await {
        let mut call = Call::new(shared, handed);
        session = call.serve(&mut alarm, session).await;
        last_end_ns = call.sample.released_ns;
        drop(call);
        if session.is_none() && shared.access == Access::Pinned {
            session = Some(reopen(shared).await);
        }
    }
    if let Some(session) = session {
        shared.operations.release(session).await;
    }
}

/// Opens a new connection off the measured path, however often that takes.
async fn reopen<O: Operations>(shared: &Shared<O>) -> O::Session {
    loop {
        match shared.operations.acquire().await {
            Ok(session) => return session,
            Err(_) => tokio::time::sleep(REOPEN_PAUSE).await,
        }
    }
}

/// How the wait for a connection ended.
enum Acquired<S> {
    /// In time for the call.
    InTime(S),
    /// After the call's deadline.
    Late(S),
    /// Not at all.
    Failed,
}

/// A call under way. Dropped before its end, it is written down as unfinished, so that no arrival
/// is lost whatever stops its caller.
struct Call<'a, O: Operations> {
    shared: &'a Shared<O>,
    sample: Sample,
    index: u64,
    open: bool,
}

impl<'a, O: Operations> Call<'a, O> {
    fn new(shared: &'a Shared<O>, handed: Handed) -> Self {
        let arrival = handed.arrival;
        let sample = Sample {
            operation: arrival.operation,
            scheduled_ns: arrival.scheduled_ns,
            handed_ns: handed.handed_ns,
            started_ns: None,
            finished_ns: 0,
            released_ns: 0,
            outcome: Outcome::Unfinished,
        };
        Self {
            shared,
            sample,
            index: arrival.index,
            open: true,
        }
    }

    fn deadline_ns(&self) -> u64 {
        self.sample.scheduled_ns + self.shared.timeout_ns
    }

    /// Runs the call and hands back a pinned session that can go on.
    async fn serve(
        &mut self,
        alarm: &mut Alarm,
        session: Option<O::Session>,
    ) -> Option<O::Session> {
        let clock = MonotonicClock;
        let taken_ns = clock.now_ns();
        if taken_ns >= self.deadline_ns() {
            self.time_out();
            return session;
        }
        let mut session = match session {
            Some(session) => {
                self.sample.started_ns = Some(taken_ns);
                session
            }
            None => match self.acquire(alarm).await {
                Acquired::InTime(session) => session,
                Acquired::Late(session) => return self.carry(session).await,
                Acquired::Failed => return None,
            },
        };
        let operations = &self.shared.operations;
        let run = operations.call(&mut session, self.sample.operation, self.index);
        let Ok(result) = alarm.guard(&clock, self.deadline_ns(), run).await else {
            self.time_out();
            return self.recover(session).await;
        };
        self.sample.finished_ns = clock.now_ns();
        let lost = result.as_ref().is_err_and(|error| error.connection_lost);
        let kept = self.give_back(session, lost).await;
        match result {
            Ok(reply) => self.check(reply),
            Err(error) => self.fail(&error),
        }
        kept
    }

    /// The server may still work on a call that timed out. Its connection comes back when that is
    /// over: a pinned caller takes no call until then, a pool has one connection less.
    async fn recover(&self, session: O::Session) -> Option<O::Session> {
        let operations = self.shared.operations.clone();
        if self.shared.access == Access::Pinned {
            return operations.recover(session).await;
        }
        tokio::spawn(async move {
            if let Some(session) = operations.recover(session).await {
                operations.release(session).await;
            }
        });
        None
    }

    /// Gets a connection. The deadline ends the call, not the wait for the connection: a pool that
    /// is asked by callers with little time left would otherwise lose each connection that it was
    /// about to open or to test, and never serve again.
    async fn acquire(&mut self, alarm: &mut Alarm) -> Acquired<O::Session> {
        let clock = MonotonicClock;
        let operations = self.shared.operations.clone();
        let mut acquire = pin!(operations.acquire());
        let in_time = alarm
            .guard(&clock, self.deadline_ns(), acquire.as_mut())
            .await;
        match in_time {
            Ok(Ok(session)) => {
                self.sample.started_ns = Some(clock.now_ns());
                Acquired::InTime(session)
            }
            Ok(Err(error)) => {
                self.sample.finished_ns = clock.now_ns();
                self.fail(&error);
                Acquired::Failed
            }
            Err(_) => {
                self.time_out();
                acquire.await.map_or(Acquired::Failed, Acquired::Late)
            }
        }
    }

    /// Keeps a connection that came too late for the next call, if one waits.
    async fn carry(&self, session: O::Session) -> Option<O::Session> {
        if self.shared.access == Access::Pinned || self.shared.feed.has_waiting() {
            return Some(session);
        }
        self.shared.operations.release(session).await;
        None
    }

    async fn give_back(&mut self, session: O::Session, lost: bool) -> Option<O::Session> {
        self.sample.released_ns = self.sample.finished_ns;
        let operations = &self.shared.operations;
        match (lost, self.shared.access) {
            (true, _) => operations.discard(session),
            (false, Access::Pinned) => return Some(session),
            (false, Access::Pool) => {
                operations.release(session).await;
                self.sample.released_ns = MonotonicClock.now_ns();
            }
        }
        None
    }

    fn check(&mut self, reply: O::Reply) {
        let answer = self
            .shared
            .operations
            .check(self.sample.operation, self.index, reply);
        let outcome = match answer.verdict {
            AnswerVerdict::Right | AnswerVerdict::Unchecked => Outcome::Ok(answer),
            AnswerVerdict::Wrong => Outcome::Failed(ErrorClass::WrongAnswer),
            AnswerVerdict::Empty => Outcome::Failed(ErrorClass::EmptyAnswer),
        };
        self.close(outcome, None);
    }

    fn fail(&mut self, error: &CallError) {
        self.sample.released_ns = self.sample.released_ns.max(self.sample.finished_ns);
        self.close(Outcome::Failed(error.class), Some(error));
    }

    /// A timeout enters at its deadline, however late it was noticed.
    fn time_out(&mut self) {
        self.sample.finished_ns = self.deadline_ns();
        self.sample.released_ns = MonotonicClock.now_ns().max(self.sample.finished_ns);
        self.close(Outcome::TimedOut, None);
    }

    fn close(&mut self, outcome: Outcome, error: Option<&CallError>) {
        self.open = false;
        self.sample.outcome = outcome;
        write_down(self.shared, &self.sample, self.index, error);
    }
}

impl<O: Operations> Drop for Call<'_, O> {
    fn drop(&mut self) {
        if self.open {
            self.sample.finished_ns = MonotonicClock.now_ns();
            self.sample.released_ns = self.sample.finished_ns;
            self.close(Outcome::Unfinished, None);
        }
    }
}

/// Writes a call down if it is measured, and counts it if it went wrong in the warm-up.
pub fn write_down<O: Operations>(
    shared: &Shared<O>,
    sample: &Sample,
    index: u64,
    error: Option<&CallError>,
) {
    let arrival = super::schedule::Arrival {
        scheduled_ns: sample.scheduled_ns,
        operation: sample.operation,
        index,
    };
    if shared.feed.is_measured(&arrival) {
        let mut mine = shared.recorder.local();
        match error {
            Some(error) => mine.record_error(sample, error),
            None => mine.record(sample),
        }
    } else if !matches!(sample.outcome, Outcome::Ok(_)) {
        shared.warm_up_missed.fetch_add(1, Ordering::Relaxed);
    }
}
