//! The store's own repository methods as operations of a drive.
//!
//! Input: the plan's operations, the data set, and connect options or a pool. Output: calls whose
//! parameters are drawn by index and whose answers are checked. A session is the repositories over
//! one connection in hand. Knows nothing of schedules.

use chrono::TimeDelta;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::check::{self, Page};
use super::known::{Known, Question};
use super::operation::{Answer, AnswerVerdict, CallError, ErrorClass, Operations};
use super::params::{DrawnTrace, Draws};
use crate::dataset::{Dataset, TraceKey};
use crate::plan::{Call, DrivePlan, Plan};
use crate::store::{
    Aggregation, Connections, Edition, LatencyPercentiles, LogFilters, LogRecord, MetricDataPoint,
    Repositories, Status, StorageError, StoragePool, StoragePoolConfig, TimeSeriesPoint,
    TimeSeriesQuery, Trace, TraceFilters, TraceSpan,
};
use crate::units::Span;

/// Repository calls over connections of their own, or over a pool.
#[derive(Debug)]
pub struct RepositoryWorkload {
    source: Source,
    edition: Edition,
    operations: Vec<Operation>,
    known: Known,
}

#[derive(Debug)]
enum Source {
    Pinned(Box<PgConnectOptions>),
    Pool(StoragePool),
}

#[derive(Debug)]
struct Operation {
    call: Call,
    draws: Draws,
    /// The search text in lower case.
    search: String,
}

/// The repositories over one connection in hand.
#[derive(Debug)]
pub struct Session(Repositories);

/// What a call brought back.
#[derive(Debug)]
pub enum Reply {
    /// One trace, if it exists.
    Trace(Option<Trace>),
    /// One trace with its spans, if it exists.
    TraceWithSpans(Option<(Trace, Vec<TraceSpan>)>),
    /// One trace with its spans, if it exists, and the log records that name it.
    Context(Option<(Trace, Vec<TraceSpan>)>, Vec<LogRecord>),
    /// A page of traces.
    Traces(Vec<Trace>),
    /// Buckets of a series.
    Series(Vec<TimeSeriesPoint>),
    /// Percentiles of a service.
    Percentiles(LatencyPercentiles),
    /// The newest point of a series, if there is one.
    Point(Option<MetricDataPoint>),
    /// Log records.
    Logs(Vec<LogRecord>),
}

/// Connect options whose sessions give up a statement after `timeout`, and whose driver does not
/// look at each statement to log it. For [`RepositoryWorkload::pooled`]'s pool too.
pub fn session_options(options: PgConnectOptions, timeout: Span) -> PgConnectOptions {
    // The server takes whole milliseconds, and 0 would be no timeout at all.
    let milliseconds = timeout.0.as_millis().clamp(1, i32::MAX as u128);
    options
        .options([("statement_timeout", milliseconds)])
        .disable_statement_logging()
}

/// The settings of the pool that `drive` asks for. A time of 0 is never.
pub fn pool_config(drive: &DrivePlan) -> StoragePoolConfig {
    let unless_zero = |span: Span| (span.as_ns() > 0).then_some(span.0);
    StoragePoolConfig {
        max_connections: u32::try_from(drive.connections).unwrap_or(u32::MAX),
        min_connections: u32::try_from(drive.pool.min).unwrap_or(u32::MAX),
        acquire_timeout: drive.pool.acquire_timeout.0,
        idle_timeout: unless_zero(drive.pool.idle_timeout),
        max_lifetime: unless_zero(drive.pool.max_lifetime),
        test_before_acquire: drive.pool.test_before_acquire,
    }
}

impl RepositoryWorkload {
    /// Each session opens a connection of its own with `options`, and closes it when it is given
    /// back.
    pub fn pinned(
        options: PgConnectOptions,
        edition: Edition,
        plan: &Plan,
        dataset: &Dataset,
    ) -> Self {
        let options = session_options(options, plan.drive.timeout);
        Self::new(Source::Pinned(Box::new(options)), edition, plan, dataset)
    }

    /// Each session is a connection of `pool`, whose connect options went through
    /// [`session_options`].
    pub fn pooled(pool: StoragePool, edition: Edition, plan: &Plan, dataset: &Dataset) -> Self {
        Self::new(Source::Pool(pool), edition, plan, dataset)
    }

    fn new(source: Source, edition: Edition, plan: &Plan, dataset: &Dataset) -> Self {
        let operation = |(place, operation): (usize, &crate::plan::OperationPlan)| Operation {
            call: operation.call,
            draws: Draws::new(dataset, plan.seed, place, operation),
            search: operation.parameters.search.to_lowercase(),
        };
        Self {
            source,
            edition,
            operations: plan.operations.iter().enumerate().map(operation).collect(),
            known: Known::new(dataset),
        }
    }

    /// The pool behind the sessions, for its counters; `None` where they are pinned.
    pub fn pool(&self) -> Option<&StoragePool> {
        match &self.source {
            Source::Pinned(_) => None,
            Source::Pool(pool) => Some(pool),
        }
    }

    async fn open(&self) -> Result<Repositories, StorageError> {
        match &self.source {
            Source::Pinned(options) => Repositories::connect(options, self.edition).await,
            Source::Pool(pool) => {
                let connections = Connections::pinned(pool.acquire().await?);
                Ok(Repositories::new(connections, self.edition))
            }
        }
    }

    async fn run(
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

    /// The trace that call `index` must find; `None` where it asks for one that does not exist.
    fn key(&self, draws: &Draws, index: u64) -> Option<TraceKey> {
        match draws.trace(index) {
            DrawnTrace::Known(trace) => Some(self.known.dataset().trace(trace)),
            DrawnTrace::Absent(_) => None,
        }
    }

    fn verdict(&self, place: usize, index: u64, reply: &Reply) -> AnswerVerdict {
        let Some(operation) = self.operations.get(place) else {
            return AnswerVerdict::Unchecked;
        };
        let draws = &operation.draws;
        let key = || self.key(draws, index);
        match reply {
            Reply::Trace(found) => check::trace(found.as_ref(), key().as_ref()),
            Reply::TraceWithSpans(found) => check::trace_with_spans(found.as_ref(), key().as_ref()),
            Reply::Context(found, logs) => check::context(found.as_ref(), logs, key().as_ref()),
            Reply::Traces(rows) => self.traces_verdict(operation, index, rows),
            Reply::Logs(rows) if operation.call == Call::LogGetLogsByTrace => {
                check::logs_of_trace(rows, key().as_ref())
            }
            Reply::Logs(rows) => self.logs_verdict(place, operation, index, rows),
            Reply::Series(_) | Reply::Percentiles(_) | Reply::Point(_) => {
                self.metric_verdict(draws, index, reply)
            }
        }
    }

    fn traces_verdict(&self, operation: &Operation, index: u64, rows: &[Trace]) -> AnswerVerdict {
        let draws = &operation.draws;
        let mut page = page_of(draws, index);
        let (range, fixed) = (page.range, draws.range_is_fixed());
        if operation.call == Call::TraceGetTraces {
            let data = self.known.dataset();
            let known = || Some(data.trace_rows_in(range.start(), range.end()));
            return check::page(rows, page, |_| true, known);
        }
        if operation.call == Call::TraceSearchErrors {
            let known = || {
                self.known
                    .count(Question::ErrorTraces, range, page.at_most(), fixed, "")
            };
            return check::page(rows, page, |row| row.status == Status::Error, known);
        }
        let rank = draws.service(index);
        let name = self.known.dataset().service_name(rank);
        let theirs = |row: &Trace| row.service_name == name;
        if operation.call == Call::TraceListAfter {
            page.offset = 0;
            let cursor = draws.cursor(index);
            let after =
                |row: &Trace| theirs(row) && (row.start_time, row.id) < (cursor.time, cursor.id);
            let known = || self.known.count_after(rank, range, cursor, page.at_most());
            return check::page(rows, page, after, known);
        }
        if operation.call == Call::TraceSearchByService {
            (page.limit, page.offset) = (u64::MAX, 0);
        }
        let question = Question::ServiceTraces(rank);
        let known = || self.known.count(question, range, page.at_most(), fixed, "");
        check::page(rows, page, theirs, known)
    }

    fn logs_verdict(
        &self,
        place: usize,
        operation: &Operation,
        index: u64,
        rows: &[LogRecord],
    ) -> AnswerVerdict {
        let draws = &operation.draws;
        let mut page = page_of(draws, index);
        let fixed = draws.range_is_fixed();
        let text = operation.search.as_str();
        let rank = draws.service(index);
        let name = self.known.dataset().service_name(rank);
        let question = match operation.call {
            Call::LogSearchLogs => {
                page.offset = 0;
                Question::Search(place)
            }
            Call::LogGetErrors => Question::ErrorLogs,
            _ => Question::ServiceLogs(rank),
        };
        let matches = |row: &LogRecord| match question {
            Question::Search(_) => check::holds(&row.body, text),
            Question::ErrorLogs => row.severity_number >= 17,
            _ => row.service_name == name,
        };
        let known = || {
            let question = question.clone();
            self.known
                .count(question, page.range, page.at_most(), fixed, text)
        };
        check::page(rows, page, matches, known)
    }

    fn metric_verdict(&self, draws: &Draws, index: u64, reply: &Reply) -> AnswerVerdict {
        let range = draws.range(index);
        let (start, end) = (range.start(), range.end());
        let data = self.known.dataset();
        match reply {
            Reply::Percentiles(found) => {
                let has_points = self.known.service_has_points(draws.service(index), range);
                check::percentiles(found, has_points)
            }
            Reply::Point(found) => {
                let series = draws.series(index);
                let at = data.latest_point(series, end).filter(|at| *at >= start);
                check::latest_point(found.as_ref(), self.known.series_id(series), at)
            }
            Reply::Series(found) => {
                let series = draws.series(index);
                let width = TimeDelta::seconds(bucket_seconds(draws));
                let buckets = data.buckets_in(series, start, end, width);
                check::series(found, end, buckets, data.points_in(series, start, end))
            }
            _ => AnswerVerdict::Unchecked,
        }
    }
}

fn bucket_seconds(draws: &Draws) -> i64 {
    draws.parameters().bucket.0.as_secs().cast_signed()
}

fn page_of(draws: &Draws, index: u64) -> Page {
    Page {
        range: draws.range(index),
        limit: draws.parameters().limit.unsigned_abs(),
        offset: draws.parameters().offset.unsigned_abs(),
    }
}

impl Reply {
    /// Rows decoded.
    pub fn rows(&self) -> u64 {
        let rows = match self {
            Self::Trace(found) => usize::from(found.is_some()),
            Self::TraceWithSpans(found) => trace_rows(found.as_ref()),
            Self::Context(found, logs) => trace_rows(found.as_ref()) + logs.len(),
            Self::Traces(rows) => rows.len(),
            Self::Series(rows) => rows.len(),
            Self::Percentiles(_) => 1,
            Self::Point(found) => usize::from(found.is_some()),
            Self::Logs(rows) => rows.len(),
        };
        rows as u64
    }
}

fn trace_rows(found: Option<&(Trace, Vec<TraceSpan>)>) -> usize {
    found.map_or(0, |(_, spans)| 1 + spans.len())
}

impl Operations for RepositoryWorkload {
    type Session = Session;
    type Reply = Reply;

    async fn acquire(&self) -> Result<Session, CallError> {
        Ok(Session(self.open().await?))
    }

    async fn release(&self, session: Session) {
        if let Some(connection) = session.0.take_connection() {
            connection.give_back().await;
        }
    }

    fn discard(&self, session: Session) {
        if let Some(connection) = session.0.take_connection() {
            connection.abandon();
        }
    }

    async fn call(
        &self,
        session: &mut Session,
        operation: usize,
        index: u64,
    ) -> Result<Reply, CallError> {
        let Some(operation) = self.operations.get(operation) else {
            return Err(no_such_operation(operation));
        };
        Ok(self.run(&session.0, operation, index).await?)
    }

    fn check(&self, operation: usize, index: u64, reply: Reply) -> Answer {
        Answer {
            rows: reply.rows(),
            verdict: self.verdict(operation, index, &reply),
        }
    }
}

fn no_such_operation(operation: usize) -> CallError {
    CallError {
        class: ErrorClass::Decode,
        message: format!("operation {operation} is not in the plan"),
        connection_lost: false,
    }
}

impl From<StorageError> for CallError {
    fn from(error: StorageError) -> Self {
        let class = match &error {
            StorageError::PoolTimeout => ErrorClass::PoolTimeout,
            StorageError::Connection(_) | StorageError::ConnectionTaken => ErrorClass::Connection,
            // What this program cannot put on the wire is told apart by its message alone.
            StorageError::Decode(_)
            | StorageError::Encode { .. }
            | StorageError::TimeRange(_)
            | StorageError::Argument { .. } => ErrorClass::Decode,
            StorageError::Database { .. } => {
                ErrorClass::SqlState(error.sqlstate_class().unwrap_or(*b"XX"))
            }
        };
        Self {
            class,
            connection_lost: error.connection_lost(),
            message: error.to_string(),
        }
    }
}
