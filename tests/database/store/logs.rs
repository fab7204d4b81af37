//! Log records.

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use highwater::dataset::{COMMON_TERM, ERROR_TERM, RARE_TERM};
use highwater::store::{LogFilters, SortOrder, TimeRange};
use sqlx::postgres::PgConnectOptions;

use super::tiny::filled;

const ALL: u64 = u64::MAX;

pub(crate) async fn of_a_trace(options: PgConnectOptions) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let repository = &tiny.store.logs;
    for index in [0, 5, 64, 1_000, 1_919] {
        let key = tiny.data.trace(index);
        let id = key.trace_id.as_str();
        let logs = repository.get_logs_by_trace(id).await?;
        ensure!(logs.len() == key.logs as usize, "trace {index}");
        ensure!(logs.iter().all(|log| log.trace_id.as_deref() == Some(id)));
        ensure!(logs.is_sorted_by_key(|log| log.timestamp));
        ensure!(
            repository.search_by_trace(id).await? == logs,
            "the other name"
        );

        let hour = TimeRange::new(key.start, key.start + TimeDelta::hours(1))?;
        ensure!(repository.get_logs_by_trace_within(id, hour).await? == logs);
        let earlier = TimeRange::new(key.start - TimeDelta::hours(1), key.start)?;
        ensure!(
            repository
                .get_logs_by_trace_within(id, earlier)
                .await?
                .is_empty()
        );
    }
    let absent = tiny.data.absent_trace_id(3);
    ensure!(
        repository
            .get_logs_by_trace(absent.as_str())
            .await?
            .is_empty()
    );
    Ok(())
}

pub(crate) async fn searches(options: PgConnectOptions) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let repository = &tiny.store.logs;
    let all = tiny.all()?;
    let (start, end) = (all.start(), all.end());
    for term in [
        COMMON_TERM,
        ERROR_TERM,
        RARE_TERM,
        "request",
        "zzz no such text",
    ] {
        let known = tiny.data.count_log_matches(term, start, end, ALL);
        let found = repository
            .search_logs_limited(term, start, end, 100_000)
            .await?;
        ensure!(
            found.len() as u64 == known,
            "{term}: {} of {known}",
            found.len()
        );
        ensure!(found.iter().all(|log| log.body.contains(term)));
        let newest_first = found.is_sorted_by(|a, b| (a.timestamp, a.id) >= (b.timestamp, b.id));
        ensure!(newest_first);
        let upper = term.to_uppercase();
        let any_case = repository
            .search_logs_limited(&upper, start, end, 100_000)
            .await?;
        ensure!(any_case == found, "{term} in upper case");
    }
    ensure!(tiny.data.count_log_matches(COMMON_TERM, start, end, ALL) > 100);
    let by_default = repository.search_logs("", start, end).await?;
    ensure!(by_default.len() == 1_000, "the default limit");
    let none = repository
        .search_logs_limited(COMMON_TERM, start, end, 0)
        .await?;
    ensure!(none.is_empty());

    let known = tiny.data.count_service_logs(1, start, end, 1_000);
    let name = tiny.data.service_name(1);
    let found = repository.search_by_service(name, start, end).await?;
    ensure!(found.len() as u64 == known && found.iter().all(|log| log.service_name == name));

    // A record's instant as the end leaves it out, and as the start takes it in.
    let edge = found[found.len() / 2].timestamp;
    let before = repository.search_by_service(name, start, edge).await?;
    let after = repository.search_by_service(name, edge, end).await?;
    ensure!(before.iter().all(|log| log.timestamp < edge));
    ensure!(after.last().context("a row")?.timestamp == edge);
    Ok(())
}

pub(crate) async fn lists_and_levels(options: PgConnectOptions) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let repository = &tiny.store.logs;
    let day = tiny.last_hours(24);
    let (start, end) = (day.start(), day.end());
    let within = LogFilters {
        start_time: Some(start),
        end_time: Some(end),
        ..LogFilters::default()
    };

    let levels = repository.count_by_level(start, end).await?;
    let total: i64 = levels.iter().map(|level| level.records).sum();
    let everything = tiny.data.count_log_matches("", start, end, ALL);
    ensure!(total as u64 == everything);
    let errors: i64 = levels
        .iter()
        .filter(|level| level.severity_number >= 17)
        .map(|level| level.records)
        .sum();
    ensure!(errors as u64 == tiny.data.count_error_logs(start, end, ALL) && errors > 0);
    let found = repository.get_errors(within.clone()).await?;
    ensure!(found.len().cast_signed() as i64 == errors.min(1_000));
    ensure!(found.iter().all(|log| log.severity_number >= 17));

    for sort_order in [SortOrder::Descending, SortOrder::Ascending] {
        let page = LogFilters {
            limit: Some(613),
            sort_order,
            ..within.clone()
        };
        let mut by_cursor = repository.list(page.clone()).await?;
        let mut rows = 0;
        loop {
            let at = LogFilters {
                offset: Some(rows),
                ..page.clone()
            };
            ensure!(
                repository.list(at).await? == by_cursor,
                "{sort_order:?} at row {rows}"
            );
            rows += by_cursor.len().cast_signed() as i64;
            let Some(last) = by_cursor.last() else { break };
            by_cursor = repository.list_after(last.cursor(), page.clone()).await?;
        }
        ensure!(rows == total, "{rows} of {total}");
    }

    let one = &found[0];
    let precise = LogFilters {
        trace_id: one.trace_id.clone(),
        span_id: one.span_id.clone(),
        service_name: Some(one.service_name.clone()),
        search_query: Some(one.body[..10].to_uppercase()),
        min_severity: Some(one.severity_number),
        ..within
    };
    ensure!(repository.list(precise).await?.contains(one));
    Ok(())
}
