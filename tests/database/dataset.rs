//! The data set on a real server: what was filled is what the generator says.

#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "trials fail by panicking; sums are exact by construction and compared to the last bit"
)]

mod answers;
mod fill;
mod migrations;

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
            answers::answers_are_those_of_sql,
        ),
        on_database(
            fixture,
            "dataset::keys_lead_to_rows",
            answers::keys_lead_to_rows,
        ),
        on_database(
            fixture,
            "dataset::a_whole_data_set_is_reused_or_refused",
            fill::a_whole_data_set_is_reused_or_refused,
        ),
        on_database(
            fixture,
            "dataset::a_half_done_fill_is_redone",
            fill::a_half_done_fill_is_redone,
        ),
        on_database(
            fixture,
            "dataset::an_interrupted_fill_stops_its_copies",
            fill::an_interrupted_fill_stops_its_copies,
        ),
        on_database(
            fixture,
            "dataset::rows_without_a_manifest_are_refused",
            fill::rows_without_a_manifest_are_refused,
        ),
        on_database(
            fixture,
            "dataset::migrations_run_again_and_refuse_what_they_do_not_know",
            migrations::migrations_run_again_and_refuse_what_they_do_not_know,
        ),
        on_database(
            fixture,
            "dataset::the_plain_edition_has_the_same_indexes",
            migrations::the_plain_edition_has_the_same_indexes,
        ),
        on_database(
            fixture,
            "dataset::only_the_community_edition_has_rollups_and_policies",
            migrations::only_the_community_edition_has_rollups_and_policies,
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
