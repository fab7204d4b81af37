//! Budgets against what was measured.

use crate::plan::{Metric, Objective};
use crate::record::Part;
use crate::summary::{OperationSummary, Summary};
use crate::units::{Quantile, Span, format_ns};

/// Whether a budget was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectiveVerdict {
    /// It was.
    Pass,
    /// It was not.
    Fail,
    /// It cannot be told; not a pass.
    Unknown,
    /// There was no budget.
    None,
}

/// One budget, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectiveCheck {
    /// The operation's name.
    pub operation: String,
    /// `p50`, `p90`, `p95`, `p99`, `p999` or `error_share`.
    pub metric: String,
    /// At most this, with its unit.
    pub limit: String,
    /// What was measured, with its unit; `None` where there was nothing to measure.
    pub value: Option<String>,
    /// Whether it was kept.
    pub verdict: ObjectiveVerdict,
}

/// All budgets, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Objectives {
    /// Fail when any failed, else unknown when any is unknown, else pass.
    pub verdict: ObjectiveVerdict,
    /// In the scenario's order.
    pub checks: Vec<ObjectiveCheck>,
}

/// Judges each objective; all are unknown when the run is not to be `believed`.
pub fn judge(objectives: &[Objective], summary: &Summary, believed: bool) -> Objectives {
    let checks: Vec<_> = objectives
        .iter()
        .map(|objective| {
            let operation = summary
                .operations
                .iter()
                .find(|operation| operation.total.name == objective.operation);
            check(objective, operation, believed)
        })
        .collect();
    let any = |verdict| {
        checks
            .iter()
            .any(|check: &ObjectiveCheck| check.verdict == verdict)
    };
    let verdict = if checks.is_empty() {
        ObjectiveVerdict::None
    } else if any(ObjectiveVerdict::Fail) {
        ObjectiveVerdict::Fail
    } else if any(ObjectiveVerdict::Unknown) {
        ObjectiveVerdict::Unknown
    } else {
        ObjectiveVerdict::Pass
    };
    Objectives { verdict, checks }
}

fn check(
    objective: &Objective,
    operation: Option<&OperationSummary>,
    believed: bool,
) -> ObjectiveCheck {
    let (metric, limit) = match objective.metric {
        Metric::Response { quantile, limit } => (quantile.key().to_owned(), limit.to_string()),
        Metric::ErrorShare { limit } => ("error_share".to_owned(), limit.to_string()),
    };
    let (value, verdict) = match (operation, &objective.metric) {
        (None, _) => (None, ObjectiveVerdict::Unknown),
        (Some(operation), Metric::Response { quantile, limit }) => {
            response(operation, *quantile, *limit)
        }
        (Some(operation), Metric::ErrorShare { limit }) => error_share(operation, *limit),
    };
    let verdict = if believed {
        verdict
    } else {
        ObjectiveVerdict::Unknown
    };
    ObjectiveCheck {
        operation: objective.operation.clone(),
        metric,
        limit,
        value,
        verdict,
    }
}

/// A quantile of the response over all that was scheduled. A call that failed, timed out, was shed
/// or stayed unfinished brought no answer, however long one waited for it: it stands above every
/// call that did, and a quantile that falls among such calls is missed whatever the limit.
fn response(
    operation: &OperationSummary,
    quantile: Quantile,
    limit: Span,
) -> (Option<String>, ObjectiveVerdict) {
    let scheduled = operation.total.scheduled;
    let histogram = operation.part(Part::Response);
    if scheduled < quantile.samples_needed() {
        let value = histogram.at(quantile).map(format_ns);
        return (value, ObjectiveVerdict::Unknown);
    }
    let rank = quantile.fraction() * scheduled as f64;
    let counts = operation.total.record.counts;
    if rank > counts.ok as f64 {
        let without = format!("no answer to {} calls", counts.missed());
        return (Some(without), ObjectiveVerdict::Fail);
    }
    let value_ns = histogram
        .as_hdr()
        .value_at_quantile(rank / histogram.count() as f64);
    let kept = value_ns <= limit.as_ns();
    let verdict = if kept {
        ObjectiveVerdict::Pass
    } else {
        ObjectiveVerdict::Fail
    };
    (Some(format_ns(value_ns)), verdict)
}

fn error_share(operation: &OperationSummary, limit: f64) -> (Option<String>, ObjectiveVerdict) {
    if operation.total.scheduled == 0 {
        return (None, ObjectiveVerdict::Unknown);
    }
    let share = operation.missed_share();
    let verdict = if share <= limit {
        ObjectiveVerdict::Pass
    } else {
        ObjectiveVerdict::Fail
    };
    (Some(format!("{share:.6}")), verdict)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::drive::OperationTotal;
    use crate::record::OperationRecord;
    use std::time::Duration;

    /// `answered` responses of 1 ms, 2 ms, ... and `failed` calls without one.
    pub(crate) fn operation(name: &str, answered: u64, failed: u64) -> OperationSummary {
        let mut record = OperationRecord::default();
        (1..=answered).for_each(|ms| record.response.record(ms * 1_000_000));
        record.counts.ok = answered;
        record.counts.failed = failed;
        OperationSummary {
            total: OperationTotal {
                name: name.to_owned(),
                scheduled: answered + failed,
                ok_in_window: answered,
                record,
            },
            offered_per_second: (answered + failed) as f64,
            achieved_per_second: answered as f64,
            busy_connections: 0.0,
        }
    }

    fn verdict_of(
        operation: OperationSummary,
        quantile: Quantile,
        limit_ms: u64,
    ) -> ObjectiveCheck {
        let objective = Objective {
            operation: operation.total.name.clone(),
            metric: Metric::Response {
                quantile,
                limit: Span::from_millis(limit_ms),
            },
        };
        let summary = Summary {
            operations: vec![operation],
            measured: Duration::from_secs(1),
        };
        judge(&[objective], &summary, true).checks.remove(0)
    }

    #[test]
    fn a_quantile_is_held_against_its_limit() {
        let at = |limit| verdict_of(operation("a", 1_000, 0), Quantile::P95, limit).verdict;
        assert_eq!(at(951), ObjectiveVerdict::Pass);
        assert_eq!(at(949), ObjectiveVerdict::Fail);
    }

    #[test]
    fn too_few_samples_are_unknown_with_their_value() {
        let check = verdict_of(operation("a", 999, 0), Quantile::P99, 2_000);
        assert_eq!(check.verdict, ObjectiveVerdict::Unknown);
        assert!(check.value.is_some());
        let enough = verdict_of(operation("a", 1_000, 0), Quantile::P99, 2_000);
        assert_eq!(enough.verdict, ObjectiveVerdict::Pass);
    }

    #[test]
    fn failures_count_as_slower_than_any_answer() {
        // 60 of 1,000 failed: the P95 falls among them, the P50 moves from 470 to 500 ms.
        let p95 = verdict_of(operation("a", 940, 60), Quantile::P95, 60_000);
        assert_eq!(p95.verdict, ObjectiveVerdict::Fail);
        assert_eq!(p95.value.as_deref(), Some("no answer to 60 calls"));
        let p50 = verdict_of(operation("a", 940, 60), Quantile::P50, 490);
        assert_eq!(p50.verdict, ObjectiveVerdict::Fail, "{p50:?}");
        assert_eq!(p50.value.as_deref(), Some("500 ms"));
    }

    #[test]
    fn a_timeout_shorter_than_the_limit_does_not_pass_it() {
        let mut overloaded = operation("a", 900, 0);
        overloaded
            .total
            .record
            .response
            .record_n(1_000_000_000, 100);
        overloaded.total.record.counts.timed_out = 100;
        overloaded.total.scheduled = 1_000;
        let check = verdict_of(overloaded, Quantile::P95, 60_000);
        assert_eq!(check.verdict, ObjectiveVerdict::Fail, "{check:?}");
    }

    #[test]
    fn nothing_is_kept_in_a_run_that_is_not_believed() {
        let objective = Objective {
            operation: "a".into(),
            metric: Metric::ErrorShare { limit: 0.5 },
        };
        let summary = Summary {
            operations: vec![operation("a", 9, 1)],
            measured: Duration::from_secs(1),
        };
        let judged = judge(std::slice::from_ref(&objective), &summary, false);
        assert_eq!(judged.verdict, ObjectiveVerdict::Unknown);
        let judged = judge(&[objective], &summary, true);
        assert_eq!(judged.checks[0].value.as_deref(), Some("0.100000"));
        assert_eq!(judged.verdict, ObjectiveVerdict::Pass);
        assert_eq!(judge(&[], &summary, true).verdict, ObjectiveVerdict::None);
    }
}
