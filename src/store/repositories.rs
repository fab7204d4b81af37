//! The three repositories over one source of connections.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

use super::connections::{Connections, Held};
use super::edition::Edition;
use super::error::StorageError;
use super::log::LogRepository;
use super::metric::MetricRepository;
use super::patience;
use super::trace::TraceRepository;

/// How long a connection of one's own waits for room in the server's queue.
const PATIENCE: Duration = Duration::from_secs(30);

/// Traces, metrics and logs of one store. A clone shares the source of connections.
#[derive(Debug, Clone)]
pub struct Repositories {
    /// Traces and their spans.
    pub traces: TraceRepository,
    /// Metric series and their points.
    pub metrics: MetricRepository,
    /// Log records.
    pub logs: LogRepository,
    connections: Connections,
}

impl Repositories {
    /// Repositories over `connections`, on a server of `edition`.
    pub fn new(connections: Connections, edition: Edition) -> Self {
        Self {
            traces: TraceRepository::new(connections.clone()),
            metrics: MetricRepository::new(connections.clone(), edition),
            logs: LogRepository::new(connections.clone()),
            connections,
        }
    }

    /// Opens a connection of their own, and pins them to it.
    ///
    /// # Errors
    /// Where the server does not answer or refuses.
    pub async fn connect(
        options: &PgConnectOptions,
        edition: Edition,
    ) -> Result<Self, StorageError> {
        let connection: PgConnection = patience::while_full(PATIENCE, || options.connect()).await?;
        Ok(Self::new(Connections::pinned(connection), edition))
    }

    /// Takes the pinned connection back; see [`Connections::take`].
    pub fn take_connection(&self) -> Option<Held> {
        self.connections.take()
    }
}
