//! The threads and tasks that callers run on.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::caller::{Shared, serve};
use super::clock::{CALLER_NICE, Clock, MonotonicClock, sharpen_this_thread};
use super::load::Load;
use super::prime::{PrimeError, Primed, prime};
use crate::plan::Access;
use crate::workload::{CallError, Operations};

/// Priming may take this long; a slow operation is then primed less often, which the run reports.
const PRIME_NS_MAX: u64 = 20_000_000_000;

/// Why callers could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A connection could not be opened.
    #[error("cannot open {connections} connections: {source}; see the server's max_connections")]
    Connect {
        /// Connections asked for.
        connections: usize,
        /// The database's words.
        source: CallError,
    },
    /// A call failed before anything was measured.
    #[error(transparent)]
    Prime(#[from] PrimeError),
    /// The system gave no thread or no event loop.
    #[error("cannot start a worker: {0}")]
    Thread(#[from] std::io::Error),
}

/// The running callers.
pub struct Crew {
    /// One message a connection (pinned) or one in all (pool), when it is primed.
    pub ready: Receiver<Result<Primed, StartError>>,
    /// Messages to wait for in `ready`.
    pub expected: usize,
    /// Disconnected when every caller is gone.
    pub done: Receiver<()>,
    threads: Vec<thread::JoinHandle<()>>,
    setup: Option<JoinHandle<()>>,
}

impl Crew {
    /// Starts connecting. `pool_runtime` is where the pool lives; `stop` ends every caller at once.
    pub fn start<O: Operations>(
        shared: &Arc<Shared<O>>,
        load: &Arc<Load>,
        pool_runtime: &Handle,
        stop: &CancellationToken,
    ) -> Result<Self, StartError> {
        let (ready_sender, ready) = channel();
        let (done_sender, done) = channel();
        let start = Start {
            shared: shared.clone(),
            load: load.clone(),
            stop: stop.clone(),
            ready: ready_sender,
            done: done_sender,
        };
        let mut crew = Self {
            ready,
            expected: 1,
            done,
            threads: Vec::new(),
            setup: None,
        };
        match load.drive.access {
            Access::Pinned => {
                crew.expected = load.callers();
                crew.threads = start.pinned()?;
            }
            Access::Pool => crew.setup = Some(pool_runtime.spawn(start.pooled())),
        }
        Ok(crew)
    }

    /// Waits until every caller's thread is gone; says whether one panicked.
    pub fn join(self) -> bool {
        let mut panicked = false;
        for thread in self.threads {
            panicked |= thread.join().is_err();
        }
        drop(self.setup);
        // Pool callers are tasks: the last of them dropped its end of the channel.
        while self.done.recv().is_ok() {}
        panicked
    }
}

/// What a worker needs to start.
struct Start<O> {
    shared: Arc<Shared<O>>,
    load: Arc<Load>,
    stop: CancellationToken,
    ready: Sender<Result<Primed, StartError>>,
    done: Sender<()>,
}

impl<O> Clone for Start<O> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            load: self.load.clone(),
            stop: self.stop.clone(),
            ready: self.ready.clone(),
            done: self.done.clone(),
        }
    }
}

impl<O: Operations> Start<O> {
    /// Worker threads, each with an event loop and connections of its own.
    fn pinned(&self) -> Result<Vec<thread::JoinHandle<()>>, StartError> {
        let callers = self.load.callers();
        let workers = self.load.drive.workers.clamp(1, callers.max(1));
        (0..workers)
            .map(|worker| {
                let start = self.clone();
                let mine: Vec<usize> = (worker..callers).step_by(workers).collect();
                let runtime = Builder::new_current_thread().enable_all().build()?;
                let body = move || {
                    sharpen_this_thread(CALLER_NICE);
                    let stop = start.stop.clone();
                    let mut tasks = JoinSet::new();
                    let guard = runtime.enter();
                    for caller in mine {
                        tasks.spawn(start.clone().pinned_caller(caller));
                    }
                    drop((guard, start));
                    runtime.block_on(async {
                        tokio::select! {
                            () = stop.cancelled() => {}
                            () = async { while tasks.join_next().await.is_some() {} } => {}
                        }
                        tasks.shutdown().await;
                    });
                };
                Ok(thread::Builder::new()
                    .name(format!("worker-{worker}"))
                    .spawn(body)?)
            })
            .collect()
    }

    async fn pinned_caller(self, caller: usize) {
        let primed = self.open_and_prime(caller).await;
        let Self {
            shared,
            ready,
            done,
            ..
        } = self;
        match primed {
            Ok((session, primed)) => {
                let _ = ready.send(Ok(primed));
                drop(ready);
                serve(&*shared, caller, Some(session)).await;
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        }
        drop(done);
    }

    async fn open_and_prime(&self, caller: usize) -> Result<(O::Session, Primed), StartError> {
        let operations = &*self.shared.operations;
        let mut session = operations
            .acquire()
            .await
            .map_err(|source| StartError::Connect {
                connections: self.load.drive.connections,
                source,
            })?;
        let until_ns = MonotonicClock.now_ns() + PRIME_NS_MAX;
        let primed = prime(
            operations,
            &self.load,
            &mut session,
            caller,
            until_ns,
            &self.stop,
        )
        .await?;
        Ok((session, primed))
    }

    /// Primes every connection of the pool, then starts the callers beside each other.
    async fn pooled(self) {
        let primed = tokio::select! {
            () = self.stop.cancelled() => return,
            primed = self.prime_pool() => primed,
        };
        let go = primed.is_ok();
        let _ = self.ready.send(primed);
        if !go {
            return;
        }
        let mut tasks = JoinSet::new();
        for caller in 0..self.load.callers() {
            let shared = self.shared.clone();
            tasks.spawn(async move { serve(&*shared, caller, None).await });
        }
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = async { while tasks.join_next().await.is_some() {} } => {}
        }
        tasks.shutdown().await;
    }

    async fn prime_pool(&self) -> Result<Primed, StartError> {
        let mut opening = JoinSet::new();
        let gate = Arc::new(tokio::sync::Barrier::new(self.load.drive.connections));
        for caller in 0..self.load.drive.connections {
            let (start, gate) = (self.clone(), gate.clone());
            opening.spawn(async move {
                let (session, primed) = start.open_and_prime(caller).await?;
                // Held until all are open, so that each one is a connection of its own.
                gate.wait().await;
                start.shared.operations.release(session).await;
                Ok::<_, StartError>(primed)
            });
        }
        let mut fewest = Primed {
            executions: u64::MAX,
        };
        while let Some(primed) = opening.join_next().await {
            let primed = primed.map_err(std::io::Error::other)??;
            fewest.executions = fewest.executions.min(primed.executions);
        }
        Ok(fewest)
    }
}
