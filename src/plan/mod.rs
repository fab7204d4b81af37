//! The plan: a scenario resolved, every default decided, immutable.
//!
//! Input: a parsed scenario and what was typed. Output: [`Plan`], plain data that every later stage
//! reads. Knows nothing of databases and does no I/O.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::units::{Bytes, Quantile, Rate, Span};

/// Everything a run does, decided.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The scenario's name: the file's stem.
    pub scenario: String,
    /// One line for people.
    pub description: String,
    /// The seed of the schedule and of the drawn parameters.
    pub seed: u64,
    /// Where the database comes from.
    pub target: TargetPlan,
    /// How the tables are made.
    pub schema: SchemaPlan,
    /// What the tables hold.
    pub dataset: DatasetPlan,
    /// How load is applied.
    pub drive: DrivePlan,
    /// What is called, in the scenario's order.
    pub operations: Vec<OperationPlan>,
    /// Budgets, in the scenario's order.
    pub objectives: Vec<Objective>,
    /// When a run stops being valid.
    pub limits: Limits,
}

/// Which kind of target was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetChoice {
    /// A container when a Docker daemon answers.
    Auto,
    /// A container, or an error.
    Docker,
    /// Server binaries of this machine.
    Local,
    /// A server that somebody else runs. The URL may hold a password: it is never serialised.
    External(#[serde(skip)] url::Url),
}

/// Where the database comes from and what it may use.
#[derive(Debug, Clone, Serialize)]
pub struct TargetPlan {
    /// The kind.
    pub choice: TargetChoice,
    /// The container image; `None` takes the pinned public one, else the one built from Debian's packages.
    pub image: Option<String>,
    /// CPUs the container may use; `None` is no limit.
    pub cpus: Option<f64>,
    /// CPU numbers the container is held to, such as `0-1`; `None` is no limit.
    pub cpuset: Option<String>,
    /// Memory the container may use; `None` is no limit.
    pub memory: Option<Bytes>,
    /// `/dev/shm` of the container; parallel queries need more than Docker's 64 MiB.
    pub shm_size: Bytes,
    /// Server settings, by name; read back from `pg_settings` after the start.
    pub server: BTreeMap<String, String>,
    /// Leave the target up and reuse its data set next time.
    pub keep: bool,
    /// Use an external database although it holds other things.
    pub allow_existing: bool,
    /// How long a server may take until it answers.
    pub start_timeout: Span,
}

/// How the tables are made.
#[derive(Debug, Clone, Serialize)]
pub struct SchemaPlan {
    /// The time that one chunk of a hypertable covers.
    pub chunk_interval: Span,
}

/// What the tables hold. Two equal plans give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatasetPlan {
    /// The seed of the rows.
    pub seed: u64,
    /// Days that the data covers, ending at `end`.
    pub days: u32,
    /// The instant at which the data ends; "the last hour" ends here.
    pub end: DateTime<Utc>,
    /// Services, with Zipf popularity.
    pub services: u32,
    /// Rows of `traces`; a multiple of [`DatasetPlan::BLOCK`].
    pub traces: u64,
    /// Mean spans of a trace; the sizes are heavy-tailed, 1 at least.
    pub spans_per_trace: u32,
    /// Mean log records of a trace.
    pub logs_per_trace: u32,
    /// Rows of `metrics`: metric series, spread over the services.
    pub series: u32,
    /// The time from one point of a series to its next.
    pub point_interval: Span,
    /// Errors among traces outside bursts, in thousandths.
    pub error_permille: u32,
    /// Threads that generate and load.
    pub threads: usize,
}

impl DatasetPlan {
    /// Traces come in blocks of this many; a block has a fixed number of spans and logs.
    pub const BLOCK: u64 = 64;

    /// Rows of `trace_spans`.
    pub fn spans(&self) -> u64 {
        self.traces * u64::from(self.spans_per_trace)
    }

    /// Rows of `log_records`.
    pub fn logs(&self) -> u64 {
        self.traces * u64::from(self.logs_per_trace)
    }

    /// Points of each series.
    pub fn points_per_series(&self) -> u64 {
        self.length().as_nanos() as u64 / self.point_interval.as_ns().max(1)
    }

    /// Rows of `metric_data_points`.
    pub fn points(&self) -> u64 {
        self.points_per_series() * u64::from(self.series)
    }

    /// The time that the data covers.
    pub fn length(&self) -> Duration {
        Duration::from_secs(u64::from(self.days) * 86_400)
    }

    /// The instant at which the data starts.
    pub fn start(&self) -> DateTime<Utc> {
        self.end - chrono::Duration::days(i64::from(self.days))
    }
}

/// Who decides when the next call starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// A schedule that no response can delay.
    Open,
    /// Callers that wait for their answer before they ask again.
    Closed,
}

/// The law of the time from one arrival to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Evenly spaced.
    Constant,
    /// Exponential gaps, as from many independent users.
    Poisson,
}

/// How calls reach a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Worker threads with connections of their own: the database alone.
    Pinned,
    /// One pool on one multi-thread runtime: the application's own shape.
    Pool,
}

/// How load is applied.
#[derive(Debug, Clone, Serialize)]
pub struct DrivePlan {
    /// Who decides when the next call starts.
    pub model: Model,
    /// The law of the gaps (open model).
    pub arrivals: Arrivals,
    /// How calls reach a connection.
    pub access: Access,
    /// Threads that run calls.
    pub workers: usize,
    /// Connections: all workers' together when pinned, the pool's maximum otherwise.
    pub connections: usize,
    /// Callers of the closed model.
    pub callers: usize,
    /// What a closed caller waits between an answer and its next call.
    pub think_time: Span,
    /// Load before the measuring.
    pub warm_up: Span,
    /// Measuring.
    pub duration: Span,
    /// How long unfinished calls may take after the end.
    pub drain: Span,
    /// From the scheduled start; then the call is `timed_out`.
    pub timeout: Span,
    /// Settings of the pool.
    pub pool: PoolPlan,
}

/// Settings of the pool.
#[derive(Debug, Clone, Serialize)]
pub struct PoolPlan {
    /// Connections kept open.
    pub min: usize,
    /// How long an acquire may wait.
    pub acquire_timeout: Span,
    /// When an idle connection is closed.
    pub idle_timeout: Span,
    /// When any connection is closed.
    pub max_lifetime: Span,
    /// Whether the pool pings a connection before it hands it out.
    pub test_before_acquire: bool,
}

/// One operation at its load.
#[derive(Debug, Clone, Serialize)]
pub struct OperationPlan {
    /// The name in tables and objectives, such as `trace.get_by_trace_id` or a label.
    pub name: String,
    /// What is called.
    pub call: Call,
    /// Arrivals per second (open model; already scaled).
    pub rate: Option<Rate>,
    /// Share among the operations of a closed loop.
    pub weight: u32,
    /// Parameters, all decided.
    pub parameters: Parameters,
}

/// Every operation that a scenario can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Call {
    /// `trace.get_by_id`
    TraceGetById,
    /// `trace.get_by_trace_id`
    TraceGetByTraceId,
    /// `trace.get_trace_by_id`: the trace, then its spans
    TraceGetTraceById,
    /// `trace.get_traces`: a window's latest traces, all services
    TraceGetTraces,
    /// `trace.list`: a service's latest traces of a window
    TraceList,
    /// `trace.list_after`: the same, from a cursor
    TraceListAfter,
    /// `trace.search_by_service`
    TraceSearchByService,
    /// `trace.search_errors`
    TraceSearchErrors,
    /// `metric.query_time_series`
    MetricQueryTimeSeries,
    /// `metric.get_latency_percentiles`
    MetricGetLatencyPercentiles,
    /// `metric.get_latest_data_point`
    MetricGetLatestDataPoint,
    /// `log.get_logs_by_trace`
    LogGetLogsByTrace,
    /// `log.search_logs`
    LogSearchLogs,
    /// `log.list`
    LogList,
    /// `log.get_errors`
    LogGetErrors,
    /// `trace.context`: a trace, its spans, then its logs
    TraceContext,
}

impl Call {
    /// Every call with its name and a line for people, in the order of `highwater list`.
    pub const ALL: [(Self, &'static str, &'static str); 16] = [
        (
            Self::TraceGetById,
            "trace.get_by_id",
            "one trace by its row id",
        ),
        (
            Self::TraceGetByTraceId,
            "trace.get_by_trace_id",
            "one trace by its trace id",
        ),
        (
            Self::TraceGetTraceById,
            "trace.get_trace_by_id",
            "one trace and its spans",
        ),
        (
            Self::TraceContext,
            "trace.context",
            "one trace, its spans, then its logs: a sequence of two calls",
        ),
        (
            Self::TraceGetTraces,
            "trace.get_traces",
            "the latest traces of a window, all services",
        ),
        (
            Self::TraceList,
            "trace.list",
            "the latest traces of one service in a window",
        ),
        (
            Self::TraceListAfter,
            "trace.list_after",
            "the next page of the same, from a cursor",
        ),
        (
            Self::TraceSearchByService,
            "trace.search_by_service",
            "all traces of one service in a window",
        ),
        (
            Self::TraceSearchErrors,
            "trace.search_errors",
            "the latest failed traces of a window",
        ),
        (
            Self::MetricQueryTimeSeries,
            "metric.query_time_series",
            "one series in buckets over a window",
        ),
        (
            Self::MetricGetLatencyPercentiles,
            "metric.get_latency_percentiles",
            "P50, P95, P99 of a service's points in a window",
        ),
        (
            Self::MetricGetLatestDataPoint,
            "metric.get_latest_data_point",
            "the newest point of one series within a lookback",
        ),
        (
            Self::LogGetLogsByTrace,
            "log.get_logs_by_trace",
            "every log record of one trace",
        ),
        (
            Self::LogSearchLogs,
            "log.search_logs",
            "the latest log records of a window whose body holds a text",
        ),
        (
            Self::LogList,
            "log.list",
            "the latest log records of one service in a window",
        ),
        (
            Self::LogGetErrors,
            "log.get_errors",
            "the latest log records of a window at severity ERROR or above",
        ),
    ];

    /// The name in a scenario.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(call, ..)| *call == self)
            .map_or("", |(_, name, _)| name)
    }

    /// The call of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(call, ..)| *call)
    }
}

/// Parameters of an operation; those that a call does not use are ignored by it and refused by
/// the scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parameters {
    /// The length of the time range.
    pub window: Span,
    /// Rows at most.
    pub limit: i64,
    /// Rows to skip.
    pub offset: i64,
    /// The text to search for.
    pub search: String,
    /// The width of a bucket.
    pub bucket: Span,
    /// Where in the data the window ends.
    pub at: WindowEnd,
    /// How ids, services and series are drawn.
    pub draw: Draw,
    /// The share of drawn ids that do not exist, 0-1.
    pub unknown_share: f64,
}

/// Where in the data a window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowEnd {
    /// At the data's end: "the last hour".
    Latest,
    /// Anywhere that leaves the whole window inside the data, to the minute.
    Uniform,
}

/// How ids, services and series are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Draw {
    /// Each as likely as any other.
    Uniform,
    /// By Zipf's law over rank.
    Zipf,
    /// The newest the likeliest.
    Latest,
}

/// A budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Objective {
    /// The operation's name.
    pub operation: String,
    /// What is held to the limit.
    pub metric: Metric,
}

/// What an objective limits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// A quantile of the response time.
    Response {
        /// Which, 0-1.
        #[serde(serialize_with = "fraction")]
        quantile: Quantile,
        /// At most this.
        limit: Span,
    },
    /// Share of calls that failed, timed out, were shed or stayed unfinished, 0-1.
    ErrorShare {
        /// At most this.
        limit: f64,
    },
}

fn fraction<S: serde::Serializer>(quantile: &Quantile, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(quantile.fraction())
}

/// When a run stops being valid; each is a key of `[validity]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limits {
    /// Achieved over offered rate below this: suspect.
    pub achieved_share_min: f64,
    /// P99 of lag above this share of the tightest objective (or of 10 ms): invalid.
    pub lag_share_max: f64,
    /// Failed and timed out over scheduled above this: suspect.
    pub error_share_max: f64,
    /// Generator CPU over the whole host above this: suspect.
    pub generator_cpu_share_max: f64,
    /// Utilisation of the host above which the generator competes with its own server: suspect.
    pub empty_share_max: f64,
}
