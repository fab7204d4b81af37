//! Whether the schedule was kept and what became of its arrivals.

use super::{Evidence, ValidityCheck, ValidityVerdict, made, percent, unchecked, unless};
use crate::plan::{Limits, Metric, Model, Plan};
use crate::summary::Summary;
use crate::units::{Quantile, format_ns};

/// The P99 of lag that is tolerated without a response objective: a share of this.
const LAG_REFERENCE_NS: u64 = 10_000_000;

/// The drive refuses to end a run whose counts differ; this shows the sums.
pub(super) fn conservation(summary: &Summary) -> ValidityCheck {
    let accounted: u64 = summary
        .operations
        .iter()
        .map(|operation| operation.total.record.counts.total())
        .sum();
    let scheduled = summary.scheduled();
    made(
        "conservation",
        unless(accounted != scheduled, ValidityVerdict::Invalid),
        format!("{accounted} of {scheduled}"),
        Some("equal".to_owned()),
        "every scheduled arrival is ok, failed, timed out, shed or unfinished",
    )
}

pub(super) fn achieved_rate(plan: &Plan, summary: &Summary) -> ValidityCheck {
    let (offered, achieved) = (summary.offered_per_second(), summary.achieved_per_second());
    let share = if offered > 0.0 {
        achieved / offered
    } else {
        0.0
    };
    let limit = plan.limits.achieved_share_min;
    let verdict = match plan.drive.model {
        Model::Closed => ValidityVerdict::Valid,
        Model::Open => unless(share < limit, ValidityVerdict::Suspect),
    };
    let says = match (plan.drive.model, verdict) {
        (Model::Closed, _) => {
            "a closed loop offers what it achieves: its latencies hide what callers would have waited"
        }
        (_, ValidityVerdict::Valid) => "the system kept up with the offered load",
        _ => {
            "the system did not keep up: the backlog grows, and no percentile here is its capacity; offer less, or find what gives out"
        }
    };
    let value = format!("{achieved:.1}/s of {offered:.1}/s ({})", percent(share));
    made(
        "achieved_rate",
        verdict,
        value,
        Some(format!(">= {}", percent(limit))),
        says,
    )
}

/// The dispatcher's own delay against the tightest response objective.
pub(super) fn lag(plan: &Plan, summary: &Summary) -> ValidityCheck {
    let tightest_ns = plan
        .objectives
        .iter()
        .filter_map(|objective| match objective.metric {
            Metric::Response { limit, .. } => Some(limit.as_ns()),
            Metric::ErrorShare { .. } => None,
        })
        .min()
        .unwrap_or(LAG_REFERENCE_NS);
    let limit_ns = (tightest_ns as f64 * plan.limits.lag_share_max) as u64;
    let Some(p99_ns) = summary.lag().at(Quantile::P99) else {
        return unchecked(
            "lag",
            Some(format!("P99 <= {}", format_ns(limit_ns))),
            "nothing was measured",
        );
    };
    let late = p99_ns > limit_ns;
    let says = if late {
        "the generator could not keep its own schedule: give it CPU (cpuset for the server, fewer workers) or lower the rate"
    } else {
        "the dispatcher handed over on time"
    };
    made(
        "lag",
        unless(late, ValidityVerdict::Invalid),
        format!("P99 {}", format_ns(p99_ns)),
        Some(format!("P99 <= {}", format_ns(limit_ns))),
        says,
    )
}

pub(super) fn errors(summary: &Summary, limits: &Limits) -> ValidityCheck {
    let scheduled = summary.scheduled().max(1) as f64;
    let missed: u64 = summary
        .operations
        .iter()
        .map(|operation| operation.total.record.counts.missed())
        .sum();
    let share = missed as f64 / scheduled;
    let high = share > limits.error_share_max;
    let says = if high {
        "calls failed, timed out or never ended: percentiles describe only the others; see errors by class"
    } else {
        "calls that failed, timed out, were shed or stayed unfinished"
    };
    made(
        "errors",
        unless(high, ValidityVerdict::Suspect),
        format!("{missed} ({})", percent(share)),
        Some(format!("<= {}", percent(limits.error_share_max))),
        says,
    )
}

pub(super) fn samples(summary: &Summary) -> ValidityCheck {
    let fewest = summary
        .operations
        .iter()
        .min_by_key(|operation| operation.total.scheduled);
    let (name, count) = fewest.map_or(("none", 0), |operation| {
        (operation.total.name.as_str(), operation.total.scheduled)
    });
    let needed = Quantile::P95.samples_needed();
    let says = if count < needed {
        "too few calls for a P95: measure longer or offer more"
    } else {
        "calls of the operation that has the fewest"
    };
    made(
        "samples",
        unless(count < needed, ValidityVerdict::Suspect),
        format!("{count} ({name})"),
        Some(format!(">= {needed}")),
        says,
    )
}

pub(super) fn interrupted(evidence: &Evidence) -> ValidityCheck {
    let (value, says) = if evidence.interrupted {
        (
            "interrupted",
            "the run was stopped: its numbers cover what was measured until then",
        )
    } else {
        ("whole", "the run went to its end")
    };
    made(
        "whole",
        unless(evidence.interrupted, ValidityVerdict::Invalid),
        value,
        None,
        says,
    )
}
