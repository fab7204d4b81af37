//! Every default of a scenario, with its reason. Nothing else decides one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Limits;
use crate::scenario::{Access, Arrivals, Model};
use crate::units::{Bytes, Span};

/// The seed of the schedule and the drawn parameters.
pub const SEED: u64 = 1;

/// The seed of the rows; apart from [`SEED`], so that another schedule keeps the data set.
pub const DATASET_SEED: u64 = 1;

/// `/dev/shm` of the container: Docker's 64 MiB break a parallel hash join.
pub const SHM_SIZE: Bytes = Bytes::from_mib(256);

/// How long a server may take until it answers: a first start runs initdb on a cold disk.
pub const START_TIMEOUT: Span = Span::from_secs(60);

/// One chunk a day, as the store's migrations say.
pub const CHUNK_INTERVAL: Span = Span::from_secs(86_400);

/// Days of data.
pub const DAYS: u32 = 7;

/// Services.
pub const SERVICES: u32 = 10;

/// Rows of `traces`: 102,400 spans with [`SPANS_PER_TRACE`].
pub const TRACES: u64 = 12_800;

/// Mean spans of a trace.
pub const SPANS_PER_TRACE: u32 = 8;

/// Mean log records of a trace.
pub const LOGS_PER_TRACE: u32 = 8;

/// Metric series.
pub const SERIES: u32 = 100;

/// A point each minute: OpenTelemetry's default export interval of metrics.
pub const POINT_INTERVAL: Span = Span::from_secs(60);

/// Failed traces outside bursts: 2 %.
pub const ERROR_PERMILLE: u32 = 20;

/// The instant at which data ends: midnight UTC, so that a chunk of a day holds a day. Fixed,
/// because the same scenario must give the same rows tomorrow.
pub fn end() -> DateTime<Utc> {
    // 2026-06-01T00:00:00Z; the fallback cannot occur, the number is in range.
    DateTime::from_timestamp(1_780_272_000, 0).unwrap_or_default()
}

/// A schedule that no response can delay: the only model that shows what users would see.
pub const MODEL: Model = Model::Open;

/// As from many independent users.
pub const ARRIVALS: Arrivals = Arrivals::Poisson;

/// The application's own shape.
pub const ACCESS: Access = Access::Pool;

/// The maximum of the store's production pool.
pub const CONNECTIONS: usize = 20;

/// No pause between an answer and the next call.
pub const THINK_TIME: Span = Span::from_secs(0);

/// Load before the measuring: caches fill, and prepared statements pass their first five plans.
pub const WARM_UP: Span = Span::from_secs(10);

/// Measuring.
pub const DURATION: Span = Span::from_secs(30);

/// From the scheduled start.
pub const TIMEOUT: Span = Span::from_secs(10);

/// Connections that the pool keeps open; no more than it may have.
pub const POOL_MIN: usize = 5;

/// How long an acquire may wait; as in the store's production pool, like the two below.
pub const ACQUIRE_TIMEOUT: Span = Span::from_secs(30);

/// When an idle connection is closed.
pub const IDLE_TIMEOUT: Span = Span::from_secs(600);

/// When any connection is closed.
pub const MAX_LIFETIME: Span = Span::from_secs(1_800);

/// sqlx's own default: a ping before each hand-out, which the store's production pool pays too.
pub const TEST_BEFORE_ACQUIRE: bool = true;

/// An hour: what the store's dashboards ask for.
pub const WINDOW: Span = Span::from_secs(3_600);

/// Rows at most.
pub const LIMIT: i64 = 100;

/// Five minutes: 288 buckets a day.
pub const BUCKET: Span = Span::from_secs(300);

/// A common text: about 7 % of the data set's log records hold it.
pub const SEARCH: &str = "cache miss";

/// Connections beside those of the drive: filling, observing, and a person with psql.
pub const SPARE_CONNECTIONS: usize = 30;

/// Server settings that a scenario need not name, for a drive of `connections`.
pub fn server(connections: usize) -> BTreeMap<String, String> {
    let max_connections = (connections + SPARE_CONNECTIONS).max(100);
    [
        // The observer reads pg_stat_statements; both libraries must be there from the start.
        ("shared_preload_libraries", "timescaledb,pg_stat_statements"),
        // A query without a time range locks every chunk and its indexes: PostgreSQL's 64 run out
        // at 336 chunks and 20 clients.
        ("max_locks_per_transaction", "1024"),
        // TimescaleDB's launcher, its 16 workers, and PostgreSQL's 8 for parallel queries.
        ("max_worker_processes", "32"),
        // A benchmark reports to nobody.
        ("timescaledb.telemetry_level", "off"),
        ("max_connections", max_connections.to_string().as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// When a run stops being valid.
pub const LIMITS: Limits = Limits {
    // Two in a hundred arrivals without an answer are an overload, not an end effect.
    achieved_share_min: 0.98,
    // For a P99 of 30 ms: 7.5 ms. A bare clock_nanosleep loop beside a saturating pgbench on the
    // same two cores has a P99 of 0.86 ms.
    lag_share_max: 0.25,
    error_share_max: 0.01,
    // Above half of the host, the generator is as much under test as the server.
    generator_cpu_share_max: 0.5,
    empty_share_max: 0.01,
};
