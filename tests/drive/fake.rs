//! Operations that answer after a given time, and count what is done to their sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use highwater::drive::{Driven, Load, OperationLoad, Watcher};
use highwater::plan::{Access, Arrivals, DrivePlan, Model, PoolPlan};
use highwater::units::{Rate, Span};
use highwater::workload::{Answer, AnswerVerdict, CallError, ErrorClass, Operations};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// What call `index` of an operation does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Behaviour {
    /// Answers after this time.
    After(Duration),
    /// Fails at once.
    Fail,
    /// Answers at once and wrong.
    Wrong,
    /// Answers at once and empty.
    Empty,
}

/// A server with `connections` connections.
pub(crate) struct Fake {
    connections: Arc<Semaphore>,
    behaviour: Box<dyn Fn(usize, u64) -> Behaviour + Send + Sync>,
    pub(crate) opened: AtomicU64,
    pub(crate) discarded: AtomicU64,
    pub(crate) recovered: AtomicU64,
    /// How long the server goes on with a call that timed out.
    recovery: Duration,
    /// How long opening a connection takes; lost when nobody waits to the end.
    opening: Duration,
}

impl Fake {
    pub(crate) fn new(
        connections: usize,
        behaviour: impl Fn(usize, u64) -> Behaviour + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            connections: Arc::new(Semaphore::new(connections)),
            behaviour: Box::new(behaviour),
            opened: AtomicU64::new(0),
            discarded: AtomicU64::new(0),
            recovered: AtomicU64::new(0),
            recovery: Duration::from_millis(30),
            opening: Duration::ZERO,
        })
    }
}

impl Fake {
    /// The same with connections that take `opening` to open, each time.
    pub(crate) fn slow_to_open(opening: Duration, connections: usize) -> Arc<Self> {
        let quick = |_, _| Behaviour::After(Duration::ZERO);
        let fake = Arc::into_inner(Self::new(connections, quick)).unwrap();
        Arc::new(Self { opening, ..fake })
    }
}

/// Calls that prime a connection have indexes of their own and always succeed.
fn is_priming(index: u64) -> bool {
    index >= 1 << 63
}

impl Operations for Fake {
    type Session = OwnedSemaphorePermit;
    type Reply = AnswerVerdict;

    async fn acquire(&self) -> Result<Self::Session, CallError> {
        let permit = self.connections.clone().acquire_owned().await;
        tokio::time::sleep(self.opening).await;
        self.opened.fetch_add(1, Ordering::Relaxed);
        permit.map_err(|_| error(ErrorClass::Connection, "closed"))
    }

    async fn release(&self, session: Self::Session) {
        drop(session);
    }

    async fn recover(&self, session: Self::Session) -> Option<Self::Session> {
        self.recovered.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.recovery).await;
        Some(session)
    }

    fn discard(&self, session: Self::Session) {
        self.discarded.fetch_add(1, Ordering::Relaxed);
        drop(session);
    }

    async fn call(
        &self,
        _: &mut Self::Session,
        operation: usize,
        index: u64,
    ) -> Result<AnswerVerdict, CallError> {
        if is_priming(index) {
            return Ok(AnswerVerdict::Right);
        }
        match (self.behaviour)(operation, index) {
            Behaviour::After(delay) => {
                tokio::time::sleep(delay).await;
                Ok(AnswerVerdict::Right)
            }
            Behaviour::Fail => Err(error(
                ErrorClass::SqlState(*b"53"),
                "too many connections (53300)",
            )),
            Behaviour::Wrong => Ok(AnswerVerdict::Wrong),
            Behaviour::Empty => Ok(AnswerVerdict::Empty),
        }
    }

    fn check(&self, _: usize, _: u64, verdict: AnswerVerdict) -> Answer {
        Answer { rows: 1, verdict }
    }
}

fn error(class: ErrorClass, message: &str) -> CallError {
    CallError {
        class,
        message: message.to_owned(),
        connection_lost: false,
    }
}

/// An open, constant, pinned load: `rates` for 2 s after 100 ms of warm-up.
pub(crate) fn load(connections: usize, rates: &[f64]) -> Load {
    Load {
        seed: 7,
        drive: DrivePlan {
            model: Model::Open,
            arrivals: Arrivals::Constant,
            access: Access::Pinned,
            workers: 2,
            connections,
            callers: connections,
            think_time: Span::default(),
            warm_up: Span::from_millis(100),
            duration: Span::from_secs(2),
            drain: Span::from_secs(5),
            timeout: Span::from_secs(10),
            pool: PoolPlan {
                min: 0,
                acquire_timeout: Span::from_secs(30),
                idle_timeout: Span::from_secs(600),
                max_lifetime: Span::from_secs(1_800),
                test_before_acquire: true,
            },
        },
        operations: rates
            .iter()
            .enumerate()
            .map(|(number, rate)| OperationLoad {
                name: format!("operation {number}"),
                rate: Rate::new(*rate),
                weight: 1,
            })
            .collect(),
    }
}

struct Silent;

impl Watcher for Silent {}

/// Runs `load` and stops it after `stop`, if given.
pub(crate) fn drive(load: &Load, fake: &Arc<Fake>, stop: Option<Duration>) -> Driven {
    let cancel = CancellationToken::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    if let Some(after) = stop {
        let cancel = cancel.clone();
        runtime.spawn(async move {
            tokio::time::sleep(after).await;
            cancel.cancel();
        });
    }
    highwater::drive::run(load, fake.clone(), runtime.handle(), &mut Silent, &cancel).unwrap()
}
