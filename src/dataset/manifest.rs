//! What a target was filled with: one row of `highwater.manifest`.
//!
//! Input: a connection. Output: the row, or a change of its state. A fill that died half way reads
//! as `filling` for ever, and so is never taken for whole. Knows nothing of rows.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::error::FillError;
use super::key::{Dataset, GENERATOR_VERSION};

/// How far a fill came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillState {
    /// It has begun; where no fill is running, it died.
    Filling,
    /// Every row is there.
    Complete,
}

/// The row of `highwater.manifest`.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The generator that made the rows.
    pub generator_version: i32,
    /// The data set's digest.
    pub digest: String,
    /// The data set's plan.
    pub plan: serde_json::Value,
    /// How far the fill came.
    pub state: FillState,
    /// Whether a run has written to the tables since.
    pub dirty: bool,
    /// When the fill began, by the server's clock.
    pub started_at: DateTime<Utc>,
    /// When it ended; absent until then.
    pub finished_at: Option<DateTime<Utc>>,
}

type ManifestRow = (
    i32,
    String,
    serde_json::Value,
    String,
    bool,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
);

/// The manifest of the target; `None` when it was never filled.
pub async fn read(connection: &mut PgConnection) -> Result<Option<Manifest>, FillError> {
    let row: Option<ManifestRow> = sqlx::query_as(
        "SELECT generator_version, digest, plan, state, dirty, started_at, finished_at
         FROM highwater.manifest",
    )
    .fetch_optional(connection)
    .await
    .map_err(FillError::sql("reading the manifest"))?;
    Ok(row.map(|row| Manifest {
        generator_version: row.0,
        digest: row.1,
        plan: row.2,
        state: if row.3 == "complete" {
            FillState::Complete
        } else {
            FillState::Filling
        },
        dirty: row.4,
        started_at: row.5,
        finished_at: row.6,
    }))
}

/// Says that the target is being filled with `dataset`; what was said before is forgotten.
pub async fn begin(connection: &mut PgConnection, dataset: &Dataset) -> Result<(), FillError> {
    let plan = serde_json::to_value(dataset.plan()).unwrap_or_default();
    sqlx::query(
        "INSERT INTO highwater.manifest (generator_version, digest, plan, state)
         VALUES ($1, $2, $3, 'filling')
         ON CONFLICT (one) DO UPDATE SET generator_version = excluded.generator_version,
             digest = excluded.digest, plan = excluded.plan, state = excluded.state,
             dirty = false, started_at = now(), finished_at = NULL",
    )
    .bind(GENERATOR_VERSION.cast_signed())
    .bind(dataset.digest())
    .bind(plan)
    .execute(connection)
    .await
    .map_err(FillError::sql("beginning the manifest"))?;
    Ok(())
}

/// Says that every row is there.
pub async fn complete(connection: &mut PgConnection) -> Result<(), FillError> {
    sqlx::query("UPDATE highwater.manifest SET state = 'complete', finished_at = now()")
        .execute(connection)
        .await
        .map_err(FillError::sql("completing the manifest"))?;
    Ok(())
}

/// Says that the tables no longer hold the data set alone; called before a run's first write.
pub async fn mark_dirty(connection: &mut PgConnection) -> Result<(), FillError> {
    sqlx::query("UPDATE highwater.manifest SET dirty = true")
        .execute(connection)
        .await
        .map_err(FillError::sql("marking the manifest dirty"))?;
    Ok(())
}
