//! The methods of [`MetricRepository`].

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::queries;
use crate::store::connections::Connections;
use crate::store::edition::Edition;
use crate::store::error::StorageError;
use crate::store::filters::{MetricFilters, TimeSeriesQuery};
use crate::store::models::{
    LatencyPercentiles, Metric, MetricDataPoint, MetricStats, TimeSeriesPoint,
};
use crate::store::time_range::TimeRange;

/// Metric series and their points. A clone shares the source of connections.
#[derive(Debug, Clone)]
pub struct MetricRepository {
    connections: Connections,
    edition: Edition,
}

impl MetricRepository {
    /// A repository over `connections`, which lead to a server of `edition`.
    pub fn new(connections: Connections, edition: Edition) -> Self {
        Self {
            connections,
            edition,
        }
    }

    /// One series by its row id.
    pub async fn get_by_id(&self, id: Uuid) -> Result<Option<Metric>, StorageError> {
        self.connections.optional(queries::get_by_id(id)).await
    }

    /// One series by its name, which is unique within the service that emits it.
    pub async fn get_by_name(
        &self,
        name: &str,
        service_name: &str,
    ) -> Result<Option<Metric>, StorageError> {
        self.connections
            .optional(queries::get_by_name(name, service_name))
            .await
    }

    /// A page of series in order of service and name.
    pub async fn list(&self, filters: MetricFilters) -> Result<Vec<Metric>, StorageError> {
        self.connections.all(queries::list(&filters)?).await
    }

    /// The points of one series from `start` to just before `end`, oldest first. There is no
    /// limit: the range is what bounds the answer.
    pub async fn get_data_points(
        &self,
        metric_id: Uuid,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<Vec<MetricDataPoint>, StorageError> {
        let range = TimeRange::new(start, end)?;
        self.connections
            .all(queries::get_data_points(metric_id, range))
            .await
    }

    /// The newest point of one series within `lookback`. Without such a bound the server would
    /// plan every chunk there is.
    pub async fn get_latest_data_point(
        &self,
        metric_id: Uuid,
        lookback: TimeRange,
    ) -> Result<Option<MetricDataPoint>, StorageError> {
        self.connections
            .optional(queries::get_latest_data_point(metric_id, lookback))
            .await
    }

    /// One series in buckets, oldest first, from the raw points.
    pub async fn query_time_series(
        &self,
        query: TimeSeriesQuery,
    ) -> Result<Vec<TimeSeriesPoint>, StorageError> {
        self.connections
            .all(queries::query_time_series(&query, self.edition)?)
            .await
    }

    /// P50, P95 and P99 of all points of a service from `start` to just before `end`.
    pub async fn get_latency_percentiles(
        &self,
        service_name: &str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<LatencyPercentiles, StorageError> {
        let range = TimeRange::new(start, end)?;
        self.connections
            .one(queries::get_latency_percentiles(service_name, range))
            .await
    }

    /// The points of one series from `start` to just before `end`, summed up.
    pub async fn get_stats(
        &self,
        metric_id: Uuid,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<MetricStats, StorageError> {
        let range = TimeRange::new(start, end)?;
        self.connections
            .one(queries::get_stats(metric_id, range))
            .await
    }
}
