//! Statements handed over with their parameters.

use anyhow::{Context, ensure};
use highwater::store::{
    Aggregation, LogFilters, MetricFilters, Statement, TimeSeriesQuery, TraceFilters, log, metric,
    trace,
};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Row};

use super::tiny::{Tiny, filled};

/// The plan of `statement` with its own parameters, as text.
async fn explained(to: &mut PgConnection, statement: Statement) -> anyhow::Result<String> {
    let (sql, arguments) = statement
        .explain("ANALYZE, BUFFERS, SETTINGS")
        .into_parts()?;
    let rows = sqlx::query_with(sql, arguments).fetch_all(to).await?;
    let lines: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    Ok(lines?.join("\n"))
}

fn statements(tiny: &Tiny) -> anyhow::Result<Vec<(&'static str, Statement, &'static str)>> {
    let hours = tiny.last_hours(3);
    let key = tiny.data.trace(100);
    let id = key.trace_id.as_str();
    let series = tiny.data.metric(1).id;
    let service = tiny.data.service_name(0);
    let traces = TraceFilters {
        service_name: Some(service.to_owned()),
        start_time: Some(hours.start()),
        end_time: Some(hours.end()),
        ..TraceFilters::default()
    };
    let logs = LogFilters {
        service_name: Some(service.to_owned()),
        ..LogFilters::default()
    };
    let bucket = TimeSeriesQuery {
        metric_id: series,
        start_time: hours.start(),
        end_time: hours.end(),
        aggregation: Aggregation::Avg,
        bucket_size_secs: 300,
    };
    Ok(vec![
        (
            "get_by_id",
            trace::queries::get_by_id(key.id),
            "traces_pkey",
        ),
        (
            "get_by_trace_id",
            trace::queries::get_by_trace_id(id),
            "traces_trace_id",
        ),
        ("list", trace::queries::list(&traces)?, ""),
        ("search_errors", trace::queries::search_errors(&traces)?, ""),
        (
            "search_by_service",
            trace::queries::search_by_service(service, hours),
            "",
        ),
        ("trace stats", trace::queries::get_stats(hours), ""),
        (
            "metric list",
            metric::queries::list(&MetricFilters::default())?,
            "",
        ),
        (
            "time series",
            metric::queries::query_time_series(&bucket, tiny.edition)?,
            "",
        ),
        (
            "percentiles",
            metric::queries::get_latency_percentiles(service, hours),
            "",
        ),
        (
            "latest",
            metric::queries::get_latest_data_point(series, hours),
            "",
        ),
        (
            "logs by trace",
            log::queries::get_logs_by_trace(id),
            "idx_logs_trace_id",
        ),
        (
            "log search",
            log::queries::search_logs("error", hours, 10)?,
            "",
        ),
        ("log list", log::queries::list(&logs)?, ""),
        ("levels", log::queries::count_by_level(hours), ""),
    ])
}

pub(crate) async fn every_statement_can_be_explained(
    options: PgConnectOptions,
) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let mut to = tiny.options.connect().await?;
    for (name, statement, index) in statements(&tiny)? {
        let plan = explained(&mut to, statement).await.context(name)?;
        ensure!(plan.contains("Execution Time"), "{name}: {plan}");
        ensure!(plan.contains(index), "{name} without {index}:\n{plan}");
    }
    Ok(())
}
