//! Which kind of server answers, and so what SQL it understands.

use std::fmt;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

/// What a server can do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Edition {
    /// Plain tables, `date_bin`.
    Postgresql,
    /// Hypertables, `time_bucket`, chunk exclusion.
    TimescaledbApache,
    /// Also continuous aggregates, compression and policies.
    TimescaledbCommunity,
}

impl Edition {
    /// Asks the server behind `connection`: the extension in its database, else the one that could
    /// be created there, and then its licence.
    pub async fn detect(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let available: Option<String> = sqlx::query_scalar(
            "SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'",
        )
        .fetch_optional(&mut *connection)
        .await?;
        if available.is_none() {
            return Ok(Self::Postgresql);
        }
        let license: Option<String> =
            sqlx::query_scalar("SELECT current_setting('timescaledb.license', true)")
                .fetch_one(&mut *connection)
                .await?;
        Ok(match license.as_deref() {
            Some("timescale") => Self::TimescaledbCommunity,
            Some("apache") => Self::TimescaledbApache,
            _ => Self::Postgresql,
        })
    }

    /// Whether tables can be hypertables.
    pub fn has_hypertables(self) -> bool {
        self != Self::Postgresql
    }

    /// Whether continuous aggregates, compression and policies exist.
    pub fn is_community(self) -> bool {
        self == Self::TimescaledbCommunity
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Postgresql => "postgresql",
            Self::TimescaledbApache => "timescaledb-apache",
            Self::TimescaledbCommunity => "timescaledb-community",
        })
    }
}
