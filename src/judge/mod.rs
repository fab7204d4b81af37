//! Objectives and validity -> verdict.
//!
//! Input: a [`Summary`](crate::summary::Summary), the plan's objectives and limits, and what was
//! found out about server and host. Output: [`Verdict`]. Pure; knows nothing of how it is shown.

pub mod objectives;
pub mod validity;

#[cfg(test)]
mod tests;

pub use objectives::{ObjectiveCheck, ObjectiveVerdict, Objectives};
pub use validity::{Evidence, Validity, ValidityCheck, ValidityVerdict};

use crate::plan::Plan;
use crate::summary::Summary;

/// What a run is worth and whether it kept its budgets.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Whether the numbers may be believed.
    pub validity: Validity,
    /// Whether the budgets were kept; all unknown where the run is invalid or was interrupted.
    pub objectives: Objectives,
}

/// Judges a run.
pub fn judge(plan: &Plan, summary: &Summary, evidence: &Evidence) -> Verdict {
    let validity = validity::judge(plan, summary, evidence);
    let believed = validity.verdict != ValidityVerdict::Invalid && !evidence.interrupted;
    let objectives = objectives::judge(&plan.objectives, summary, believed);
    Verdict {
        validity,
        objectives,
    }
}
