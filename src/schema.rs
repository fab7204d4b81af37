//! The schema: `migrations/` applied, by edition.
//!
//! Input: a reachable database, its edition, the plan of the schema. Output: tables, keys and
//! indexes in the schema `highwater`. Knows nothing of rows.
//!
//! A migration's number says who gets it: 1 to 99 every edition, 100 to 199 `postgresql`, 200 to
//! 299 both TimescaleDB editions, 300 to 399 the community edition. One migrator is built of what
//! an edition gets, because two on one table would each miss the other's versions.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::types::PgInterval;
use sqlx::{Connection, PgConnection};

use crate::plan::SchemaPlan;
use crate::store::Edition;
use crate::units::Span;

/// The schema that holds all of Highwater's own tables.
pub const SCHEMA: &str = "highwater";

static ALL: Migrator = sqlx::migrate!("./migrations");

/// What [`migrate`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The highest version that the target is at.
    pub version: i64,
    /// Migrations that were missing.
    pub new: usize,
}

/// Why a target has no schema that this binary can use.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The database refused.
    #[error("{doing} failed: {source}")]
    Sql {
        /// What was being done.
        doing: &'static str,
        /// The database's words.
        source: sqlx::Error,
    },
    /// A newer Highwater has migrated the target.
    #[error(
        "the target's schema is at version {found}, this binary knows versions up to {known}; \
         use a newer highwater, or another target"
    )]
    Newer {
        /// The target's version.
        found: i64,
        /// The highest version of this binary.
        known: i64,
    },
    /// The target was migrated as another edition.
    #[error(
        "the target's schema has migration {version}, which edition {edition} does not use; \
         drop the schema `highwater` there, or use another target"
    )]
    OtherEdition {
        /// The migration that gives it away.
        version: i64,
        /// The edition asked for.
        edition: Edition,
    },
    /// The target's chunks are of another length.
    #[error(
        "the target's chunks cover {found}, the scenario asks for {wanted}; \
         drop the schema `highwater` there, or use another target"
    )]
    ChunkInterval {
        /// What they cover, as PostgreSQL prints it.
        found: String,
        /// What was asked for.
        wanted: Span,
    },
    /// A migration failed, or differs from the one that the target has.
    #[error("migrating the schema failed: {0}; drop the schema `highwater`, or use another target")]
    Migration(#[from] MigrateError),
}

impl SchemaError {
    fn sql(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Sql { doing, source }
    }
}

/// Brings the database behind `options` to this binary's schema for `edition`. Running it again
/// changes nothing.
///
/// # Errors
/// [`SchemaError::Newer`], [`SchemaError::OtherEdition`] and [`SchemaError::ChunkInterval`] before
/// anything is changed.
pub async fn migrate(
    options: &PgConnectOptions,
    edition: Edition,
    plan: &SchemaPlan,
) -> Result<Applied, SchemaError> {
    let mut connection = connect(options).await?;
    let before = versions(&mut connection).await?;
    refuse_foreign(&before, edition)?;
    if !before.is_empty() && edition.has_hypertables() {
        refuse_other_chunks(&mut connection, plan).await?;
    }
    prepare(&mut connection, edition, plan).await?;
    let migrations: Vec<Migration> = ALL
        .iter()
        .filter(|m| serves(m.version, edition))
        .cloned()
        .collect();
    let applied = Applied {
        version: migrations.iter().map(|m| m.version).max().unwrap_or(0),
        new: migrations.len() - before.len(),
    };
    // `run` takes an `Acquire`, whose lifetimes keep a future from moving between threads.
    Migrator::with_migrations(migrations)
        .run_direct(None, &mut connection, false)
        .await?;
    connection
        .close()
        .await
        .map_err(SchemaError::sql("closing a connection"))?;
    Ok(applied)
}

/// Drops the schema `highwater` with everything in it.
pub async fn reset(options: &PgConnectOptions) -> Result<(), SchemaError> {
    let mut connection = connect(options).await?;
    sqlx::query("DROP SCHEMA IF EXISTS highwater CASCADE")
        .execute(&mut connection)
        .await
        .map_err(SchemaError::sql("dropping the schema `highwater`"))?;
    connection
        .close()
        .await
        .map_err(SchemaError::sql("closing a connection"))
}

/// Whether an edition gets a migration.
fn serves(version: i64, edition: Edition) -> bool {
    match version / 100 {
        0 => true,
        1 => !edition.has_hypertables(),
        2 => edition.has_hypertables(),
        3 => edition.is_community(),
        _ => false,
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, SchemaError> {
    PgConnection::connect_with(options)
        .await
        .map_err(SchemaError::sql("connecting to migrate the target"))
}

/// Versions that the target has, ascending; none when it was never migrated.
async fn versions(connection: &mut PgConnection) -> Result<Vec<i64>, SchemaError> {
    let doing = || SchemaError::sql("reading the schema's version");
    let migrated: bool =
        sqlx::query_scalar("SELECT to_regclass('highwater._sqlx_migrations') IS NOT NULL")
            .fetch_one(&mut *connection)
            .await
            .map_err(doing())?;
    if !migrated {
        return Ok(Vec::new());
    }
    sqlx::query_scalar("SELECT version FROM highwater._sqlx_migrations ORDER BY version")
        .fetch_all(connection)
        .await
        .map_err(doing())
}

fn refuse_foreign(found: &[i64], edition: Edition) -> Result<(), SchemaError> {
    if let Some(newest) = found
        .iter()
        .rev()
        .find(|version| !ALL.version_exists(**version))
    {
        let known = ALL.iter().map(|m| m.version).max().unwrap_or(0);
        return Err(SchemaError::Newer {
            found: *newest,
            known,
        });
    }
    match found.iter().find(|version| !serves(**version, edition)) {
        Some(version) => Err(SchemaError::OtherEdition {
            version: *version,
            edition,
        }),
        None => Ok(()),
    }
}

async fn refuse_other_chunks(
    connection: &mut PgConnection,
    plan: &SchemaPlan,
) -> Result<(), SchemaError> {
    let found: Option<String> = sqlx::query_scalar(
        "SELECT time_interval::text FROM timescaledb_information.dimensions
         WHERE hypertable_schema = 'highwater' AND time_interval <> $1 LIMIT 1",
    )
    .bind(interval(plan.chunk_interval))
    .fetch_optional(connection)
    .await
    .map_err(SchemaError::sql("reading the chunk interval"))?;
    match found {
        Some(found) => Err(SchemaError::ChunkInterval {
            found,
            wanted: plan.chunk_interval,
        }),
        None => Ok(()),
    }
}

/// Makes what the migrations take for granted: the schema, the extension, the session's settings.
async fn prepare(
    connection: &mut PgConnection,
    edition: Edition,
    plan: &SchemaPlan,
) -> Result<(), SchemaError> {
    sqlx::query("CREATE SCHEMA IF NOT EXISTS highwater")
        .execute(&mut *connection)
        .await
        .map_err(SchemaError::sql("creating the schema `highwater`"))?;
    if edition.has_hypertables() {
        sqlx::query("CREATE EXTENSION IF NOT EXISTS timescaledb WITH SCHEMA public")
            .execute(&mut *connection)
            .await
            .map_err(SchemaError::sql("creating the extension `timescaledb`"))?;
    }
    sqlx::query(
        "SELECT set_config('search_path', 'highwater,public', false),
             set_config('statement_timeout', '0', false),
             set_config('highwater.chunk_interval', $1::interval::text, false)",
    )
    .bind(interval(plan.chunk_interval))
    .execute(connection)
    .await
    .map_err(SchemaError::sql("setting up the migrating session"))?;
    Ok(())
}

/// PostgreSQL's interval of whole microseconds.
fn interval(span: Span) -> PgInterval {
    let microseconds = i64::try_from(span.0.max(Duration::from_micros(1)).as_micros());
    PgInterval {
        months: 0,
        days: 0,
        microseconds: microseconds.unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_serves_an_edition_and_none_serves_all_but_base() {
        let editions = [
            Edition::Postgresql,
            Edition::TimescaledbApache,
            Edition::TimescaledbCommunity,
        ];
        for migration in ALL.iter() {
            let served = editions
                .iter()
                .filter(|e| serves(migration.version, **e))
                .count();
            assert!(served >= 1, "{}", migration.version);
            assert_eq!(served == 3, migration.version < 100);
        }
    }

    #[test]
    fn a_newer_target_is_refused_with_both_versions() {
        let error = refuse_foreign(&[1, 2, 201, 999], Edition::TimescaledbApache).unwrap_err();
        insta::assert_snapshot!(error, @"the target's schema is at version 999, this binary knows versions up to 303; use a newer highwater, or another target");
    }

    #[test]
    fn another_edition_is_refused() {
        let error = refuse_foreign(&[1, 2, 201], Edition::Postgresql).unwrap_err();
        assert!(
            matches!(error, SchemaError::OtherEdition { version: 201, .. }),
            "{error}"
        );
        assert!(refuse_foreign(&[1, 2], Edition::TimescaledbCommunity).is_ok());
    }
}
