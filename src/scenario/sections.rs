//! The tables and keys of a scenario, one type a table; `scenarios/reference.toml` explains each.
//!
//! Every key is optional here and carries its place, so that the plan can decide its default and
//! name the line of what it refuses. A key that is absent is `None`.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_spanned::Spanned;
use toml::value::Datetime;

use super::setting::Setting;
use super::words::{Access, Arrivals, Draw, Model, WindowEnd};
use crate::units::{Bytes, Rate, Span};

/// A key that may be absent, with the place of its value.
pub type Key<T> = Option<Spanned<T>>;

/// A whole scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct Sections {
    /// One line for people.
    pub description: Key<String>,
    /// The seed of the schedule and of the drawn parameters.
    pub seed: Key<u64>,
    /// `[target]`
    pub target: TargetSection,
    /// `[server]`: server settings by name.
    pub server: BTreeMap<String, Setting>,
    /// `[schema]`
    pub schema: SchemaSection,
    /// `[dataset]`
    pub dataset: DatasetSection,
    /// `[drive]`
    pub drive: DriveSection,
    /// `[pool]`
    pub pool: PoolSection,
    /// `[operations."name"]`, in the order of the file.
    pub operations: IndexMap<Spanned<String>, OperationSection>,
    /// `[objectives."name"]`, in the order of the file.
    pub objectives: IndexMap<Spanned<String>, ObjectiveSection>,
    /// `[validity]`
    pub validity: ValiditySection,
}

/// `[target]`: where the database comes from and what it may use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct TargetSection {
    /// The container image.
    pub image: Key<String>,
    /// CPUs the container may use.
    pub cpus: Key<f64>,
    /// CPU numbers the container is held to.
    pub cpuset: Key<Setting>,
    /// Memory the container may use.
    pub memory: Key<Bytes>,
    /// `/dev/shm` of the container.
    pub shm_size: Key<Bytes>,
    /// How long a server may take until it answers.
    pub start_timeout: Key<Span>,
}

/// `[schema]`: how the tables are made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct SchemaSection {
    /// The time that one chunk of a hypertable covers.
    pub chunk_interval: Key<Span>,
}

/// `[dataset]`: what the tables hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct DatasetSection {
    /// The seed of the rows.
    pub seed: Key<u64>,
    /// Days that the data covers.
    pub days: Key<u32>,
    /// The instant at which the data ends.
    pub end: Key<Datetime>,
    /// Services.
    pub services: Key<u32>,
    /// Rows of `traces`.
    pub traces: Key<u64>,
    /// Mean spans of a trace.
    pub spans_per_trace: Key<u32>,
    /// Mean log records of a trace.
    pub logs_per_trace: Key<u32>,
    /// Metric series.
    pub series: Key<u32>,
    /// The time from one point of a series to its next.
    pub point_interval: Key<Span>,
    /// Errors among traces outside bursts, in thousandths.
    pub error_permille: Key<u32>,
    /// Threads that generate and load.
    pub threads: Key<u64>,
}

/// `[drive]`: how load is applied.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct DriveSection {
    /// Who decides when the next call starts.
    pub model: Key<Model>,
    /// The law of the gaps (open model).
    pub arrivals: Key<Arrivals>,
    /// How calls reach a connection.
    pub access: Key<Access>,
    /// Threads that run calls.
    pub workers: Key<u64>,
    /// Connections, all workers' together.
    pub connections: Key<u64>,
    /// Callers (closed model).
    pub callers: Key<u64>,
    /// The pause between an answer and the next call (closed model).
    pub think_time: Key<Span>,
    /// Load before the measuring.
    pub warm_up: Key<Span>,
    /// Measuring.
    pub duration: Key<Span>,
    /// How long unfinished calls may take after the end.
    pub drain: Key<Span>,
    /// From the scheduled start; then the call is `timed_out`.
    pub timeout: Key<Span>,
    /// Multiplies every rate.
    pub rate_scale: Key<f64>,
}

/// `[pool]`: settings of the pool, read when `access = "pool"`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct PoolSection {
    /// Connections kept open.
    pub min: Key<u64>,
    /// How long an acquire may wait.
    pub acquire_timeout: Key<Span>,
    /// When an idle connection is closed.
    pub idle_timeout: Key<Span>,
    /// When any connection is closed.
    pub max_lifetime: Key<Span>,
    /// Whether the pool pings a connection before it hands it out.
    pub test_before_acquire: Key<bool>,
}

/// `[operations."name"]`: one operation at its load.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct OperationSection {
    /// What is called; the table's own name when absent.
    pub call: Key<String>,
    /// Arrivals per second (open model).
    pub rate: Key<Rate>,
    /// Share among the operations (closed model).
    pub weight: Key<u32>,
    /// The length of the time range.
    pub window: Key<Span>,
    /// Rows at most.
    pub limit: Key<i64>,
    /// Rows to skip.
    pub offset: Key<i64>,
    /// The text to search for.
    pub search: Key<String>,
    /// The width of a bucket.
    pub bucket: Key<Span>,
    /// Where in the data the window ends.
    pub at: Key<WindowEnd>,
    /// How ids, services and series are drawn.
    pub draw: Key<Draw>,
    /// The share of drawn ids that do not exist, 0-1.
    pub unknown_share: Key<f64>,
}

/// `[objectives."name"]`: the budgets of one operation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct ObjectiveSection {
    /// The median of the response time, at most.
    pub p50: Key<Span>,
    /// The 90th percentile, at most.
    pub p90: Key<Span>,
    /// The 95th percentile, at most.
    pub p95: Key<Span>,
    /// The 99th percentile, at most.
    pub p99: Key<Span>,
    /// The 99.9th percentile, at most.
    pub p999: Key<Span>,
    /// Share of calls that did not end `ok`, 0-1, at most.
    pub error_share: Key<f64>,
}

/// `[validity]`: when a run stops being valid.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct ValiditySection {
    /// Achieved over offered rate below this: suspect.
    pub achieved_share_min: Key<f64>,
    /// P99 of lag above this share of the tightest objective: invalid.
    pub lag_share_max: Key<f64>,
    /// Failed and timed out over scheduled above this: suspect.
    pub error_share_max: Key<f64>,
    /// Generator CPU over the whole host above this: suspect.
    pub generator_cpu_share_max: Key<f64>,
    /// Empty answers over answers above this: suspect.
    pub empty_share_max: Key<f64>,
}
