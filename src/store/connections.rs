//! Where a repository gets its connection: from a pool for each call, or one that is pinned.
//!
//! A clone shares the source. The lock around a pinned connection is never contended where one
//! caller runs one call at a time; then it costs two atomic operations.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Connection, PgConnection, Postgres};
use tokio::sync::{Mutex, MutexGuard};

use super::error::StorageError;
use super::pool::StoragePool;

/// A source of connections.
#[derive(Debug, Clone)]
pub struct Connections(Source);

#[derive(Debug, Clone)]
enum Source {
    Pool(StoragePool),
    Pinned(Arc<Mutex<Option<Held>>>),
}

/// One connection in hand.
#[derive(Debug)]
pub enum Held {
    /// Opened by its holder.
    Own(PgConnection),
    /// On loan from a pool.
    Pooled(PoolConnection<Postgres>),
}

/// A connection for the length of one call.
#[derive(Debug)]
pub(super) enum Lease<'a> {
    Pool(PoolConnection<Postgres>),
    Pinned(MutexGuard<'a, Option<Held>>),
}

impl Connections {
    /// Each call takes a connection from `pool` and gives it back.
    pub fn pooled(pool: StoragePool) -> Self {
        Self(Source::Pool(pool))
    }

    /// Every call runs on `connection`, one after the other.
    pub fn pinned(connection: impl Into<Held>) -> Self {
        Self(Source::Pinned(Arc::new(Mutex::new(Some(
            connection.into(),
        )))))
    }

    /// Takes the pinned connection back; later calls fail with
    /// [`StorageError::ConnectionTaken`]. `None` over a pool, while a call runs, or when it was
    /// taken before.
    pub fn take(&self) -> Option<Held> {
        match &self.0 {
            Source::Pool(_) => None,
            Source::Pinned(held) => held.try_lock().ok()?.take(),
        }
    }

    pub(super) async fn lease(&self) -> Result<Lease<'_>, StorageError> {
        match &self.0 {
            Source::Pool(pool) => Ok(Lease::Pool(pool.acquire().await?)),
            Source::Pinned(held) => Ok(Lease::Pinned(held.lock().await)),
        }
    }
}

impl Lease<'_> {
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, StorageError> {
        match self {
            Self::Pool(connection) => Ok(connection),
            Self::Pinned(held) => match held.as_mut() {
                Some(held) => Ok(held),
                None => Err(StorageError::ConnectionTaken),
            },
        }
    }
}

impl Held {
    /// Gives a loan back and waits for the pool's own checks (its ping); closes a connection of
    /// one's own in order.
    pub async fn give_back(self) {
        match self {
            // A close that fails leaves nothing to do: the socket is gone either way.
            Self::Own(connection) => drop(connection.close().await),
            Self::Pooled(mut connection) => connection.return_to_pool().await,
        }
    }

    /// Drops the socket without a word, and frees the loan's place in its pool at once. What the
    /// server still runs for this connection ends at its `statement_timeout`, or when it next
    /// writes to the socket.
    pub fn abandon(self) {
        match self {
            Self::Own(connection) => drop(connection),
            Self::Pooled(connection) => drop(connection.detach()),
        }
    }
}

impl From<PgConnection> for Held {
    fn from(connection: PgConnection) -> Self {
        Self::Own(connection)
    }
}

impl From<PoolConnection<Postgres>> for Held {
    fn from(connection: PoolConnection<Postgres>) -> Self {
        Self::Pooled(connection)
    }
}

impl Deref for Held {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Pooled(connection) => connection,
        }
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Pooled(connection) => connection,
        }
    }
}
