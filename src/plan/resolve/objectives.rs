//! `[objectives]` and `[validity]`.

use serde_spanned::Spanned;

use super::check::Checker;
use crate::plan::{
    DrivePlan, Limits, Metric, Objective, OperationPlan, PlanError, Refusal, defaults,
};
use crate::scenario::{Hint, Key, ObjectiveSection, Sections, ValiditySection};
use crate::units::{Quantile, Span};

/// Resolves every objective, in the scenario's order; percentiles from low to high.
pub(super) fn resolve(
    checker: Checker<'_>,
    sections: &Sections,
    drive: &DrivePlan,
    operations: &[OperationPlan],
) -> Result<Vec<Objective>, PlanError> {
    let mut objectives = Vec::new();
    for (name, written) in &sections.objectives {
        refuse_unknown(checker, name, operations)?;
        let before = objectives.len();
        let operation = name.get_ref();
        for (quantile, key) in percentiles(checker, written, drive)? {
            objectives.push(Objective {
                operation: operation.clone(),
                metric: Metric::Response {
                    quantile,
                    limit: *key.get_ref(),
                },
            });
        }
        if written.error_share.is_some() {
            let limit = checker.share("error_share", &written.error_share, 0.0)?;
            objectives.push(Objective {
                operation: operation.clone(),
                metric: Metric::ErrorShare { limit },
            });
        }
        if objectives.len() == before {
            let operation = operation.clone();
            return Err(checker.refuse(&name.span(), Refusal::EmptyObjective { operation }));
        }
    }
    Ok(objectives)
}

/// Resolves `[validity]`.
pub(super) fn limits(checker: Checker<'_>, written: &ValiditySection) -> Result<Limits, PlanError> {
    let default = defaults::LIMITS;
    let share = |key, written: &Key<f64>, default| checker.share(key, written, default);
    Ok(Limits {
        achieved_share_min: share(
            "achieved_share_min",
            &written.achieved_share_min,
            default.achieved_share_min,
        )?,
        lag_share_max: share(
            "lag_share_max",
            &written.lag_share_max,
            default.lag_share_max,
        )?,
        error_share_max: share(
            "error_share_max",
            &written.error_share_max,
            default.error_share_max,
        )?,
        generator_cpu_share_max: share(
            "generator_cpu_share_max",
            &written.generator_cpu_share_max,
            default.generator_cpu_share_max,
        )?,
        empty_share_max: share(
            "empty_share_max",
            &written.empty_share_max,
            default.empty_share_max,
        )?,
    })
}

fn refuse_unknown(
    checker: Checker<'_>,
    name: &Spanned<String>,
    operations: &[OperationPlan],
) -> Result<(), PlanError> {
    if operations.iter().any(|known| known.name == *name.get_ref()) {
        return Ok(());
    }
    let known = operations.iter().map(|known| known.name.as_str());
    let refusal = Refusal::ObjectiveWithoutOperation {
        operation: name.get_ref().clone(),
        hint: Hint::new(name.get_ref(), known),
    };
    Err(checker.refuse(&name.span(), refusal))
}

/// The percentiles that are given, each above zero, below the timeout and not below its neighbour.
fn percentiles<'a>(
    checker: Checker<'_>,
    written: &'a ObjectiveSection,
    drive: &DrivePlan,
) -> Result<Vec<(Quantile, &'a Spanned<Span>)>, PlanError> {
    let keys = [
        &written.p50,
        &written.p90,
        &written.p95,
        &written.p99,
        &written.p999,
    ];
    let mut given: Vec<(Quantile, &Spanned<Span>)> = Vec::new();
    for (quantile, key) in Quantile::SHOWN.into_iter().zip(keys) {
        checker.above_zero(quantile.key(), key, Span::default())?;
        let Some(key) = key else { continue };
        let limit = *key.get_ref();
        let refuse = |refusal| Err(checker.refuse(&key.span(), refusal));
        if limit >= drive.timeout {
            return refuse(Refusal::Contradiction {
                key: quantile.key(),
                value: limit.to_string(),
                relation: "not below",
                other: "timeout",
                limit: drive.timeout.to_string(),
                advice: "no call is waited for that long, so raise the timeout in [drive]",
            });
        }
        if let Some((lower, lower_key)) = given.last().filter(|(_, last)| *last.get_ref() > limit) {
            return refuse(Refusal::PercentileOrder {
                higher: quantile.key().to_owned(),
                limit,
                lower: lower.key().to_owned(),
                lower_limit: *lower_key.get_ref(),
            });
        }
        given.push((quantile, key));
    }
    Ok(given)
}
