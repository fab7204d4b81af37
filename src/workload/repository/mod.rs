//! The store's own repository methods as operations of a drive.
//!
//! Input: the plan's operations, the data set, and connect options or a pool. Output: calls whose
//! parameters are drawn by index and whose answers are checked. A session is the repositories over
//! one connection in hand. Knows nothing of schedules.

mod reply;
mod run;
mod verdict;

use sqlx::ConnectOptions;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnectOptions;

use super::known::Known;
use super::operation::{Answer, CallError, ErrorClass, Operations};
use super::params::Draws;
use crate::dataset::Dataset;
use crate::plan::{Call, DrivePlan, OperationPlan, Plan};
use crate::store::{
    Connections, Edition, Repositories, StorageError, StoragePool, StoragePoolConfig,
};
use crate::units::Span;

pub use reply::Reply;

/// Repository calls over connections of their own, or over a pool.
#[derive(Debug)]
pub struct RepositoryWorkload {
    source: Source,
    edition: Edition,
    /// How long a session may take to recover.
    patience: Duration,
    operations: Vec<Operation>,
    known: Known,
}

#[derive(Debug)]
enum Source {
    Pinned(Box<PgConnectOptions>),
    Pool(StoragePool),
}

#[derive(Debug)]
struct Operation {
    call: Call,
    draws: Draws,
    /// The search text in lower case.
    search: String,
}

/// The repositories over one connection in hand.
#[derive(Debug)]
pub struct Session(Repositories);

/// How long a server may take after a statement's timeout to say so.
const GRACE: Duration = Duration::from_secs(1);

/// Connect options whose sessions give up a statement after `timeout`, and whose driver does not
/// look at each statement to log it. For [`RepositoryWorkload::pooled`]'s pool too.
pub fn session_options(options: PgConnectOptions, timeout: Span) -> PgConnectOptions {
    // The server takes whole milliseconds, and 0 would be no timeout at all.
    let milliseconds = timeout.0.as_millis().clamp(1, i32::MAX as u128);
    options
        .options([("statement_timeout", milliseconds)])
        .disable_statement_logging()
}

/// The settings of the pool that `drive` asks for. A time of 0 is never.
pub fn pool_config(drive: &DrivePlan) -> StoragePoolConfig {
    let unless_zero = |span: Span| (span.as_ns() > 0).then_some(span.0);
    StoragePoolConfig {
        max_connections: u32::try_from(drive.connections).unwrap_or(u32::MAX),
        min_connections: u32::try_from(drive.pool.min).unwrap_or(u32::MAX),
        acquire_timeout: drive.pool.acquire_timeout.0,
        idle_timeout: unless_zero(drive.pool.idle_timeout),
        max_lifetime: unless_zero(drive.pool.max_lifetime),
        test_before_acquire: drive.pool.test_before_acquire,
    }
}

impl RepositoryWorkload {
    /// Each session opens a connection of its own with `options`, and closes it when it is given
    /// back.
    pub fn pinned(
        options: PgConnectOptions,
        edition: Edition,
        plan: &Plan,
        dataset: &Dataset,
    ) -> Self {
        let options = session_options(options, plan.drive.timeout);
        Self::new(Source::Pinned(Box::new(options)), edition, plan, dataset)
    }

    /// Each session is a connection of `pool`, whose connect options went through
    /// [`session_options`].
    pub fn pooled(pool: StoragePool, edition: Edition, plan: &Plan, dataset: &Dataset) -> Self {
        Self::new(Source::Pool(pool), edition, plan, dataset)
    }

    fn new(source: Source, edition: Edition, plan: &Plan, dataset: &Dataset) -> Self {
        let operation = |(place, operation): (usize, &OperationPlan)| Operation {
            call: operation.call,
            draws: Draws::new(dataset, plan.seed, place, operation),
            search: operation.parameters.search.to_lowercase(),
        };
        Self {
            source,
            edition,
            patience: plan.drive.timeout.0 + GRACE,
            operations: plan.operations.iter().enumerate().map(operation).collect(),
            known: Known::new(dataset),
        }
    }

    /// The pool behind the sessions, for its counters; `None` where they are pinned.
    pub fn pool(&self) -> Option<&StoragePool> {
        match &self.source {
            Source::Pinned(_) => None,
            Source::Pool(pool) => Some(pool),
        }
    }

    async fn open(&self) -> Result<Repositories, StorageError> {
        match &self.source {
            Source::Pinned(options) => Repositories::connect(options, self.edition).await,
            Source::Pool(pool) => {
                let connections = Connections::pinned(pool.acquire().await?);
                Ok(Repositories::new(connections, self.edition))
            }
        }
    }
}

impl Operations for RepositoryWorkload {
    type Session = Session;
    type Reply = Reply;

    async fn acquire(&self) -> Result<Session, CallError> {
        Ok(Session(self.open().await?))
    }

    async fn release(&self, session: Session) {
        if let Some(connection) = session.0.take_connection() {
            connection.give_back().await;
        }
    }

    async fn recover(&self, session: Session) -> Option<Session> {
        let mut connection = session.0.take_connection()?;
        // A ping reads away what the abandoned statement still sends. The statement ends at its
        // statement_timeout; a server that does not answer a while after it is gone.
        let answered = tokio::time::timeout(self.patience, connection.ping()).await;
        if matches!(answered, Ok(Ok(()))) {
            let connections = Connections::pinned(connection);
            Some(Session(Repositories::new(connections, self.edition)))
        } else {
            connection.abandon();
            None
        }
    }

    fn discard(&self, session: Session) {
        if let Some(connection) = session.0.take_connection() {
            connection.abandon();
        }
    }

    async fn call(
        &self,
        session: &mut Session,
        operation: usize,
        index: u64,
    ) -> Result<Reply, CallError> {
        let Some(operation) = self.operations.get(operation) else {
            return Err(no_such_operation(operation));
        };
        Ok(self.run(&session.0, operation, index).await?)
    }

    fn check(&self, operation: usize, index: u64, reply: Reply) -> Answer {
        Answer {
            rows: reply.rows(),
            verdict: self.verdict(operation, index, &reply),
        }
    }
}

impl From<StorageError> for CallError {
    fn from(error: StorageError) -> Self {
        let class = match &error {
            StorageError::PoolTimeout => ErrorClass::PoolTimeout,
            StorageError::Connection(_) | StorageError::ConnectionTaken => ErrorClass::Connection,
            // What this program cannot put on the wire is told apart by its message alone.
            StorageError::Decode(_)
            | StorageError::Encode { .. }
            | StorageError::TimeRange(_)
            | StorageError::Argument { .. } => ErrorClass::Decode,
            StorageError::Database { .. } => {
                ErrorClass::SqlState(error.sqlstate_class().unwrap_or(*b"XX"))
            }
        };
        Self {
            class,
            connection_lost: error.connection_lost(),
            message: error.to_string(),
        }
    }
}

fn no_such_operation(operation: usize) -> CallError {
    CallError {
        class: ErrorClass::Decode,
        message: format!("operation {operation} is not in the plan"),
        connection_lost: false,
    }
}
