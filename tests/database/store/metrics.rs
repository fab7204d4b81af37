//! Metric series and points.

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use highwater::store::{
    Aggregation, MetricFilters, MetricType, TimeRange, TimeSeriesPoint, TimeSeriesQuery,
};
use sqlx::postgres::PgConnectOptions;

use super::tiny::{Tiny, filled};

/// The values of a series in a range, oldest first.
fn values(tiny: &Tiny, series: u32, range: TimeRange) -> Vec<f64> {
    let first = tiny.data.points_in(series, tiny.start(), range.start());
    let points = tiny.data.points_in(series, range.start(), range.end());
    (first..first + points)
        .map(|tick| tiny.data.point_value(series, tick))
        .collect()
}

pub(crate) async fn series_and_points(options: PgConnectOptions) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let repository = &tiny.store.metrics;
    let hour = tiny.last_hours(1);
    for series in [0, 5, 11] {
        let key = tiny.data.metric(series);
        let service = tiny.data.service_name(key.service);
        let metric = repository.get_by_id(key.id).await?.context("by id")?;
        ensure!(metric.name == key.name && metric.service_name == service);
        ensure!(metric.metric_type.as_str() == key.kind.as_str());
        let by_name = repository.get_by_name(&key.name, service).await?;
        ensure!(by_name.as_ref() == Some(&metric));

        let points = repository
            .get_data_points(key.id, hour.start(), hour.end())
            .await?;
        let found: Vec<_> = points.iter().filter_map(|point| point.value).collect();
        ensure!(found == values(&tiny, series, hour), "series {series}");
        ensure!(points.is_sorted_by_key(|point| point.timestamp));

        let newest = repository.get_latest_data_point(key.id, hour).await?;
        ensure!(newest.as_ref() == points.last(), "the newest");
        let at = newest.context("a point")?.timestamp;
        ensure!(Some(at) == tiny.data.latest_point(series, hour.end()));
        // Just before the newest point's instant, the newest is the one before.
        let earlier = TimeRange::new(hour.start(), at)?;
        let previous = repository.get_latest_data_point(key.id, earlier).await?;
        ensure!(previous.as_ref() == points.iter().rev().nth(1));
        let nothing = TimeRange::new(at, at)?;
        ensure!(
            repository
                .get_latest_data_point(key.id, nothing)
                .await?
                .is_none()
        );
    }
    let unknown = tiny.data.absent_uuid(1);
    ensure!(repository.get_by_id(unknown).await?.is_none());
    ensure!(repository.get_by_name("no such", "nobody").await?.is_none());

    let all = repository.list(MetricFilters::default()).await?;
    ensure!(
        all.len() == 12
            && all
                .is_sorted_by(|a, b| { (&a.service_name, &a.name) <= (&b.service_name, &b.name) })
    );
    let theirs = MetricFilters {
        service_name: Some(tiny.data.service_name(2).to_owned()),
        metric_type: Some(MetricType::Histogram),
        ..MetricFilters::default()
    };
    let known = all.iter().filter(|metric| {
        metric.service_name == tiny.data.service_name(2)
            && metric.metric_type == MetricType::Histogram
    });
    ensure!(repository.list(theirs).await?.iter().eq(known));
    let underscore = MetricFilters {
        name_pattern: Some("_".to_owned()),
        ..MetricFilters::default()
    };
    let known = all
        .iter()
        .filter(|metric| metric.name.contains('_'))
        .count();
    ensure!(
        repository.list(underscore).await?.len() == known,
        "`_` means itself"
    );
    Ok(())
}

pub(crate) async fn time_series(options: PgConnectOptions) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let day = tiny.last_hours(24);
    let width = TimeDelta::minutes(5);
    for series in [0, 4] {
        for aggregation in [
            Aggregation::Avg,
            Aggregation::Sum,
            Aggregation::Min,
            Aggregation::Max,
            Aggregation::Count,
        ] {
            let query = TimeSeriesQuery {
                metric_id: tiny.data.metric(series).id,
                start_time: day.start(),
                end_time: day.end(),
                aggregation,
                bucket_size_secs: width.num_seconds(),
            };
            let found = tiny.store.metrics.query_time_series(query).await?;
            ensure!(
                found.len() == 288,
                "24 hours are 288 buckets, not {}",
                found.len()
            );
            for point in &found {
                let range = TimeRange::new(point.bucket, point.bucket + width)?;
                let known = known_point(&values(&tiny, series, range), *point, aggregation);
                ensure!(
                    *point == known,
                    "{aggregation:?}: {point:?}, known {known:?}"
                );
            }
            ensure!(found.is_sorted_by_key(|point| point.bucket));
        }
    }
    let empty = TimeSeriesQuery {
        metric_id: tiny.data.metric(0).id,
        start_time: day.end(),
        end_time: day.end() + TimeDelta::days(1),
        aggregation: Aggregation::Avg,
        bucket_size_secs: 300,
    };
    ensure!(
        tiny.store
            .metrics
            .query_time_series(empty)
            .await?
            .is_empty()
    );
    Ok(())
}

fn known_point(values: &[f64], found: TimeSeriesPoint, by: Aggregation) -> TimeSeriesPoint {
    // Values are multiples of 2^-10, so that their sum has one answer in any order.
    let sum: f64 = values.iter().sum();
    let value = match by {
        Aggregation::Avg => sum / values.len() as f64,
        Aggregation::Sum => sum,
        Aggregation::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
        Aggregation::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Aggregation::Count => values.len() as f64,
    };
    TimeSeriesPoint {
        bucket: found.bucket,
        value: Some(value),
        count: values.len().cast_signed() as i64,
    }
}

pub(crate) async fn percentiles_and_stats(options: PgConnectOptions) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let repository = &tiny.store.metrics;
    let hours = tiny.last_hours(3);
    let (start, end) = (hours.start(), hours.end());
    for rank in 0..6 {
        let theirs = (0..12).filter(|series| tiny.data.metric(*series).service == rank);
        let mut all: Vec<f64> = theirs.flat_map(|s| values(&tiny, s, hours)).collect();
        all.sort_by(f64::total_cmp);
        let name = tiny.data.service_name(rank);
        let found = repository.get_latency_percentiles(name, start, end).await?;
        for (found, quantile) in [(found.p50, 0.50), (found.p95, 0.95), (found.p99, 0.99)] {
            let (found, known) = (found.context("points")?, interpolated(&all, quantile));
            ensure!(
                (found - known).abs() <= 1e-9 * known.abs(),
                "{found} against {known}"
            );
        }
    }
    let nobody = repository
        .get_latency_percentiles("nobody", start, end)
        .await?;
    ensure!((nobody.p50, nobody.p95, nobody.p99) == (None, None, None));

    let id = tiny.data.metric(3).id;
    let known = values(&tiny, 3, hours);
    let stats = repository.get_stats(id, start, end).await?;
    ensure!(stats.points as usize == known.len());
    ensure!(stats.sum == Some(known.iter().sum()));
    ensure!(stats.sum == Some(tiny.data.sum_in(3, start, end)));
    ensure!(stats.max == known.iter().copied().reduce(f64::max));
    ensure!(stats.last == tiny.data.latest_point(3, end));
    let nothing = repository.get_stats(id, end, end).await?;
    ensure!(nothing.points == 0 && nothing.avg.is_none() && nothing.first.is_none());
    Ok(())
}

/// As `PERCENTILE_CONT`: linear between the two neighbours of rank q (n - 1).
fn interpolated(sorted: &[f64], quantile: f64) -> f64 {
    let rank = quantile * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    low + (high - low) * rank.fract()
}
