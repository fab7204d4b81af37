//! Rows that a data set does not have: made by hand.

use anyhow::{Context, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use highwater::store::{
    Aggregation, LogFilters, StorageError, TimeRange, TimeSeriesQuery, TraceFilters,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use uuid::Uuid;

use super::tiny::migrated;

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_748_692_800, 0).unwrap_or_default()
}

async fn insert_log(to: &mut PgConnection, id: u128, body: &str) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO log_records (id, timestamp, observed_timestamp, severity_number, \
         severity_text, body, service_name) VALUES ($1, $2, $2, 9, 'INFO', $3, 'edge')",
    )
    .bind(Uuid::from_u128(id))
    .bind(noon())
    .bind(body)
    .execute(to)
    .await?;
    Ok(())
}

async fn insert_trace(to: &mut PgConnection, id: u128) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO traces (id, trace_id, service_name, start_time, status) \
         VALUES ($1, $2, 'edge', $3, 'unset')",
    )
    .bind(Uuid::from_u128(id))
    .bind(format!("{id:032x}"))
    .bind(noon())
    .execute(to)
    .await?;
    Ok(())
}

pub(crate) async fn wildcards_and_unicode(options: PgConnectOptions) -> anyhow::Result<()> {
    let (store, _) = migrated(&options).await?;
    let mut to = options.connect().await?;
    let bodies = [
        "disk at 100% of quota",
        "disk at 1000 of quota",
        "user_name is empty",
        "user-name is empty",
        r"path C:\temp\x",
        r"path C:/temp/x",
        "Größe überschritten: 東京 🚀",
        "it's 'quoted'; DROP TABLE traces; --",
    ];
    for (id, body) in (1_u128..).zip(bodies) {
        insert_log(&mut to, id, body).await?;
    }
    let end = noon() + TimeDelta::hours(1);
    for (text, wanted) in [
        ("100%", vec![0]),
        ("%", vec![0]),
        ("_", vec![2]),
        ("user_name", vec![2]),
        ("USER_NAME", vec![2]),
        (r"C:\temp", vec![4]),
        (r"\", vec![4]),
        ("東京", vec![6]),
        ("🚀", vec![6]),
        ("größe", vec![6]),
        ("it's 'quoted'; DROP", vec![7]),
        ("", (0..8).collect()),
    ] {
        let found = store.logs.search_logs(text, noon(), end).await?;
        let mut found: Vec<_> = found
            .iter()
            .map(|log| log.id.as_u128() as usize - 1)
            .collect();
        found.sort_unstable();
        ensure!(found == wanted, "{text:?} found {found:?}");
        let filters = LogFilters {
            search_query: Some(text.to_owned()),
            ..LogFilters::default()
        };
        ensure!(
            store.logs.list(filters).await?.len() == wanted.len(),
            "{text:?} in a list"
        );
    }
    Ok(())
}

pub(crate) async fn ties_in_time(options: PgConnectOptions) -> anyhow::Result<()> {
    let (store, _) = migrated(&options).await?;
    let mut to = options.connect().await?;
    for id in 1..=10 {
        insert_trace(&mut to, id).await?;
        insert_log(&mut to, id, "tie").await?;
    }
    let page = TraceFilters {
        limit: Some(3),
        ..TraceFilters::default()
    };
    let mut seen = Vec::new();
    let mut rows = store.traces.list(page.clone()).await?;
    while let Some(last) = rows.last() {
        let cursor = last.cursor();
        seen.extend(rows.iter().map(|trace| trace.id.as_u128()));
        rows = store.traces.list_after(cursor, page.clone()).await?;
    }
    ensure!(seen == (1..=10).rev().collect::<Vec<_>>(), "{seen:?}");
    let page = LogFilters {
        limit: Some(4),
        ..LogFilters::default()
    };
    let first = store.logs.list(page.clone()).await?;
    let cursor = first.last().context("a row")?.cursor();
    let second = store.logs.list_after(cursor, page).await?;
    let ids: Vec<_> = second.iter().map(|log| log.id.as_u128()).collect();
    ensure!(ids == [6, 5, 4, 3], "{ids:?}");
    Ok(())
}

pub(crate) async fn absent_values(options: PgConnectOptions) -> anyhow::Result<()> {
    let (store, _) = migrated(&options).await?;
    let mut to = options.connect().await?;
    insert_trace(&mut to, 1).await?;
    for (span, minutes) in [(1_u128, 0_i64), (2, 180)] {
        sqlx::query(
            "INSERT INTO trace_spans (id, trace_id, span_id, name, kind, service_name, \
             start_time, status) VALUES ($1, $2, '0', 'n', 'client', 'edge', $3, 'ok')",
        )
        .bind(Uuid::from_u128(span))
        .bind(Uuid::from_u128(1))
        .bind(noon() + TimeDelta::minutes(minutes))
        .execute(&mut to)
        .await?;
    }
    let running = store
        .traces
        .get_by_id(Uuid::from_u128(1))
        .await?
        .context("a row")?;
    ensure!(running.end_time.is_none() && running.duration_us.is_none());
    ensure!(running.root_span_name.is_none() && running.attributes.as_str() == "{}");
    // A trace that has not ended may have spans at any time after its start.
    let spans = store.traces.get_spans(&running).await?;
    ensure!(spans.len() == 2, "{} spans", spans.len());
    ensure!(spans[0].events.is_none() && spans[0].parent_span_id.is_none());

    let series = Uuid::from_u128(9);
    for (id, value) in [(1_u128, None), (2, None), (3, Some(4.0))] {
        sqlx::query(
            "INSERT INTO metric_data_points (id, metric_id, timestamp, value, count) \
             VALUES ($1, $2, $3, $4, 7)",
        )
        .bind(Uuid::from_u128(id))
        .bind(series)
        .bind(noon() + TimeDelta::minutes(5 * (id as i64 / 3)))
        .bind(value)
        .execute(&mut to)
        .await?;
    }
    let query = TimeSeriesQuery {
        metric_id: series,
        start_time: noon(),
        end_time: noon() + TimeDelta::hours(1),
        aggregation: Aggregation::Avg,
        bucket_size_secs: 300,
    };
    let buckets = store.metrics.query_time_series(query).await?;
    let found: Vec<_> = buckets.iter().map(|b| (b.value, b.count)).collect();
    ensure!(
        found == [(None, 2), (Some(4.0), 1)],
        "no value is not 0: {found:?}"
    );
    Ok(())
}

pub(crate) async fn refused_arguments(options: PgConnectOptions) -> anyhow::Result<()> {
    let (store, _) = migrated(&options).await?;
    let (start, end) = (noon(), noon() - TimeDelta::seconds(1));
    let turned = store.traces.search_by_service("edge", start, end).await;
    ensure!(matches!(turned, Err(StorageError::TimeRange(_))));
    let negative = LogFilters {
        offset: Some(-1),
        ..LogFilters::default()
    };
    let refused = store.logs.list(negative).await;
    ensure!(matches!(
        refused,
        Err(StorageError::Argument { what: "offset", .. })
    ));
    let everything = TimeRange::before(Utc::now(), TimeDelta::MAX);
    let too_early = store.logs.get_logs_by_trace_within("a", everything).await;
    ensure!(
        too_early.is_err(),
        "an instant that PostgreSQL does not have"
    );
    ensure!(
        store.logs.get_logs_by_trace("a").await?.is_empty(),
        "and it goes on"
    );
    Ok(())
}
