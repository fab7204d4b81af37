//! The target before the first row and after the last.
//!
//! Input: a connection to a migrated target. Output: chunks that exist, or tables that are
//! vacuumed, analysed and on disk. Knows nothing of rows.

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::error::FillError;
use super::tables::Table;
use crate::plan::DatasetPlan;

/// A connection that a fill may hold for as long as it takes.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, FillError> {
    let mut connection = PgConnection::connect_with(options)
        .await
        .map_err(FillError::sql("connecting to fill the target"))?;
    sqlx::query("SET statement_timeout = 0")
        .execute(&mut connection)
        .await
        .map_err(FillError::sql("lifting the statement timeout"))?;
    Ok(connection)
}

/// Empties every table of the data set and the manifest of it.
pub(super) async fn truncate(connection: &mut PgConnection) -> Result<(), FillError> {
    // One statement a table: TimescaleDB drops the chunks of each, and takes fewer locks at once.
    for statement in [
        "TRUNCATE highwater.traces",
        "TRUNCATE highwater.trace_spans",
        "TRUNCATE highwater.metrics",
        "TRUNCATE highwater.metric_data_points",
        "TRUNCATE highwater.log_records",
        "TRUNCATE highwater.llm_traces",
    ] {
        sqlx::query(statement)
            .execute(&mut *connection)
            .await
            .map_err(FillError::sql("emptying the tables of a half-done fill"))?;
    }
    Ok(())
}

/// Refuses a target that holds rows without a manifest.
pub(super) async fn refuse_rows(connection: &mut PgConnection) -> Result<(), FillError> {
    for table in Table::ALL {
        let any = match table {
            Table::Traces => "SELECT EXISTS (SELECT FROM highwater.traces)",
            Table::Spans => "SELECT EXISTS (SELECT FROM highwater.trace_spans)",
            Table::Metrics => "SELECT EXISTS (SELECT FROM highwater.metrics)",
            Table::Points => "SELECT EXISTS (SELECT FROM highwater.metric_data_points)",
            Table::Logs => "SELECT EXISTS (SELECT FROM highwater.log_records)",
        };
        let found: bool = sqlx::query_scalar(any)
            .fetch_one(&mut *connection)
            .await
            .map_err(FillError::sql("looking for rows"))?;
        if found {
            return Err(FillError::Unaccounted {
                table: table.name(),
            });
        }
    }
    Ok(())
}

/// Makes every chunk that the data set needs, by a row in each that is deleted again.
///
/// A session that makes a chunk holds a lock on its hypertable until it commits, so a COPY that
/// made the chunks it came to would stop all others.
pub(super) async fn make_chunks(
    connection: &mut PgConnection,
    plan: &DatasetPlan,
) -> Result<(), FillError> {
    const INTO: [[&str; 2]; 4] = [
        [
            "INSERT INTO highwater.traces (id, trace_id, service_name, start_time, status)
             SELECT gen_random_uuid(), '', '', t, '' FROM chunk_starts",
            "DELETE FROM highwater.traces",
        ],
        [
            "INSERT INTO highwater.trace_spans
                 (id, trace_id, span_id, name, kind, service_name, start_time, status)
             SELECT gen_random_uuid(), gen_random_uuid(), '', '', '', '', t, '' FROM chunk_starts",
            "DELETE FROM highwater.trace_spans",
        ],
        [
            "INSERT INTO highwater.metric_data_points (id, metric_id, timestamp)
             SELECT gen_random_uuid(), gen_random_uuid(), t FROM chunk_starts",
            "DELETE FROM highwater.metric_data_points",
        ],
        [
            "INSERT INTO highwater.log_records
                 (id, timestamp, observed_timestamp, severity_number, severity_text, body,
                  service_name)
             SELECT gen_random_uuid(), t, t, 0, '', '', '' FROM chunk_starts",
            "DELETE FROM highwater.log_records",
        ],
    ];
    let doing = || FillError::sql("making the chunks");
    let mut transaction = connection.begin().await.map_err(doing())?;
    sqlx::query(
        "CREATE TEMPORARY TABLE chunk_starts ON COMMIT DROP AS
         SELECT generate_series($1, $2, (
             SELECT min(time_interval) FROM timescaledb_information.dimensions
             WHERE hypertable_schema = 'highwater')) AS t
         UNION SELECT $2",
    )
    .bind(plan.start())
    .bind(plan.end - chrono::TimeDelta::microseconds(1))
    .execute(&mut *transaction)
    .await
    .map_err(doing())?;
    for statement in INTO.as_flattened() {
        sqlx::query(*statement)
            .execute(&mut *transaction)
            .await
            .map_err(doing())?;
    }
    transaction.commit().await.map_err(doing())
}

/// Keeps autovacuum off the tables while they fill, and off the chunks that they then get.
///
/// It would read what is still being written, and [`settle`]'s VACUUM would wait a second
/// (`deadlock_timeout`) for each chunk on which it found autovacuum at work.
pub(super) async fn hold_autovacuum(connection: &mut PgConnection) -> Result<(), FillError> {
    let hold = [
        "ALTER TABLE highwater.traces SET (autovacuum_enabled = false)",
        "ALTER TABLE highwater.trace_spans SET (autovacuum_enabled = false)",
        "ALTER TABLE highwater.metric_data_points SET (autovacuum_enabled = false)",
        "ALTER TABLE highwater.log_records SET (autovacuum_enabled = false)",
    ];
    run_all(connection, &hold)
        .await
        .map_err(FillError::sql("holding autovacuum"))
}

/// Lets autovacuum at the tables again, and at all their chunks.
pub(super) async fn release_autovacuum(connection: &mut PgConnection) -> Result<(), FillError> {
    let release = [
        "ALTER TABLE highwater.traces RESET (autovacuum_enabled)",
        "ALTER TABLE highwater.trace_spans RESET (autovacuum_enabled)",
        "ALTER TABLE highwater.metric_data_points RESET (autovacuum_enabled)",
        "ALTER TABLE highwater.log_records RESET (autovacuum_enabled)",
    ];
    run_all(connection, &release)
        .await
        .map_err(FillError::sql("releasing autovacuum"))
}

/// VACUUM (ANALYZE) of every table, the largest ones beside each other, then CHECKPOINT: what a
/// run then measures is neither a first visit to a row nor the writing of the fill.
pub(super) async fn settle(
    options: &PgConnectOptions,
    connection: &mut PgConnection,
) -> Result<(), FillError> {
    let mut other = connect(options).await?;
    let (one, two) = tokio::join!(
        run_all(
            &mut *connection,
            &[
                "VACUUM (ANALYZE) highwater.trace_spans",
                "VACUUM (ANALYZE) highwater.traces",
                "VACUUM (ANALYZE) highwater.metrics",
            ]
        ),
        run_all(
            &mut other,
            &[
                "VACUUM (ANALYZE) highwater.log_records",
                "VACUUM (ANALYZE) highwater.metric_data_points",
            ]
        ),
    );
    one.and(two)
        .map_err(FillError::sql("vacuuming the tables"))?;
    match run_all(connection, &["CHECKPOINT"]).await {
        // A user of somebody else's server may not be allowed to; the server will in its own time.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => Ok(()),
        done => done.map_err(FillError::sql("writing a checkpoint")),
    }
}

async fn run_all(
    connection: &mut PgConnection,
    statements: &[&'static str],
) -> Result<(), sqlx::Error> {
    for statement in statements {
        sqlx::query(*statement).execute(&mut *connection).await?;
    }
    Ok(())
}
