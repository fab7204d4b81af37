//! What was found out about target and host.
//!
//! Output: [`Facts`], part of every archive. No password is among them: no connection string is
//! stored, and settings that can hold one are left out.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{ConnectOptions, Connection, PgConnection};

use super::container::Container;
use super::provision::{Target, Transport};
use super::{HostFacts, TargetError, commit};
use crate::store::Edition;

/// The target and the host, described.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Highwater's own version.
    pub highwater: String,
    /// The commit that it was built from, with `-dirty` where files differ from it; `unknown`
    /// outside a checkout.
    pub commit: String,
    /// What the server can do.
    pub edition: Edition,
    /// The server's version, such as `17.6`.
    pub postgresql: String,
    /// The extension's version; absent where the database has none.
    pub timescaledb: Option<String>,
    /// How the server is reached.
    pub transport: Transport,
    /// Host, port and database of an external server, without user and password; absent for a
    /// container.
    pub server: Option<String>,
    /// What the container was made from; absent without a container.
    pub image: Option<ImageFacts>,
    /// What the container may use; absent without a container.
    pub limits: Option<ContainerLimits>,
    /// Server settings that differ from their defaults, and [`Facts::ALWAYS`]; with units, such as
    /// `128MB`.
    pub settings: BTreeMap<String, String>,
    /// The machine that generates the load.
    pub host: HostFacts,
}

/// An image, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageFacts {
    /// Name and tag.
    pub reference: String,
    /// `sha256:...`
    pub id: String,
}

/// What a container may use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerLimits {
    /// CPUs; absent without a limit.
    pub cpus: Option<f64>,
    /// CPU numbers, such as `0-1`; absent without a limit.
    pub cpuset: Option<String>,
    /// Memory, in bytes; absent without a limit.
    pub memory_bytes: Option<u64>,
    /// `/dev/shm`, in bytes.
    pub shm_bytes: u64,
}

impl Facts {
    /// Settings that are listed even at their defaults, because a number means little without them.
    pub const ALWAYS: [&str; 5] = [
        "fsync",
        "full_page_writes",
        "max_connections",
        "shared_buffers",
        "synchronous_commit",
    ];

    /// Asks the server, the daemon and the host.
    pub(super) async fn of(target: &Target) -> Result<Self, TargetError> {
        let asked = ask(target).await.map_err(|source| TargetError::Query {
            action: "read the server's settings",
            server: target.server().to_owned(),
            source,
        })?;
        let container = target.container();
        let limits = match container {
            Some(container) => Some(ContainerLimits::of(container).await?),
            None => None,
        };
        Ok(Self {
            highwater: env!("CARGO_PKG_VERSION").to_owned(),
            commit: commit::current(),
            edition: target.edition(),
            postgresql: asked.postgresql,
            timescaledb: asked.timescaledb,
            transport: target.transport(),
            server: container.is_none().then(|| target.server().to_owned()),
            image: container.map(|container| ImageFacts {
                reference: container.image().reference.clone(),
                id: container.image().id.clone(),
            }),
            limits,
            settings: asked.settings,
            host: HostFacts::read(),
        })
    }
}

impl ContainerLimits {
    async fn of(container: &Container) -> Result<Self, TargetError> {
        let host = container.inspect().await?.host_config.unwrap_or_default();
        let positive = |number: Option<i64>| number.filter(|number| *number > 0);
        Ok(Self {
            cpus: positive(host.nano_cpus).map(|nano| nano as f64 / 1e9),
            cpuset: host.cpuset_cpus.filter(|cpus| !cpus.is_empty()),
            memory_bytes: positive(host.memory).map(i64::unsigned_abs),
            shm_bytes: positive(host.shm_size).map_or(0, i64::unsigned_abs),
        })
    }
}

struct Asked {
    postgresql: String,
    timescaledb: Option<String>,
    settings: BTreeMap<String, String>,
}

async fn ask(target: &Target) -> sqlx::Result<Asked> {
    let mut connection = target.connect_options().connect().await?;
    let version: String = sqlx::query_scalar("SHOW server_version")
        .fetch_one(&mut connection)
        .await?;
    let timescaledb =
        sqlx::query_scalar("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
            .fetch_optional(&mut connection)
            .await?;
    let settings = settings(&mut connection).await?;
    connection.close().await?;
    Ok(Asked {
        // Debian appends the package's version: `17.6 (Debian 17.6-0+deb13u1)`.
        postgresql: version.split(' ').next().unwrap_or_default().to_owned(),
        timescaledb,
        settings,
    })
}

/// `client` and `session` are this connection's own settings; the names that are left out can hold
/// a password or a path of the server's machine.
async fn settings(connection: &mut PgConnection) -> sqlx::Result<BTreeMap<String, String>> {
    let rows: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT name, current_setting(name, true)
         FROM pg_settings
         WHERE (source NOT IN ('default', 'client', 'session') OR name = ANY($1))
           AND category <> 'Preset Options'
           AND name NOT LIKE '%\\_command' AND name NOT LIKE '%\\_file'
           AND name NOT LIKE '%\\_directory' AND name NOT LIKE '%\\_directories'
           AND name <> 'primary_conninfo'",
    )
    .bind(Facts::ALWAYS.map(str::to_owned).to_vec())
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect())
}
