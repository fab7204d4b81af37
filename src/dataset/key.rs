//! The data set's keys: who a trace or a metric is, without its row.
//!
//! Input: the plan. Output: [`Dataset`], which draws identifiers, services and start times by
//! index, cheaply and on any thread. Knows nothing of columns.

use std::fmt::Write;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::block::{Blocks, Layout};
use super::clock::Clock;
use super::distribution::{QuantileTable, Zipf};
use super::ids::{self, ABSENT, TraceId};
use super::names::Names;
use super::series::Series;
use super::streams;
use crate::plan::DatasetPlan;
use crate::stats::draw::Stream;

/// The version of the generator: raised by every change that changes a row.
pub const GENERATOR_VERSION: u32 = 1;

/// No trace takes longer, in microseconds: a minute. So the spans and logs of a range of time
/// belong to traces that start at most this much earlier.
pub const TRACE_US_MAX: u64 = 60_000_000;

/// A data set that exists as a function: a clone shares its tables.
#[derive(Debug, Clone)]
pub struct Dataset(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) plan: DatasetPlan,
    pub(super) clock: Clock,
    pub(super) blocks: Blocks,
    pub(super) names: Names,
    pub(super) series: Vec<Series>,
    pub(super) random: Random,
    pub(super) end_us: i64,
    zipf: Zipf,
    durations: QuantileTable,
}

/// The streams that rows draw from.
#[derive(Debug)]
pub(super) struct Random {
    service: Stream,
    pub(super) trace: Stream,
    trace_row_id: Stream,
    trace_id: Stream,
    pub(super) span: Stream,
    pub(super) span_row_id: Stream,
    pub(super) span_id: Stream,
    pub(super) log: Stream,
    pub(super) log_row_id: Stream,
    pub(super) point: Stream,
    pub(super) point_row_id: Stream,
}

/// A trace without its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceKey {
    /// Its index, in order of start.
    pub index: u64,
    /// `traces.id`, which spans refer to.
    pub id: Uuid,
    /// `traces.trace_id`, which log records refer to.
    pub trace_id: TraceId,
    /// The rank of its service; see [`Dataset::service_name`].
    pub service: u32,
    /// `traces.start_time`.
    pub start: DateTime<Utc>,
    /// `traces.duration_us`: microseconds, 1 to [`TRACE_US_MAX`].
    pub duration_us: u64,
    /// Whether `traces.status` is `error`.
    pub failed: bool,
    /// Rows of `trace_spans`: `traces.span_count`, 1 at least.
    pub spans: u32,
    /// Rows of `log_records` that name it; may be 0, but not when it failed and there are logs.
    pub logs: u32,
}

/// What a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// A value that goes up and down.
    Gauge,
    /// A running total that restarts now and then.
    Counter,
    /// A distribution in an interval: its points also have count, sum, min, max and buckets.
    Histogram,
}

/// A metric series without its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricKey {
    /// `metrics.id`, which points refer to.
    pub id: Uuid,
    /// `metrics.name`; unique within its service.
    pub name: String,
    /// The rank of its service.
    pub service: u32,
    /// `metrics.metric_type`.
    pub kind: MetricKind,
}

/// A trace's place and shape: all that its rows are made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) index: u64,
    pub(super) start_us: i64,
    pub(super) duration_us: u64,
    pub(super) service: u32,
    pub(super) failed: bool,
    /// The index of its first span.
    pub(super) first_span: u64,
    pub(super) spans: u32,
    /// The index of its first log record.
    pub(super) first_log: u64,
    /// Its log records, those that name no trace included: they are the last.
    pub(super) logs: u32,
    /// Its log records that name it.
    pub(super) attached: u32,
}

impl Dataset {
    /// The data set that `plan` describes. Fills the dictionaries; makes no rows.
    pub fn new(plan: &DatasetPlan) -> Self {
        let names = Names::new(plan.seed, plan.services);
        Self(Arc::new(Inner {
            clock: Clock::new(plan),
            blocks: Blocks::new(plan),
            series: Series::all(plan, &names),
            names,
            random: Random::new(plan.seed),
            end_us: plan.end.timestamp_micros(),
            zipf: Zipf::new(plan.services),
            durations: QuantileTable::lognormal(180_000.0, 1.1),
            plan: plan.clone(),
        }))
    }

    /// The plan that it was made from.
    pub fn plan(&self) -> &DatasetPlan {
        &self.0.plan
    }

    /// SHA-256, in hexadecimal, of everything that decides a row: the generator's version and the
    /// plan without `threads`.
    pub fn digest(&self) -> String {
        let mut plan = serde_json::to_value(&self.0.plan).unwrap_or_default();
        if let Some(fields) = plan.as_object_mut() {
            fields.remove("threads");
        }
        let text = format!("highwater data set {GENERATOR_VERSION} {plan}");
        let mut digits = String::new();
        for byte in Sha256::digest(text) {
            // Writing into a String never fails.
            let _ = write!(digits, "{byte:02x}");
        }
        digits
    }

    /// The trace at `index`. Lays out its whole block: about a microsecond; where only an
    /// identifier is needed, [`Self::trace_id`] and its siblings cost a hundredth of that.
    pub fn trace(&self, index: u64) -> TraceKey {
        let block = index / DatasetPlan::BLOCK;
        let layout = self.0.blocks.layout(block, &self.0.clock);
        let shape = self.0.shape(&layout, (index % DatasetPlan::BLOCK) as usize);
        self.key(&shape)
    }

    /// `traces.id` of trace `index`.
    pub fn trace_row_id(&self, index: u64) -> Uuid {
        ids::uuid(self.0.random.trace_row_id, index)
    }

    /// `traces.trace_id` of trace `index`.
    pub fn trace_id(&self, index: u64) -> TraceId {
        TraceId::of(self.0.random.trace_id, index)
    }

    /// `traces.start_time` of trace `index`.
    pub fn trace_start(&self, index: u64) -> DateTime<Utc> {
        instant(self.0.clock.start_us(index, self.0.clock.slot(index)))
    }

    /// The rank of the service of trace `index`.
    pub fn trace_service(&self, index: u64) -> u32 {
        self.0.service(index)
    }

    /// Whether trace `index` failed.
    pub fn trace_failed(&self, index: u64) -> bool {
        self.0.clock.failed(index, self.0.clock.slot(index))
    }

    /// A trace id that no row has; another for each `i` below 2^63.
    pub fn absent_trace_id(&self, i: u64) -> TraceId {
        TraceId::of(self.0.random.trace_id, ABSENT | i)
    }

    /// A UUID that no row of `traces` has; another for each `i` below 2^63. In other tables it is
    /// as unlikely as any random UUID.
    pub fn absent_uuid(&self, i: u64) -> Uuid {
        ids::uuid(self.0.random.trace_row_id, ABSENT | i)
    }

    /// The name of the service at `rank`, 0 the most popular; of rank modulo services.
    pub fn service_name(&self, rank: u32) -> &str {
        let services = &self.0.names.services;
        &services[rank as usize % services.len()]
    }

    /// The metric series at `series`, modulo the number of series.
    pub fn metric(&self, series: u32) -> MetricKey {
        let series = &self.0.series[series as usize % self.0.series.len()];
        MetricKey {
            id: series.id,
            name: series.name.clone(),
            service: series.service,
            kind: series.kind,
        }
    }

    /// The index of the first trace that starts at or after `time`; the number of traces when none
    /// does.
    pub fn traces_before(&self, time: DateTime<Utc>) -> u64 {
        self.0.clock.first_at_or_after(ceil_us(time))
    }

    pub(super) fn key(&self, shape: &Shape) -> TraceKey {
        TraceKey {
            index: shape.index,
            id: self.trace_row_id(shape.index),
            trace_id: self.trace_id(shape.index),
            service: shape.service,
            start: instant(shape.start_us),
            duration_us: shape.duration_us,
            failed: shape.failed,
            spans: shape.spans,
            logs: shape.attached,
        }
    }
}

impl Inner {
    /// The shape of trace `i` of a block.
    pub(super) fn shape(&self, layout: &Layout, i: usize) -> Shape {
        let index = layout.block * DatasetPlan::BLOCK + i as u64;
        let start_us = self.clock.start_us(index, self.clock.slot(index));
        let (span, spans) = layout.spans(i);
        let (log, logs) = layout.logs(i);
        let failed = layout.failed(i);
        let until_end = (self.end_us - start_us).max(1) as u64;
        let drawn = u64::from(self.durations.draw(self.random.trace, index));
        let duration_us = (drawn + 2_000 * u64::from(spans))
            .min(TRACE_US_MAX)
            .min(until_end);
        Shape {
            index,
            start_us,
            duration_us,
            service: self.service(index),
            failed,
            first_span: self.blocks.first_span(layout.block) + u64::from(span),
            spans,
            first_log: self.blocks.first_log(layout.block) + u64::from(log),
            logs,
            attached: logs - self.blocks.detached(index, logs, failed),
        }
    }

    fn service(&self, index: u64) -> u32 {
        self.zipf.rank(self.random.service.at(index))
    }
}

impl Random {
    fn new(seed: u64) -> Self {
        let stream = |name| Stream::new(seed, name);
        Self {
            service: stream(streams::SERVICE),
            trace: stream(streams::TRACE),
            trace_row_id: stream(streams::TRACE_ROW_ID),
            trace_id: stream(streams::TRACE_ID),
            span: stream(streams::SPAN),
            span_row_id: stream(streams::SPAN_ROW_ID),
            span_id: stream(streams::SPAN_ID),
            log: stream(streams::LOG),
            log_row_id: stream(streams::LOG_ROW_ID),
            point: stream(streams::POINT),
            point_row_id: stream(streams::POINT_ROW_ID),
        }
    }
}

impl MetricKind {
    /// The text of `metrics.metric_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// The instant at `us` microseconds since 1970.
pub(super) fn instant(us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(us).unwrap_or_default()
}

/// The first whole microsecond, counted from 1970, at or after `time`: the database keeps no more.
pub(super) fn ceil_us(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros() + i64::from(!time.timestamp_subsec_nanos().is_multiple_of(1000))
}
