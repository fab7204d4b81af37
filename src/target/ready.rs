//! When a server in a container is the one that stays.
//!
//! The official image starts a server for its initialisation, on the same socket, and stops it
//! again; that one has no `listen_addresses`. Ready means that a query answers and that
//! `listen_addresses` is set.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::TargetError;
use super::docker;
use super::error::bollard::Docker;

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);
/// The pause between two looks at the container itself.
const LOOK: Duration = Duration::from_millis(500);
/// How long a server that says it is ready may stay out of reach: longer than the official image
/// takes to replace its init-time server.
const OUT_OF_REACH: Duration = Duration::from_secs(8);
/// Lines of the log that an error shows.
const LOG_LINES: u32 = 20;

/// A server that is awaited.
pub(super) struct Awaited<'a> {
    /// The daemon.
    pub(super) docker: &'a Docker,
    /// The container.
    pub(super) id: &'a str,
    /// How to reach the server.
    pub(super) options: &'a PgConnectOptions,
    /// Whether that is through a socket.
    pub(super) by_socket: bool,
    /// How long it may take.
    pub(super) timeout: Duration,
}

impl Awaited<'_> {
    /// Waits until the server is the final one and answers.
    pub(super) async fn ready(&self, cancel: &CancellationToken) -> Result<(), TargetError> {
        tokio::select! {
            () = cancel.cancelled() => Err(TargetError::Cancelled),
            result = self.poll() => result,
        }
    }

    async fn poll(&self) -> Result<(), TargetError> {
        let started = Instant::now();
        let mut looked = started;
        let mut said_ready: Option<Instant> = None;
        loop {
            let cause = match self.attempt().await {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    said_ready = None;
                    "only the init-time server answers".to_owned()
                }
                Err(error) => {
                    // A server that refuses is within reach.
                    if error.as_database_error().is_some() {
                        said_ready = None;
                    }
                    error.to_string()
                }
            };
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                self.fail_if_exited().await?;
                self.fail_if_out_of_reach(&mut said_ready).await?;
            }
            if started.elapsed() >= self.timeout {
                return Err(TargetError::NotReady {
                    waited: self.timeout,
                    cause,
                    log: docker::log_tail(self.docker, self.id, LOG_LINES).await,
                });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Whether the final server answers.
    async fn attempt(&self) -> sqlx::Result<bool> {
        let attempt = async {
            let mut connection: PgConnection = self.options.connect().await?;
            let addresses: String = sqlx::query_scalar("SHOW listen_addresses")
                .fetch_one(&mut connection)
                .await?;
            connection.close().await?;
            Ok(!addresses.trim().is_empty())
        };
        tokio::time::timeout(Duration::from_secs(5), attempt)
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn fail_if_exited(&self) -> Result<(), TargetError> {
        let state = self
            .docker
            .inspect_container(self.id, None)
            .await
            .map_err(TargetError::docker("look at the container"))?
            .state
            .unwrap_or_default();
        if state.running == Some(true) {
            return Ok(());
        }
        Err(TargetError::ServerExited {
            code: state.exit_code.unwrap_or(-1),
            log: docker::log_tail(self.docker, self.id, LOG_LINES).await,
        })
    }

    /// A server whose log says that it accepts connections, and whose socket still does not answer,
    /// lives in another kernel, as under Docker Desktop.
    async fn fail_if_out_of_reach(
        &self,
        said_ready: &mut Option<Instant>,
    ) -> Result<(), TargetError> {
        if !self.by_socket {
            return Ok(());
        }
        let log = docker::log_tail(self.docker, self.id, LOG_LINES).await;
        if !log.contains("ready to accept connections") {
            *said_ready = None;
            return Ok(());
        }
        let since = *said_ready.get_or_insert_with(Instant::now);
        if since.elapsed() >= OUT_OF_REACH {
            return Err(TargetError::SocketUnreachable);
        }
        Ok(())
    }
}
