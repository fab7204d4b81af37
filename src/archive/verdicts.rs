//! Verdicts as `run.json` carries them: the validity of a run and its objectives.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a run's numbers may be believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Validity {
    /// The gravest verdict of the checks that were made; never `unchecked`.
    pub verdict: ValidityVerdict,
    /// Every check that exists, also those that were not made.
    pub checks: Vec<ValidityCheck>,
}

/// What a validity check says. In the order of gravity.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ValidityVerdict {
    /// Nobody looked.
    Unchecked,
    /// Nothing speaks against the numbers.
    Valid,
    /// The numbers are true of something other than the plain case; the reason says of what.
    Suspect,
    /// The numbers are not to be used.
    Invalid,
}

impl ValidityVerdict {
    /// The word in `run.json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Valid => "valid",
            Self::Suspect => "suspect",
            Self::Invalid => "invalid",
        }
    }
}

/// One named check of a run's validity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ValidityCheck {
    /// The name, such as `lag`.
    pub name: String,
    /// What it says.
    pub verdict: ValidityVerdict,
    /// What was found, with its unit; null when nobody looked.
    pub value: Option<String>,
    /// What it was held against, with its unit; null where the check has no limit.
    pub limit: Option<String>,
    /// One sentence: what this means and what to do about it.
    pub says: String,
}

/// The budgets of the scenario and whether they were met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Objectives {
    /// `fail` when any failed, else `unknown` when any is unknown, else `pass`; `none` when there
    /// are no objectives.
    pub verdict: ObjectiveVerdict,
    /// In the scenario's order.
    pub checks: Vec<ObjectiveCheck>,
}

/// Whether an objective was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ObjectiveVerdict {
    /// It was.
    Pass,
    /// It was not.
    Fail,
    /// It cannot be told: too few samples, or the run is invalid. Not a pass.
    Unknown,
    /// There is no objective.
    None,
}

impl ObjectiveVerdict {
    /// The word in `run.json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::None => "none",
        }
    }
}

/// One budget of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectiveCheck {
    /// The operation's name.
    pub operation: String,
    /// What is limited: `p50`, `p90`, `p95`, `p99`, `p999` of response, or `error_share`.
    pub metric: String,
    /// At most this, with its unit, such as `15ms`.
    pub limit: String,
    /// What was measured, with its unit; null when there was nothing to measure.
    pub value: Option<String>,
    /// The lower end of the value's 95 % interval; null when it was not computed.
    pub low: Option<String>,
    /// The upper end of the value's 95 % interval; null when it was not computed.
    pub high: Option<String>,
    /// Whether it was met.
    pub verdict: ObjectiveVerdict,
}
