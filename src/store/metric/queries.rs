//! The statements of [`MetricRepository`](super::MetricRepository), each with its parameters.

use sqlx::postgres::types::PgInterval;
use uuid::Uuid;

use crate::store::edition::Edition;
use crate::store::error::StorageError;
use crate::store::filters::{
    Aggregation, DEFAULT_METRIC_LIMIT, MetricFilters, TimeSeriesQuery, contains_pattern,
};
use crate::store::models::{metric_columns, point_columns};
use crate::store::statement::{Conditions, Statement};
use crate::store::time_range::TimeRange;

/// One series by its row id.
pub fn get_by_id(id: Uuid) -> Statement {
    Statement::fixed(concat!(
        "SELECT ",
        metric_columns!(),
        " FROM metrics WHERE id = $1"
    ))
    .bind(id)
}

/// One series by its name and the service that emits it.
pub fn get_by_name(name: &str, service_name: &str) -> Statement {
    Statement::fixed(concat!(
        "SELECT ",
        metric_columns!(),
        " FROM metrics WHERE name = $1 AND service_name = $2"
    ))
    .bind(name)
    .bind(service_name)
}

/// A page of series in order of service and name.
///
/// # Errors
/// A limit or an offset below 0.
pub fn list(filters: &MetricFilters) -> Result<Statement, StorageError> {
    let mut query = Conditions::new(concat!("SELECT ", metric_columns!(), " FROM metrics"));
    if let Some(service) = &filters.service_name {
        query.and("service_name = ").push_bind(service.as_str());
    }
    if let Some(kind) = filters.metric_type {
        query.and("metric_type = ").push_bind(kind.as_str());
    }
    if let Some(text) = &filters.name_pattern {
        query.and("name ILIKE ").push_bind(contains_pattern(text));
    }
    let mut query = query.into_builder();
    query.push(" ORDER BY service_name, name");
    let limit = filters.limit.unwrap_or(DEFAULT_METRIC_LIMIT);
    Statement::page(query, limit, filters.offset)
}

/// The points of one series within `range`, oldest first.
pub fn get_data_points(metric_id: Uuid, range: TimeRange) -> Statement {
    Statement::fixed(concat!(
        "SELECT ",
        point_columns!(),
        " FROM metric_data_points WHERE metric_id = $1 AND timestamp >= $2 AND timestamp < $3 \
         ORDER BY timestamp, id"
    ))
    .bind(metric_id)
    .bind(range.start())
    .bind(range.end())
}

/// The newest point of one series within `lookback`.
pub fn get_latest_data_point(metric_id: Uuid, lookback: TimeRange) -> Statement {
    Statement::fixed(concat!(
        "SELECT ",
        point_columns!(),
        " FROM metric_data_points WHERE metric_id = $1 AND timestamp >= $2 AND timestamp < $3 \
         ORDER BY timestamp DESC, id DESC LIMIT 1"
    ))
    .bind(metric_id)
    .bind(lookback.start())
    .bind(lookback.end())
}

/// The text of a time series: its bucket and its aggregate are the only parts that vary, so that
/// each of the ten texts is prepared once.
macro_rules! time_series {
    ($bucket:literal, $aggregate:literal) => {
        concat!(
            "SELECT ",
            $bucket,
            " AS bucket, ",
            $aggregate,
            " AS value, COUNT(*) AS count FROM metric_data_points \
             WHERE metric_id = $2 AND timestamp >= $3 AND timestamp < $4 \
             GROUP BY bucket ORDER BY bucket"
        )
    };
}

/// The five texts of one kind of bucket.
macro_rules! time_series_by {
    ($aggregation:expr, $bucket:literal) => {
        match $aggregation {
            Aggregation::Avg => time_series!($bucket, "AVG(value)"),
            Aggregation::Sum => time_series!($bucket, "SUM(value)"),
            Aggregation::Min => time_series!($bucket, "MIN(value)"),
            Aggregation::Max => time_series!($bucket, "MAX(value)"),
            Aggregation::Count => time_series!($bucket, "COUNT(*)::float8"),
        }
    };
}

/// One series in buckets, oldest first: by `time_bucket` where there are hypertables, by
/// `date_bin` with the same origin otherwise.
///
/// # Errors
/// A bucket that is not 1 second wide at least, or an end before its start.
pub fn query_time_series(
    query: &TimeSeriesQuery,
    edition: Edition,
) -> Result<Statement, StorageError> {
    let range = TimeRange::new(query.start_time, query.end_time)?;
    let sql = if edition.has_hypertables() {
        time_series_by!(query.aggregation, "time_bucket($1, timestamp)")
    } else {
        time_series_by!(
            query.aggregation,
            "date_bin($1, timestamp, TIMESTAMPTZ '2000-01-03 00:00:00+00')"
        )
    };
    Ok(Statement::fixed(sql)
        .bind(interval(query.bucket_size_secs)?)
        .bind(query.metric_id)
        .bind(range.start())
        .bind(range.end()))
}

/// A text would not do: there is no `time_bucket(text, timestamptz)`.
fn interval(seconds: i64) -> Result<PgInterval, StorageError> {
    match seconds.checked_mul(1_000_000) {
        Some(microseconds) if microseconds > 0 => Ok(PgInterval {
            months: 0,
            days: 0,
            microseconds,
        }),
        _ => Err(StorageError::Argument {
            what: "bucket_size_secs",
            value: seconds,
            wanted: "1 or more, and below 292,000 years",
        }),
    }
}

/// P50, P95 and P99 of all points of a service within `range`.
pub fn get_latency_percentiles(service_name: &str, range: TimeRange) -> Statement {
    Statement::fixed(
        "SELECT PERCENTILE_CONT(0.50) WITHIN GROUP (ORDER BY mdp.value) AS p50, \
         PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY mdp.value) AS p95, \
         PERCENTILE_CONT(0.99) WITHIN GROUP (ORDER BY mdp.value) AS p99 \
         FROM metric_data_points mdp JOIN metrics m ON mdp.metric_id = m.id \
         WHERE m.service_name = $1 AND mdp.timestamp >= $2 AND mdp.timestamp < $3",
    )
    .bind(service_name)
    .bind(range.start())
    .bind(range.end())
}

/// The points of one series within `range`, summed up.
pub fn get_stats(metric_id: Uuid, range: TimeRange) -> Statement {
    Statement::fixed(
        "SELECT COUNT(*), AVG(value), SUM(value), MIN(value), MAX(value), \
         MIN(timestamp), MAX(timestamp) FROM metric_data_points \
         WHERE metric_id = $1 AND timestamp >= $2 AND timestamp < $3",
    )
    .bind(metric_id)
    .bind(range.start())
    .bind(range.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use sqlx::Arguments;

    fn query(bucket_size_secs: i64) -> TimeSeriesQuery {
        TimeSeriesQuery {
            metric_id: Uuid::nil(),
            start_time: DateTime::UNIX_EPOCH,
            end_time: DateTime::UNIX_EPOCH,
            aggregation: Aggregation::Max,
            bucket_size_secs,
        }
    }

    #[test]
    fn each_edition_has_its_bucket() {
        let timescale = query_time_series(&query(300), Edition::TimescaledbApache).unwrap();
        assert!(timescale.sql().starts_with(
            "SELECT time_bucket($1, timestamp) AS bucket, MAX(value) AS value, COUNT(*)"
        ));
        let plain = query_time_series(&query(300), Edition::Postgresql).unwrap();
        assert!(plain.sql().starts_with("SELECT date_bin($1, timestamp, "));
        assert_eq!(plain.into_parts().unwrap().1.len(), 4);
    }

    #[test]
    fn a_bucket_needs_a_width() {
        for width in [0, -300, i64::MAX] {
            let refused = query_time_series(&query(width), Edition::Postgresql);
            assert!(matches!(refused, Err(StorageError::Argument { .. })));
        }
    }

    #[test]
    fn wildcards_of_a_name_are_bound_as_text() {
        let filters = MetricFilters {
            name_pattern: Some("llm_".to_owned()),
            metric_type: Some(crate::store::MetricType::Gauge),
            ..MetricFilters::default()
        };
        let statement = list(&filters).unwrap();
        let (_, rest) = statement.sql().split_once(" FROM ").unwrap();
        assert_eq!(
            rest,
            "metrics WHERE metric_type = $1 AND name ILIKE $2 \
             ORDER BY service_name, name LIMIT $3"
        );
    }
}
