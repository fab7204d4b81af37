//! Metric series and their points.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::kinds::MetricType;
use crate::store::attributes::Attributes;
use crate::store::row::{Columns, FromColumns};

/// A row of `metrics`: one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The row, and the series.
    pub id: Uuid,
    /// Unique within a service.
    pub name: String,
    /// What it measures.
    pub description: Option<String>,
    /// The unit of its values.
    pub unit: Option<String>,
    /// What its points mean.
    pub metric_type: MetricType,
    /// The service that emits it.
    pub service_name: String,
    /// Attributes of the series.
    pub attributes: Attributes,
    /// Attributes of what emits it.
    pub resource_attributes: Attributes,
    /// When the row was written.
    pub created_at: DateTime<Utc>,
    /// When the row was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The columns of [`Metric`], in its order.
macro_rules! metric_columns {
    () => {
        "id, name, description, unit, metric_type, service_name, attributes, \
         resource_attributes, created_at, updated_at"
    };
}
pub(in crate::store) use metric_columns;

impl FromColumns for Metric {
    fn from_columns(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        Ok(Self {
            id: columns.next()?,
            name: columns.next()?,
            description: columns.next()?,
            unit: columns.next()?,
            metric_type: columns.next()?,
            service_name: columns.next()?,
            attributes: columns.next()?,
            resource_attributes: columns.next()?,
            created_at: columns.next()?,
            updated_at: columns.next()?,
        })
    }
}

/// A row of `metric_data_points`.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDataPoint {
    /// The row.
    pub id: Uuid,
    /// The series: [`Metric::id`].
    pub metric_id: Uuid,
    /// When it was measured.
    pub timestamp: DateTime<Utc>,
    /// The value of a counter or a gauge; absent in histograms and summaries.
    pub value: Option<f64>,
    /// Observations of a histogram or a summary.
    pub count: Option<i64>,
    /// Their sum.
    pub sum: Option<f64>,
    /// The least of them.
    pub min: Option<f64>,
    /// The greatest of them.
    pub max: Option<f64>,
    /// Counts by bucket.
    pub buckets: Option<Attributes>,
    /// Quantiles.
    pub quantiles: Option<Attributes>,
    /// Observations that stand for others.
    pub exemplars: Option<Attributes>,
    /// Attributes of the point.
    pub attributes: Attributes,
    /// When the row was written.
    pub created_at: DateTime<Utc>,
}

/// The columns of [`MetricDataPoint`], in its order.
macro_rules! point_columns {
    () => {
        "id, metric_id, timestamp, value, count, sum, min, max, buckets, quantiles, exemplars, \
         attributes, created_at"
    };
}
pub(in crate::store) use point_columns;

impl FromColumns for MetricDataPoint {
    fn from_columns(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        Ok(Self {
            id: columns.next()?,
            metric_id: columns.next()?,
            timestamp: columns.next()?,
            value: columns.next()?,
            count: columns.next()?,
            sum: columns.next()?,
            min: columns.next()?,
            max: columns.next()?,
            buckets: columns.next()?,
            quantiles: columns.next()?,
            exemplars: columns.next()?,
            attributes: columns.next()?,
            created_at: columns.next()?,
        })
    }
}

/// One bucket of a series. Buckets without a point are not in an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeSeriesPoint {
    /// The bucket's start.
    pub bucket: DateTime<Utc>,
    /// What became of its values; absent, and not 0, where no point has one.
    pub value: Option<f64>,
    /// Points in it, with or without a value.
    pub count: i64,
}

impl FromColumns for TimeSeriesPoint {
    fn from_columns(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        Ok(Self {
            bucket: columns.next()?,
            value: columns.next()?,
            count: columns.next()?,
        })
    }
}

/// Percentiles of a service's points by linear interpolation, in the unit of the points; each is
/// absent where there is no point with a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyPercentiles {
    /// The median.
    pub p50: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
}

impl FromColumns for LatencyPercentiles {
    fn from_columns(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        Ok(Self {
            p50: columns.next()?,
            p95: columns.next()?,
            p99: columns.next()?,
        })
    }
}

/// The points of one series in a range, summed up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricStats {
    /// Points, with or without a value.
    pub points: i64,
    /// The mean of the values; absent where there is none, as are the next three.
    pub avg: Option<f64>,
    /// Their sum.
    pub sum: Option<f64>,
    /// The least.
    pub min: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
    /// When the first point was measured; absent where there is none.
    pub first: Option<DateTime<Utc>>,
    /// When the last point was measured; absent where there is none.
    pub last: Option<DateTime<Utc>>,
}

impl FromColumns for MetricStats {
    fn from_columns(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        Ok(Self {
            points: columns.next()?,
            avg: columns.next()?,
            sum: columns.next()?,
            min: columns.next()?,
            max: columns.next()?,
            first: columns.next()?,
            last: columns.next()?,
        })
    }
}
