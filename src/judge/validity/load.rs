//! Whether the schedule was kept and what became of its arrivals.

use super::{Evidence, ValidityCheck, ValidityVerdict, made, percent, unchecked, unless};
use crate::plan::{Limits, Metric, Model, Plan};
use crate::summary::Summary;
use crate::units::{Quantile, format_ns};

/// Lag below this is no concern whatever share of a fast response it is: timers are not finer.
const LAG_FLOOR_NS: u64 = 1_000_000;

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

/// The dispatcher's own delay, like with like: at each objective's quantile against its limit, and
/// at P99 against the response's own P99.
pub(super) fn lag(plan: &Plan, summary: &Summary) -> ValidityCheck {
    let share = plan.limits.lag_share_max;
    let gravest = |a: &LagTest<'_>, b: &LagTest<'_>| {
        a.verdict()
            .cmp(&b.verdict())
            .then(a.excess().total_cmp(&b.excess()))
    };
    let Some(worst) = tested(plan, summary, share).max_by(gravest) else {
        return unchecked("lag", None, "nothing was measured");
    };
    let verdict = worst.verdict();
    let says = match verdict {
        ValidityVerdict::Valid => "the dispatcher handed over on time",
        ValidityVerdict::Suspect => {
            "a good part of the response is the generator's own delay: give it CPU, or lower the rate"
        }
        _ => {
            "the generator could not keep its own schedule: give it CPU (cpuset for the server, fewer workers) or lower the rate"
        }
    };
    made(
        "lag",
        verdict,
        format!(
            "{} {} ({})",
            worst.quantile,
            format_ns(worst.lag_ns),
            worst.operation
        ),
        Some(format!(
            "{} <= {}",
            worst.quantile,
            format_ns(worst.limit_ns)
        )),
        says,
    )
}

/// A quantile of lag held against something.
struct LagTest<'a> {
    operation: &'a str,
    quantile: Quantile,
    lag_ns: u64,
    limit_ns: u64,
    /// Whether an objective rests on it.
    decides: bool,
}

impl LagTest<'_> {
    fn verdict(&self) -> ValidityVerdict {
        match (self.excess() > 1.0, self.decides) {
            (false, _) => ValidityVerdict::Valid,
            (true, true) => ValidityVerdict::Invalid,
            (true, false) => ValidityVerdict::Suspect,
        }
    }

    /// Above 1 it is too late.
    fn excess(&self) -> f64 {
        self.lag_ns as f64 / self.limit_ns.max(1) as f64
    }
}

fn tested<'a>(
    plan: &'a Plan,
    summary: &'a Summary,
    share: f64,
) -> impl Iterator<Item = LagTest<'a>> {
    let of_limit = move |ns: u64| (ns as f64 * share) as u64;
    summary.operations.iter().flat_map(move |operation| {
        let name = operation.total.name.as_str();
        let lag = &operation.total.record.lag;
        let test = move |quantile: Quantile, limit_ns, decides| {
            let lag_ns = lag.at(quantile)?;
            Some(LagTest {
                operation: name,
                quantile,
                lag_ns,
                limit_ns,
                decides,
            })
        };
        let own = plan
            .objectives
            .iter()
            .filter(move |objective| objective.operation == name);
        let objectives = own.filter_map(move |objective| match objective.metric {
            Metric::Response { quantile, limit } => test(quantile, of_limit(limit.as_ns()), true),
            Metric::ErrorShare { .. } => None,
        });
        let response = operation.total.record.response.at(Quantile::P99);
        let itself = response.and_then(move |response_ns| {
            test(
                Quantile::P99,
                of_limit(response_ns).max(LAG_FLOOR_NS),
                false,
            )
        });
        objectives.chain(itself)
    })
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
