//! Traces and spans.

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use highwater::store::{Status, TimeRange, Trace, TraceFilters};
use sqlx::postgres::PgConnectOptions;

use super::tiny::{Tiny, filled};

fn ids(traces: &[Trace]) -> Vec<&str> {
    traces.iter().map(|trace| trace.trace_id.as_str()).collect()
}

fn same(tiny: &Tiny, found: &[Trace], known: &[u64]) -> anyhow::Result<()> {
    let known: Vec<_> = known.iter().map(|i| tiny.data.trace_id(*i)).collect();
    let known: Vec<_> = known
        .iter()
        .map(highwater::dataset::TraceId::as_str)
        .collect();
    ensure!(
        ids(found) == known,
        "{} rows found, {} known, or in another order",
        found.len(),
        known.len()
    );
    Ok(())
}

pub(crate) async fn look_ups(options: PgConnectOptions) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let repository = &tiny.store.traces;
    for index in [0, 1, 63, 64, 777, 1_919] {
        let key = tiny.data.trace(index);
        let id = key.trace_id.as_str();
        let by_row = repository.get_by_id(key.id).await?.context("by row id")?;
        let trace = repository.get_by_trace_id(id).await?.context("by id")?;
        ensure!(by_row == trace, "two ways to one row");
        ensure!((trace.id, trace.trace_id.as_str()) == (key.id, id));
        ensure!(trace.service_name == tiny.data.service_name(key.service));
        ensure!(trace.start_time == key.start);
        ensure!((trace.status == Status::Error) == key.failed);
        ensure!(trace.duration_us == Some(key.duration_us.cast_signed()));
        ensure!(u32::try_from(trace.span_count) == Ok(key.spans));
        ensure!(trace.attributes.value()?["http.status_code"].is_u64());

        let (again, spans) = repository.get_trace_by_id(id).await?.context("spans")?;
        ensure!(again == trace && spans.len() == key.spans as usize);
        ensure!(spans.iter().all(|span| span.trace_id == key.id));
        ensure!(spans.is_sorted_by_key(|span| span.start_time));
        let roots = spans.iter().filter(|span| span.parent_span_id.is_none());
        ensure!(roots.count() == 1, "one root");

        let tick = TimeDelta::microseconds(1);
        let from_start = TimeRange::new(key.start, key.start + tick)?;
        let until_start = TimeRange::new(key.start - TimeDelta::hours(1), key.start)?;
        let within = |range| repository.get_by_trace_id_within(id, range);
        ensure!(within(from_start).await? == Some(trace), "the start is in");
        ensure!(within(until_start).await?.is_none(), "the end is out");
    }
    for i in 0..5 {
        let id = tiny.data.absent_trace_id(i);
        ensure!(repository.get_by_trace_id(id.as_str()).await?.is_none());
        ensure!(repository.get_trace_by_id(id.as_str()).await?.is_none());
        ensure!(
            repository
                .get_by_id(tiny.data.absent_uuid(i))
                .await?
                .is_none()
        );
    }
    Ok(())
}

pub(crate) async fn lists_and_bounds(options: PgConnectOptions) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let repository = &tiny.store.traces;
    let day = tiny.last_hours(24);
    for rank in 0..3 {
        let name = tiny.data.service_name(rank);
        let known = tiny.traces_of(Some(rank), day);
        let found = repository
            .search_by_service(name, day.start(), day.end())
            .await?;
        same(&tiny, &found, &known)?;

        // The third-newest trace's start as the end leaves it and the newer ones out; as the start
        // it is the last row.
        let edge = tiny.data.trace_start(known[2]);
        let before = repository
            .search_by_service(name, day.start(), edge)
            .await?;
        same(&tiny, &before, &known[3..])?;
        let after = repository.search_by_service(name, edge, day.end()).await?;
        same(&tiny, &after, &known[..3])?;
    }
    let known = tiny.traces_of(None, day);
    let (start, end) = (day.start(), day.end());
    let filters = TraceFilters::default;
    let newest = repository.get_traces(start, end, 100, filters()).await?;
    same(&tiny, &newest, &known[..100])?;
    ensure!(
        repository
            .get_traces(start, end, 0, filters())
            .await?
            .is_empty()
    );
    ensure!(
        repository
            .get_traces(end, end, 100, filters())
            .await?
            .is_empty()
    );
    let later = end + TimeDelta::days(1);
    ensure!(
        repository
            .get_traces(end, later, 100, filters())
            .await?
            .is_empty()
    );
    let unknown = repository.search_by_service("nobody", start, end).await?;
    ensure!(unknown.is_empty());
    Ok(())
}

pub(crate) async fn filters_and_stats(options: PgConnectOptions) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let repository = &tiny.store.traces;
    let all = tiny.traces_of(None, tiny.all()?);
    let default = repository.list(TraceFilters::default()).await?;
    same(&tiny, &default, &all[..100])?;

    let failed: Vec<u64> = all
        .iter()
        .copied()
        .filter(|i| tiny.data.trace_failed(*i))
        .collect();
    ensure!(!failed.is_empty());
    let many = TraceFilters {
        limit: Some(5_000),
        ..TraceFilters::default()
    };
    same(
        &tiny,
        &repository.search_errors(many.clone()).await?,
        &failed,
    )?;
    let by_status = TraceFilters {
        status: Some(Status::Error),
        ..many.clone()
    };
    same(&tiny, &repository.list(by_status).await?, &failed)?;

    let (least, most) = (100_000, 200_000);
    let durations = TraceFilters {
        service_name: Some(tiny.data.service_name(1).to_owned()),
        min_duration_us: Some(least),
        max_duration_us: Some(most),
        ..many.clone()
    };
    let known: Vec<u64> = all
        .iter()
        .copied()
        .filter(|i| {
            let key = tiny.data.trace(*i);
            let lasts = key.duration_us.cast_signed();
            key.service == 1 && (least..=most).contains(&lasts)
        })
        .collect();
    ensure!(!known.is_empty());
    same(&tiny, &repository.list(durations).await?, &known)?;

    let past_the_end = TraceFilters {
        offset: Some(5_000),
        ..TraceFilters::default()
    };
    ensure!(repository.list(past_the_end).await?.is_empty());

    let day = tiny.last_hours(24);
    let keys: Vec<_> = tiny
        .traces_of(None, day)
        .iter()
        .map(|i| tiny.data.trace(*i))
        .collect();
    let stats = repository.get_stats(day.start(), day.end()).await?;
    ensure!(stats.traces as usize == keys.len());
    ensure!(stats.errors as usize == keys.iter().filter(|key| key.failed).count());
    ensure!(stats.services == 6);
    ensure!(stats.spans as u64 == keys.iter().map(|key| u64::from(key.spans)).sum::<u64>());
    ensure!(stats.max_duration_us == keys.iter().map(|key| key.duration_us.cast_signed()).max());
    let mean = keys.iter().map(|key| key.duration_us as f64).sum::<f64>() / keys.len() as f64;
    let found = stats.avg_duration_us.context("a mean")?;
    ensure!((found / mean - 1.0).abs() < 1e-9, "{found} against {mean}");
    let nothing = repository.get_stats(day.end(), day.end()).await?;
    ensure!(nothing.traces == 0 && nothing.avg_duration_us.is_none());
    Ok(())
}

pub(crate) async fn a_cursor_pages_as_an_offset_does(
    options: PgConnectOptions,
) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let repository = &tiny.store.traces;
    let page = TraceFilters {
        service_name: Some(tiny.data.service_name(0).to_owned()),
        limit: Some(37),
        ..TraceFilters::default()
    };
    let mut by_cursor = repository.list(page.clone()).await?;
    let mut rows = 0;
    loop {
        let at = TraceFilters {
            offset: Some(rows),
            ..page.clone()
        };
        let by_offset = repository.list(at).await?;
        ensure!(by_offset == by_cursor, "at row {rows}");
        rows += by_offset.len().cast_signed() as i64;
        let Some(last) = by_cursor.last() else { break };
        by_cursor = repository.list_after(last.cursor(), page.clone()).await?;
    }
    let known = tiny.traces_of(Some(0), tiny.all()?).len();
    ensure!(rows as usize == known && known > 37, "{rows} of {known}");
    Ok(())
}
