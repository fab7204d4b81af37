//! From a plan to a target.

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio_util::sync::CancellationToken;

use super::container::Container;
use super::external;
use super::start::Start;
use super::{Facts, KeepKey, RunLabel, TargetError};
use crate::plan::{TargetChoice, TargetPlan};
use crate::store::Edition;

/// Takes a line for people about what goes on.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// The schema that holds Highwater's tables, and the one of its extensions.
const SEARCH_PATH: &str = "highwater,public";

/// How a server is reached. It counts: through the port that Docker publishes a point read has two
/// fifths of the throughput of a unix socket, because the userland proxy copies every byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// A unix socket.
    UnixSocket,
    /// TCP on this machine.
    LoopbackPort,
    /// TCP to another machine.
    Network,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::UnixSocket => "unix-socket",
            Self::LoopbackPort => "loopback-port",
            Self::Network => "network",
        })
    }
}

/// A database that answers. Call [`Target::remove`] when it is no longer needed.
pub struct Target {
    options: PgConnectOptions,
    transport: Transport,
    edition: Edition,
    server: String,
    container: Option<Container>,
    cgroup: Option<PathBuf>,
}

impl Target {
    /// Brings up, or connects to, the target of a plan, and waits until it answers.
    ///
    /// `run` labels what is created. With `keep` a container that was kept under the same key is
    /// used, and a new one outlives the run. `cancel` ends the start. `progress` hears of what takes
    /// long. The variable `HIGHWATER_TRANSPORT=port` forces a port of 127.0.0.1.
    ///
    /// # Errors
    /// Whatever stands in the way of a database that answers; nothing is left behind.
    pub async fn provision(
        plan: &TargetPlan,
        run: &RunLabel,
        keep: Option<&KeepKey>,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Self, TargetError> {
        let forced = match std::env::var("HIGHWATER_TRANSPORT").as_deref() {
            Ok("port") => Some(Transport::LoopbackPort),
            Ok("socket") => Some(Transport::UnixSocket),
            _ => None,
        };
        Self::provision_over(forced, plan, run, keep, cancel, progress).await
    }

    /// The same, over a stated transport; `None` decides by the host.
    ///
    /// # Errors
    /// As [`Target::provision`].
    pub async fn provision_over(
        transport: Option<Transport>,
        plan: &TargetPlan,
        run: &RunLabel,
        keep: Option<&KeepKey>,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Self, TargetError> {
        match &plan.choice {
            TargetChoice::Local => Err(TargetError::LocalNotBuilt),
            TargetChoice::External(url) => tokio::select! {
                () = cancel.cancelled() => Err(TargetError::Cancelled),
                opened = external::open(url, plan) => Ok(Self::external(opened?)),
            },
            TargetChoice::Auto | TargetChoice::Docker => {
                let start = Start {
                    plan,
                    run,
                    keep,
                    transport,
                    cancel,
                    progress,
                };
                let (container, options, transport) = start.provision().await?;
                Self::contained(container, options, transport).await
            }
        }
    }

    fn external(opened: external::External) -> Self {
        Self {
            options: own_schema(opened.options),
            transport: opened.transport,
            edition: opened.edition,
            server: opened.server,
            container: None,
            cgroup: None,
        }
    }

    async fn contained(
        container: Container,
        options: PgConnectOptions,
        transport: Transport,
    ) -> Result<Self, TargetError> {
        let options = own_schema(options.application_name("highwater"));
        let server = format!("container {}", &container.id()[..12]);
        let edition = match prepare(&options).await {
            Ok(edition) => edition,
            Err(source) => {
                container.remove(false).await?;
                return Err(TargetError::Query {
                    action: "create the extensions",
                    server,
                    source,
                });
            }
        };
        if edition == Edition::Postgresql {
            container.remove(false).await?;
            return Err(TargetError::NoTimescaledb {
                server,
                found: "its image does not have it",
                advice: "use another image, or leave `--image` away",
            });
        }
        let cgroup = container.cgroup().await;
        Ok(Self {
            options,
            transport,
            edition,
            server,
            container: Some(container),
            cgroup,
        })
    }

    /// How to connect: user, password, database, and a search path of `highwater`, then `public`.
    /// Statements are not logged.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// What the server can do.
    pub fn edition(&self) -> Edition {
        self.edition
    }

    /// How the server is reached.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The server's name for people: its host, port and database, or its container.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// What is known of target and host, read at this moment.
    ///
    /// # Errors
    /// When the server or the daemon does not answer any more.
    pub async fn facts(&self) -> Result<Facts, TargetError> {
        Facts::of(self).await
    }

    /// Docker's id of the container; `None` without one.
    pub fn container_id(&self) -> Option<&str> {
        self.container.as_ref().map(Container::id)
    }

    /// The control group that accounts the server's CPU time: in version 1 the directory with
    /// `cpuacct.usage`, in version 2 the one with `cpu.stat`. `None` without a container, and where
    /// this host cannot see it.
    pub fn server_cgroup(&self) -> Option<&Path> {
        self.cgroup.as_deref()
    }

    /// Removes the container with its volumes and its socket directory, and waits until they are
    /// gone. A kept target and an external one stay.
    ///
    /// # Errors
    /// When the daemon refuses; `highwater clean` finds what is left.
    pub async fn remove(mut self) -> Result<(), TargetError> {
        match self.container.take() {
            Some(container) => container.remove(false).await,
            None => Ok(()),
        }
    }

    /// The same, although it is kept: for a fill that was interrupted, and a target that was given
    /// up. An external one stays.
    ///
    /// # Errors
    /// As [`Target::remove`].
    pub async fn discard(mut self) -> Result<(), TargetError> {
        match self.container.take() {
            Some(container) => container.remove(true).await,
            None => Ok(()),
        }
    }

    pub(super) fn container(&self) -> Option<&Container> {
        self.container.as_ref()
    }
}

impl fmt::Debug for Target {
    /// Without the connect options, which hold the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("server", &self.server)
            .field("edition", &self.edition)
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

fn own_schema(options: PgConnectOptions) -> PgConnectOptions {
    options
        .options([("search_path", SEARCH_PATH)])
        .disable_statement_logging()
}

/// Creates the extensions of a database that is ours alone, and asks for the edition. TimescaleDB
/// tells its licence only to a session that found the extension in its database, so a second
/// session asks.
async fn prepare(options: &PgConnectOptions) -> sqlx::Result<Edition> {
    let mut connection: PgConnection = options.connect().await?;
    let available: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM pg_available_extensions
         WHERE name IN ('timescaledb', 'pg_stat_statements') AND installed_version IS NULL",
    )
    .fetch_all(&mut connection)
    .await?;
    if available.iter().any(|name| name == "timescaledb") {
        sqlx::raw_sql("CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA public")
            .execute(&mut connection)
            .await?;
    }
    if available.iter().any(|name| name == "pg_stat_statements") {
        sqlx::raw_sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")
            .execute(&mut connection)
            .await?;
    }
    connection.close().await?;
    // The official image has the extension in `postgres` as well.
    for options in [options.clone(), options.clone().database("postgres")] {
        stop_jobs(&options).await?;
    }
    let mut connection: PgConnection = options.connect().await?;
    let edition = Edition::detect(&mut connection).await?;
    connection.close().await?;
    Ok(edition)
}

/// Ends TimescaleDB's job scheduler of a database until the server restarts. The extension brings
/// a scheduled job of its own, which would run while a run measures: at once, and again minutes
/// after a run of it that failed. `alter_job` would do, but the Apache edition does not have it.
async fn stop_jobs(options: &PgConnectOptions) -> sqlx::Result<()> {
    let mut connection: PgConnection = options.connect().await?;
    let extended: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')",
    )
    .fetch_one(&mut connection)
    .await?;
    if extended {
        sqlx::raw_sql("SELECT _timescaledb_functions.stop_background_workers()")
            .execute(&mut connection)
            .await?;
    }
    connection.close().await
}
