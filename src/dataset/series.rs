//! What each metric series is: its name, its kind, its clock.
//!
//! Input: the plan and the dictionaries. Output: one [`Series`] for each row of `metrics`, made
//! once, that the rows of `metric_data_points` point into. Knows nothing of points.

use uuid::Uuid;

use super::ids;
use super::key::MetricKind;
use super::names::{Names, REGIONS};
use super::streams;
use crate::plan::DatasetPlan;
use crate::stats::draw::Stream;

/// Name, unit and kind of what every service measures.
const METRICS: [(&str, &str, MetricKind); 12] = [
    ("http.server.request.duration", "ms", MetricKind::Histogram),
    ("http.server.request.count", "1", MetricKind::Counter),
    ("process.cpu.utilization", "%", MetricKind::Gauge),
    ("process.memory.usage", "MiB", MetricKind::Gauge),
    (
        "gen_ai.client.operation.duration",
        "ms",
        MetricKind::Histogram,
    ),
    ("gen_ai.client.token.usage", "token", MetricKind::Counter),
    ("db.client.connections.usage", "1", MetricKind::Gauge),
    ("queue.depth", "1", MetricKind::Gauge),
    ("rpc.client.duration", "ms", MetricKind::Histogram),
    ("cache.hits", "1", MetricKind::Counter),
    ("thread.count", "1", MetricKind::Gauge),
    ("network.io", "KiB", MetricKind::Counter),
];

/// One row of `metrics`, and how its points come about.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) kind: MetricKind,
    pub(super) service: u32,
    /// When its first point comes, in microseconds after the data's start; less than an interval.
    pub(super) phase_us: u64,
    /// The level around which its values move, in 1,024ths.
    pub(super) level: u64,
    /// The attributes of each of its points, as JSON.
    pub(super) point_attributes: String,
    /// The attributes of its own row, as JSON.
    pub(super) attributes: String,
}

impl Series {
    /// Every series of the plan, one at least.
    pub(super) fn all(plan: &DatasetPlan, names: &Names) -> Vec<Self> {
        (0..plan.series.max(1))
            .map(|i| Self::new(plan, names, i))
            .collect()
    }

    fn new(plan: &DatasetPlan, names: &Names, index: u32) -> Self {
        let services = plan.services.max(1);
        let (service, round) = (index % services, (index / services) as usize);
        let (name, unit, kind) = METRICS[round % METRICS.len()];
        let name = match round / METRICS.len() {
            0 => name.to_owned(),
            copy => format!("{name}.{copy}"),
        };
        let i = u64::from(index);
        let draw = Stream::new(plan.seed, streams::PHASE);
        let region = REGIONS[index as usize % REGIONS.len()];
        let host = draw.below(i, 16);
        Self {
            id: ids::uuid(Stream::new(plan.seed, streams::METRIC_ROW_ID), i),
            name,
            unit,
            kind,
            service,
            phase_us: draw.below(i, interval_us(plan)),
            level: 1024 * (4 + draw.child(1).below(i, 60)),
            point_attributes: format!(r#"{{"host":"node-{host}","region":"{region}"}}"#),
            attributes: format!(
                r#"{{"region":"{region}","team":"{}"}}"#,
                names.tools[index as usize % names.tools.len()]
            ),
        }
    }
}

/// The time between two points of a series, in whole microseconds, 1 at least.
pub(super) fn interval_us(plan: &DatasetPlan) -> u64 {
    (plan.point_interval.as_ns() / 1000).max(1)
}
