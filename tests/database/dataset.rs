//! The data set on a real server: what was filled is what the generator says.

#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "trials fail by panicking; sums are exact by construction and compared to the last bit"
)]

use std::future::Future;

use chrono::{DateTime, TimeDelta, Utc};
use highwater::dataset::manifest::{self, FillState};
use highwater::dataset::{
    COMMON_TERM, Dataset, ERROR_TERM, FillError, Filled, RARE_TERM, Silent, Table, ensure_filled,
    fill,
};
use highwater::plan::{DatasetPlan, SchemaPlan};
use highwater::schema::{self, SchemaError};
use highwater::store::Edition;
use highwater::units::Span;
use libtest_mimic::Trial;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::fixture::Fixture;

pub(crate) fn trials(fixture: &Fixture) -> Vec<Trial> {
    vec![
        on_database(
            fixture,
            "dataset::answers_are_those_of_sql",
            answers_are_those_of_sql,
        ),
        on_database(fixture, "dataset::keys_lead_to_rows", keys_lead_to_rows),
        on_database(
            fixture,
            "dataset::a_whole_data_set_is_reused_or_refused",
            a_whole_data_set_is_reused_or_refused,
        ),
        on_database(
            fixture,
            "dataset::a_half_done_fill_is_redone",
            a_half_done_fill_is_redone,
        ),
        on_database(
            fixture,
            "dataset::an_interrupted_fill_stops_its_copies",
            an_interrupted_fill_stops_its_copies,
        ),
        on_database(
            fixture,
            "dataset::rows_without_a_manifest_are_refused",
            rows_without_a_manifest_are_refused,
        ),
        on_database(
            fixture,
            "dataset::migrations_run_again_and_refuse_what_they_do_not_know",
            migrations_run_again_and_refuse_what_they_do_not_know,
        ),
        on_database(
            fixture,
            "dataset::the_plain_edition_has_the_same_indexes",
            the_plain_edition_has_the_same_indexes,
        ),
    ]
}

/// A trial that gets a database of its own and fails by panicking.
fn on_database<F, R>(fixture: &Fixture, name: &str, body: F) -> Trial
where
    F: FnOnce(PgConnectOptions) -> R + Send + 'static,
    R: Future<Output = ()>,
{
    fixture.trial(name, move |fixture| async move {
        body(fixture.database().await?.connect_options()).await;
        Ok(())
    })
}

const CHUNKS: SchemaPlan = SchemaPlan {
    chunk_interval: Span::from_secs(86_400),
};

/// Two days of data that takes a second to fill.
fn plan() -> DatasetPlan {
    DatasetPlan {
        seed: 7,
        days: 2,
        end: "2025-01-08T00:00:00Z".parse().unwrap(),
        services: 8,
        traces: 3200,
        spans_per_trace: 6,
        logs_per_trace: 7,
        series: 24,
        point_interval: Span::from_secs(300),
        error_permille: 20,
        threads: 3,
    }
}

async fn migrated(options: &PgConnectOptions) -> (PgConnection, Edition) {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    let edition = Edition::detect(&mut connection).await.unwrap();
    schema::migrate(options, edition, &CHUNKS).await.unwrap();
    (connection, edition)
}

async fn ensure(
    options: &PgConnectOptions,
    plan: &DatasetPlan,
    edition: Edition,
) -> Result<Filled, FillError> {
    let cancel = CancellationToken::new();
    ensure_filled(options, &Dataset::new(plan), edition, &cancel, &Silent).await
}

async fn count(connection: &mut PgConnection, table: Table) -> u64 {
    let sql = format!("SELECT count(*) FROM highwater.{}", table.name());
    let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(connection)
        .await
        .unwrap();
    rows as u64
}

async fn count_where(
    connection: &mut PgConnection,
    sql: &'static str,
    range: (DateTime<Utc>, DateTime<Utc>),
    text: &str,
) -> u64 {
    let rows: i64 = sqlx::query_scalar(sql)
        .bind(range.0)
        .bind(range.1)
        .bind(text)
        .fetch_one(connection)
        .await
        .unwrap();
    rows as u64
}

/// Ranges with and without edges of the data.
fn ranges(plan: &DatasetPlan) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let (start, end) = (plan.start(), plan.end);
    vec![
        (start, end),
        (end - TimeDelta::hours(1), end),
        (start - TimeDelta::days(1), start + TimeDelta::minutes(7)),
        (start + TimeDelta::hours(20), start + TimeDelta::hours(29)),
        (end, end + TimeDelta::days(1)),
    ]
}

/// Every table has the plan's rows, and every answer that the generator gives is SQL's.
pub(crate) async fn answers_are_those_of_sql(options: PgConnectOptions) {
    let plan = plan();
    let (mut connection, edition) = migrated(&options).await;
    let Filled::Now(report) = ensure(&options, &plan, edition).await.unwrap() else {
        panic!("an empty target was reused");
    };
    for (table, filled) in Table::ALL.into_iter().zip(&report.tables) {
        assert_eq!(
            count(&mut connection, table).await,
            table.rows(&plan),
            "{}",
            table.name()
        );
        assert_eq!(
            (filled.name, filled.rows),
            (table.name(), table.rows(&plan))
        );
    }
    let held: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_class WHERE 'autovacuum_enabled=false' = ANY (reloptions)",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(held, 0, "autovacuum is let at every table and chunk again");
    let dataset = Dataset::new(&plan);
    for range in ranges(&plan) {
        traces_agree(&mut connection, &dataset, range).await;
        logs_agree(&mut connection, &dataset, range).await;
        points_agree(&mut connection, &dataset, range).await;
    }
}

async fn traces_agree(
    connection: &mut PgConnection,
    dataset: &Dataset,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) {
    const ALL: &str = "SELECT count(*) FROM highwater.traces
        WHERE start_time >= $1 AND start_time < $2 AND $3 = ''";
    const OF_SERVICE: &str = "SELECT count(*) FROM highwater.traces
        WHERE start_time >= $1 AND start_time < $2 AND service_name = $3";
    const OF_STATUS: &str = "SELECT count(*) FROM highwater.traces
        WHERE start_time >= $1 AND start_time < $2 AND status = $3";
    let range = (start, end);
    let found = count_where(connection, ALL, range, "").await;
    assert_eq!(dataset.trace_rows_in(start, end), found);
    for rank in 0..dataset.plan().services {
        let name = dataset.service_name(rank).to_owned();
        let found = count_where(connection, OF_SERVICE, range, &name).await;
        assert_eq!(
            dataset.count_service_traces(rank, start, end, u64::MAX),
            found,
            "{name}"
        );
    }
    let failed = count_where(connection, OF_STATUS, range, "error").await;
    assert_eq!(dataset.count_error_traces(start, end, u64::MAX), failed);
}

async fn logs_agree(
    connection: &mut PgConnection,
    dataset: &Dataset,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) {
    const HOLDING: &str = "SELECT count(*) FROM highwater.log_records
        WHERE timestamp >= $1 AND timestamp < $2 AND body ILIKE '%' || $3 || '%'";
    const OF_SERVICE: &str = "SELECT count(*) FROM highwater.log_records
        WHERE timestamp >= $1 AND timestamp < $2 AND service_name = $3";
    const SEVERE: &str = "SELECT count(*) FROM highwater.log_records
        WHERE timestamp >= $1 AND timestamp < $2 AND severity_number >= 17 AND $3 = ''";
    let range = (start, end);
    for text in [
        COMMON_TERM,
        RARE_TERM,
        ERROR_TERM,
        "Retrying",
        "gpt-4o",
        "no such text",
    ] {
        let found = count_where(connection, HOLDING, range, text).await;
        assert_eq!(
            dataset.count_log_matches(text, start, end, u64::MAX),
            found,
            "{text}"
        );
    }
    let name = dataset.service_name(0).to_owned();
    let found = count_where(connection, OF_SERVICE, range, &name).await;
    assert_eq!(dataset.count_service_logs(0, start, end, u64::MAX), found);
    let severe = count_where(connection, SEVERE, range, "").await;
    assert_eq!(dataset.count_error_logs(start, end, u64::MAX), severe);
}

async fn points_agree(
    connection: &mut PgConnection,
    dataset: &Dataset,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) {
    for series in 0..dataset.plan().series {
        for width_s in [300_i64, 420, 3600] {
            let (points, buckets, sum, last): (i64, i64, Option<f64>, Option<DateTime<Utc>>) =
                sqlx::query_as(
                    "SELECT count(*),
                         count(DISTINCT date_bin($4, timestamp, '2000-01-03T00:00:00Z')),
                         sum(value), max(timestamp)
                     FROM highwater.metric_data_points
                     WHERE metric_id = $1 AND timestamp >= $2 AND timestamp < $3",
                )
                .bind(dataset.metric(series).id)
                .bind(start)
                .bind(end)
                .bind(std::time::Duration::from_secs(width_s as u64))
                .fetch_one(&mut *connection)
                .await
                .unwrap();
            let width = TimeDelta::seconds(width_s);
            assert_eq!(dataset.points_in(series, start, end), points as u64);
            assert_eq!(
                dataset.buckets_in(series, start, end, width),
                buckets as u64
            );
            // Equal to the last bit: every value is a whole number of 1,024ths.
            assert_eq!(dataset.sum_in(series, start, end), sum.unwrap_or(0.0));
            if points > 0 {
                assert_eq!(dataset.latest_point(series, end), last);
            }
        }
    }
}

/// A trace's key leads to its row, its spans and its logs; absent keys lead nowhere.
pub(crate) async fn keys_lead_to_rows(options: PgConnectOptions) {
    let plan = plan();
    let (mut connection, edition) = migrated(&options).await;
    ensure(&options, &plan, edition).await.unwrap();
    let dataset = Dataset::new(&plan);
    for index in (0..plan.traces).step_by(157) {
        let key = dataset.trace(index);
        let row: (uuid::Uuid, String, DateTime<Utc>, i64, bool, i64, i64, i64) = sqlx::query_as(
            "SELECT id, service_name, start_time, duration_us, status = 'error',
                 span_count::int8,
                 (SELECT count(*) FROM highwater.trace_spans s WHERE s.trace_id = t.id),
                 (SELECT count(*) FROM highwater.log_records l WHERE l.trace_id = t.trace_id)
             FROM highwater.traces t WHERE trace_id = $1",
        )
        .bind(key.trace_id.as_str())
        .fetch_one(&mut connection)
        .await
        .unwrap();
        let spans = i64::from(key.spans);
        let service = dataset.service_name(key.service).to_owned();
        let duration_us = key.duration_us.cast_signed();
        let expected = (
            key.id,
            service,
            key.start,
            duration_us,
            key.failed,
            spans,
            spans,
            i64::from(key.logs),
        );
        assert_eq!(row, expected);
    }
    let absent: i64 =
        sqlx::query_scalar("SELECT count(*) FROM highwater.traces WHERE trace_id = $1 OR id = $2")
            .bind(dataset.absent_trace_id(0).as_str())
            .bind(dataset.absent_uuid(0))
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(absent, 0);
    unique_across_chunks(&mut connection).await;
}

/// The key of `traces` does not make `trace_id` unique, having the time in it: the generator does.
async fn unique_across_chunks(connection: &mut PgConnection) {
    for sql in [
        "SELECT count(*) - count(DISTINCT trace_id) FROM highwater.traces",
        "SELECT count(*) - count(DISTINCT id) FROM highwater.traces",
        "SELECT count(*) - count(DISTINCT span_id) FROM highwater.trace_spans",
        "SELECT count(*) FROM highwater.trace_spans s
         WHERE parent_span_id IS NOT NULL AND NOT EXISTS (
             SELECT FROM highwater.trace_spans p
             WHERE p.trace_id = s.trace_id AND p.span_id = s.parent_span_id)",
    ] {
        let bad: i64 = sqlx::query_scalar(sql)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!(bad, 0, "{sql}");
    }
}

/// A whole data set with the same digest is reused; another one is refused with both digests, and
/// so is one that a run has written to.
pub(crate) async fn a_whole_data_set_is_reused_or_refused(options: PgConnectOptions) {
    let plan = plan();
    let (mut connection, edition) = migrated(&options).await;
    ensure(&options, &plan, edition).await.unwrap();
    let more_threads = DatasetPlan {
        threads: 1,
        ..plan.clone()
    };
    assert!(matches!(
        ensure(&options, &more_threads, edition).await,
        Ok(Filled::Reused)
    ));
    let other = DatasetPlan {
        seed: 8,
        ..plan.clone()
    };
    let message = ensure(&options, &other, edition)
        .await
        .unwrap_err()
        .to_string();
    assert!(message.contains(&Dataset::new(&plan).digest()), "{message}");
    assert!(
        message.contains(&Dataset::new(&other).digest()),
        "{message}"
    );
    manifest::mark_dirty(&mut connection).await.unwrap();
    let refused = ensure(&options, &plan, edition).await;
    assert!(matches!(refused, Err(FillError::Dirty { .. })));
}

/// A fill that was interrupted is never taken for whole: the next one starts over.
pub(crate) async fn a_half_done_fill_is_redone(options: PgConnectOptions) {
    let plan = plan();
    let (mut connection, edition) = migrated(&options).await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let dataset = Dataset::new(&plan);
    let stopped = fill(&options, &dataset, edition, &cancel, &Silent).await;
    assert!(matches!(stopped, Err(FillError::Cancelled)));
    manifest::begin(&mut connection, &dataset).await.unwrap();
    sqlx::query(
        "INSERT INTO highwater.traces (id, trace_id, service_name, start_time, status)
         VALUES (gen_random_uuid(), 'left behind', '', '2025-01-07', 'ok')",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let found = manifest::read(&mut connection).await.unwrap().unwrap();
    assert_eq!(found.state, FillState::Filling);
    assert!(matches!(
        ensure(&options, &plan, edition).await,
        Ok(Filled::Now(_))
    ));
    assert_eq!(count(&mut connection, Table::Traces).await, plan.traces);
    let found = manifest::read(&mut connection).await.unwrap().unwrap();
    assert_eq!((found.state, found.dirty), (FillState::Complete, false));
    assert!(found.finished_at.is_some());
}

/// Ctrl-C while rows are being sent ends the fill at once and leaves no COPY running.
pub(crate) async fn an_interrupted_fill_stops_its_copies(options: PgConnectOptions) {
    let plan = DatasetPlan {
        traces: 3_200_000,
        ..plan()
    };
    let (mut connection, edition) = migrated(&options).await;
    let cancel = CancellationToken::new();
    let filling = tokio::spawn({
        let (options, cancel) = (options.clone(), cancel.clone());
        async move { fill(&options, &Dataset::new(&plan), edition, &cancel, &Silent).await }
    });
    let copies = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'COPY highwater.%'";
    wait_until(&mut connection, copies, |n| n > 0).await;
    cancel.cancel();
    assert!(matches!(filling.await.unwrap(), Err(FillError::Cancelled)));
    wait_until(&mut connection, copies, |n| n == 0).await;
    assert_eq!(count(&mut connection, Table::Traces).await, 0);
    let found = manifest::read(&mut connection).await.unwrap().unwrap();
    assert_eq!(found.state, FillState::Filling);
}

async fn wait_until(connection: &mut PgConnection, sql: &'static str, holds: fn(i64) -> bool) {
    for _ in 0..600 {
        let value: i64 = sqlx::query_scalar(sql)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        if holds(value) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("30 s were not enough for: {sql}");
}

/// Rows that nobody accounts for are never built upon.
pub(crate) async fn rows_without_a_manifest_are_refused(options: PgConnectOptions) {
    let (mut connection, edition) = migrated(&options).await;
    sqlx::query(
        "INSERT INTO highwater.metrics (id, name, metric_type, service_name)
         VALUES (gen_random_uuid(), 'somebody else''s', 'gauge', 'theirs')",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let refused = ensure(&options, &plan(), edition).await;
    assert!(matches!(
        refused,
        Err(FillError::Unaccounted { table: "metrics" })
    ));
}

/// Migrating twice changes nothing; a newer target, another edition's and other chunks are refused.
pub(crate) async fn migrations_run_again_and_refuse_what_they_do_not_know(
    options: PgConnectOptions,
) {
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let edition = Edition::detect(&mut connection).await.unwrap();
    let first = schema::migrate(&options, edition, &CHUNKS).await.unwrap();
    assert!(first.new >= 3);
    let again = schema::migrate(&options, edition, &CHUNKS).await.unwrap();
    assert_eq!((again.version, again.new), (first.version, 0));
    if edition.has_hypertables() {
        let hours = SchemaPlan {
            chunk_interval: Span::from_secs(3600),
        };
        let refused = schema::migrate(&options, edition, &hours)
            .await
            .unwrap_err();
        assert!(
            matches!(refused, SchemaError::ChunkInterval { .. }),
            "{refused}"
        );
        let refused = schema::migrate(&options, Edition::Postgresql, &CHUNKS)
            .await
            .unwrap_err();
        assert!(
            matches!(refused, SchemaError::OtherEdition { .. }),
            "{refused}"
        );
    }
    sqlx::query(
        "INSERT INTO highwater._sqlx_migrations
             (version, description, success, checksum, execution_time)
         VALUES (9001, 'from the future', true, '', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let refused = schema::migrate(&options, edition, &CHUNKS)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("9001") && refused.contains("303"),
        "{refused}"
    );
    schema::reset(&options).await.unwrap();
    assert_eq!(
        schema::migrate(&options, edition, &CHUNKS).await.unwrap(),
        first
    );
}

/// Plain tables have the time indexes that hypertables would have, under the same names.
pub(crate) async fn the_plain_edition_has_the_same_indexes(options: PgConnectOptions) {
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let edition = Edition::detect(&mut connection).await.unwrap();
    let mut indexes = Vec::new();
    for edition in [edition, Edition::Postgresql] {
        schema::migrate(&options, edition, &CHUNKS).await.unwrap();
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'highwater' ORDER BY 1",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        indexes.push(names);
        schema::reset(&options).await.unwrap();
    }
    assert_eq!(indexes[0], indexes[1]);
}
