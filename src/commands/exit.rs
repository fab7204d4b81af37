//! Exit codes: a contract with whoever scripts the binary.

use crate::archive::{ObjectiveVerdict, RunRecord, ValidityVerdict};
use crate::dataset::FillError;
use crate::drive::DriveError;
use crate::plan::PlanError;
use crate::scenario::ScenarioError;
use crate::target::TargetError;

/// How a verb ended. The first that holds of usage, environment, an invalid run, missed, unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and every objective met; a suspect run that passes counts, with a warning.
    Pass,
    /// An objective or an expectation missed.
    Missed,
    /// What was typed or written cannot be done.
    Usage,
    /// The target, its migration or its fill failed, or a file could not be written.
    Environment,
    /// The run is invalid, or an objective is unknown.
    NoVerdict,
    /// Ctrl-C or SIGTERM; what was measured until then is in the archive.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Missed => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::NoVerdict => 4,
            Self::Interrupted => 130,
        }
    }

    /// The exit of an error: usage where the scenario or the flags are at fault, the environment's
    /// otherwise.
    pub fn of_error(error: &anyhow::Error) -> Self {
        if is_interruption(error) {
            return Self::Interrupted;
        }
        let is_usage = error
            .chain()
            .any(|cause| cause.is::<ScenarioError>() || cause.is::<PlanError>());
        if is_usage {
            Self::Usage
        } else {
            Self::Environment
        }
    }

    /// The exit of a run that went to its end, or as far as it could.
    pub fn of_run(run: &RunRecord) -> Self {
        if run.interrupted {
            return Self::Interrupted;
        }
        match (run.validity.verdict, run.objectives.verdict) {
            (ValidityVerdict::Invalid, _) | (_, ObjectiveVerdict::Unknown) => Self::NoVerdict,
            (_, ObjectiveVerdict::Fail) => Self::Missed,
            (_, ObjectiveVerdict::Pass | ObjectiveVerdict::None) => Self::Pass,
        }
    }
}

/// Whether an error is only that somebody stopped the run.
pub fn is_interruption(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        matches!(cause.downcast_ref(), Some(TargetError::Cancelled))
            || matches!(cause.downcast_ref(), Some(FillError::Cancelled))
            || matches!(cause.downcast_ref(), Some(DriveError::Interrupted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_scenario_error_is_usage_however_deep() {
        let error = crate::scenario::Scenario::load("no-such-scenario", &[])
            .context("outer")
            .unwrap_err();
        assert_eq!(Exit::of_error(&error), Exit::Usage);
        let other = anyhow::anyhow!("the daemon went away");
        assert_eq!(Exit::of_error(&other).code(), 3);
    }
}
