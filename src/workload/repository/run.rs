//! One call: its parameters drawn, its repository method run.

use super::{Operation, Reply, RepositoryWorkload};
use crate::plan::Call;
use crate::store::{
    Aggregation, LogFilters, LogRecord, Repositories, StorageError, TimeSeriesQuery, Trace,
    TraceFilters,
};
use crate::workload::params::Draws;

impl RepositoryWorkload {
    pub(super) async fn run(
        &self,
        store: &Repositories,
        operation: &Operation,
        index: u64,
    ) -> Result<Reply, StorageError> {
        let draws = &operation.draws;
        match operation.call {
            Call::TraceGetById => {
                let id = draws.row_id(draws.trace(index));
                Ok(Reply::Trace(store.traces.get_by_id(id).await?))
            }
            Call::TraceGetByTraceId => {
                let id = draws.trace_id(draws.trace(index));
                let found = store.traces.get_by_trace_id(id.as_str()).await?;
                Ok(Reply::Trace(found))
            }
            Call::TraceGetTraceById => {
                let id = draws.trace_id(draws.trace(index));
                let found = store.traces.get_trace_by_id(id.as_str()).await?;
                Ok(Reply::TraceWithSpans(found))
            }
            Call::TraceContext => {
                let id = draws.trace_id(draws.trace(index));
                let found = store.traces.get_trace_by_id(id.as_str()).await?;
                let logs = store.logs.get_logs_by_trace(id.as_str()).await?;
                Ok(Reply::Context(found, logs))
            }
            Call::LogGetLogsByTrace => {
                let id = draws.trace_id(draws.trace(index));
                let found = store.logs.get_logs_by_trace(id.as_str()).await?;
                Ok(Reply::Logs(found))
            }
            Call::TraceGetTraces
            | Call::TraceList
            | Call::TraceListAfter
            | Call::TraceSearchByService
            | Call::TraceSearchErrors => {
                let found = self.run_traces(store, operation, index).await?;
                Ok(Reply::Traces(found))
            }
            Call::LogSearchLogs | Call::LogList | Call::LogGetErrors => {
                let found = self.run_logs(store, operation, index).await?;
                Ok(Reply::Logs(found))
            }
            Call::MetricQueryTimeSeries
            | Call::MetricGetLatencyPercentiles
            | Call::MetricGetLatestDataPoint => self.run_metrics(store, operation, index).await,
        }
    }

    async fn run_traces(
        &self,
        store: &Repositories,
        operation: &Operation,
        index: u64,
    ) -> Result<Vec<Trace>, StorageError> {
        let draws = &operation.draws;
        let parameters = draws.parameters();
        let range = draws.range(index);
        let service = || self.service_name(draws, index);
        let mut filters = TraceFilters {
            start_time: Some(range.start()),
            end_time: Some(range.end()),
            limit: Some(parameters.limit),
            offset: Some(parameters.offset),
            ..TraceFilters::default()
        };
        match operation.call {
            Call::TraceGetTraces => {
                store
                    .traces
                    .get_traces(range.start(), range.end(), parameters.limit, filters)
                    .await
            }
            Call::TraceListAfter => {
                filters.service_name = Some(service().to_owned());
                filters.offset = None;
                store.traces.list_after(draws.cursor(index), filters).await
            }
            Call::TraceSearchByService => {
                store
                    .traces
                    .search_by_service(service(), range.start(), range.end())
                    .await
            }
            Call::TraceSearchErrors => store.traces.search_errors(filters).await,
            _ => {
                filters.service_name = Some(service().to_owned());
                store.traces.list(filters).await
            }
        }
    }

    async fn run_logs(
        &self,
        store: &Repositories,
        operation: &Operation,
        index: u64,
    ) -> Result<Vec<LogRecord>, StorageError> {
        let draws = &operation.draws;
        let parameters = draws.parameters();
        let range = draws.range(index);
        let mut filters = LogFilters {
            start_time: Some(range.start()),
            end_time: Some(range.end()),
            limit: Some(parameters.limit),
            offset: Some(parameters.offset),
            ..LogFilters::default()
        };
        match operation.call {
            Call::LogSearchLogs => {
                let (text, limit) = (parameters.search.as_str(), parameters.limit);
                store
                    .logs
                    .search_logs_limited(text, range.start(), range.end(), limit)
                    .await
            }
            Call::LogGetErrors => store.logs.get_errors(filters).await,
            _ => {
                filters.service_name = Some(self.service_name(draws, index).to_owned());
                store.logs.list(filters).await
            }
        }
    }

    async fn run_metrics(
        &self,
        store: &Repositories,
        operation: &Operation,
        index: u64,
    ) -> Result<Reply, StorageError> {
        let draws = &operation.draws;
        let range = draws.range(index);
        match operation.call {
            Call::MetricGetLatencyPercentiles => {
                let service = self.service_name(draws, index);
                let found = store
                    .metrics
                    .get_latency_percentiles(service, range.start(), range.end())
                    .await?;
                Ok(Reply::Percentiles(found))
            }
            Call::MetricGetLatestDataPoint => {
                let series = self.known.series_id(draws.series(index));
                let found = store.metrics.get_latest_data_point(series, range).await?;
                Ok(Reply::Point(found))
            }
            _ => {
                let query = TimeSeriesQuery {
                    metric_id: self.known.series_id(draws.series(index)),
                    start_time: range.start(),
                    end_time: range.end(),
                    aggregation: Aggregation::Avg,
                    bucket_size_secs: bucket_seconds(draws),
                };
                let found = store.metrics.query_time_series(query).await?;
                Ok(Reply::Series(found))
            }
        }
    }

    fn service_name(&self, draws: &Draws, index: u64) -> &str {
        self.known.dataset().service_name(draws.service(index))
    }
}

/// The width of a bucket; a part of a second is cut off.
pub(super) fn bucket_seconds(draws: &Draws) -> i64 {
    draws.parameters().bucket.0.as_secs().cast_signed()
}
