//! Whether a run's numbers may be believed: named checks, each with a value, a limit and advice.

mod answers;
mod environment;
mod load;

use std::collections::BTreeMap;

use crate::observe::CpuUse;
use crate::plan::Plan;
use crate::summary::Summary;

/// What a check says, in the order of gravity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValidityVerdict {
    /// Nobody looked.
    Unchecked,
    /// Nothing speaks against the numbers.
    Valid,
    /// The numbers are true of something other than the plain case.
    Suspect,
    /// The numbers are not to be used.
    Invalid,
}

/// One named check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidityCheck {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub verdict: ValidityVerdict,
    /// What was found, with its unit; `None` when nobody looked.
    pub value: Option<String>,
    /// What it was held against; `None` where there is no limit.
    pub limit: Option<String>,
    /// What it means and what to do about it, in one sentence.
    pub says: String,
}

/// All checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validity {
    /// The gravest of the checks that were made.
    pub verdict: ValidityVerdict,
    /// Every check, also those that were not made.
    pub checks: Vec<ValidityCheck>,
}

/// What else was found out about a run.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Server settings by name, as `pg_settings` gives them.
    pub settings: BTreeMap<String, String>,
    /// `unix-socket`, `loopback-port` or `network`.
    pub transport: String,
    /// Whether the server is reached through a port that a container publishes.
    pub published_port: bool,
    /// CPU time while measuring; `None` when nothing was measured.
    pub cpu: Option<CpuUse>,
    /// CPUs of the generator's host.
    pub host_cpus: u32,
    /// Executions of each statement on each connection before the warm-up.
    pub primed_executions: u64,
    /// Whether the run was stopped.
    pub interrupted: bool,
}

/// Checks that later versions make; until then they read `unchecked`.
const NOT_YET: [(&str, &str); 9] = [
    (
        "run_queue",
        "how long the generator's threads waited for a CPU is not looked at yet",
    ),
    (
        "cpu_throttling",
        "throttling of the server's control group is not looked at yet",
    ),
    (
        "cpu_steal",
        "time that a hypervisor took from this host is not looked at yet",
    ),
    (
        "clock_steps",
        "steps of the wall clock are not looked at yet",
    ),
    (
        "background_work",
        "autovacuum, checkpoints and jobs inside the window are not looked at yet",
    ),
    (
        "drift",
        "the first seconds are not measured again at the end yet",
    ),
    (
        "steady_state",
        "change points of rate and P95 are not looked for yet",
    ),
    (
        "littles_law",
        "requests in flight are not held against rate times response yet",
    ),
    (
        "file_system",
        "the file system of the data directory is not looked at yet",
    ),
];

/// Makes every check.
pub fn judge(plan: &Plan, summary: &Summary, evidence: &Evidence) -> Validity {
    let limits = &plan.limits;
    let mut checks = vec![
        load::conservation(summary),
        load::achieved_rate(plan, summary),
        load::lag(plan, summary),
        load::errors(summary, limits),
        answers::wrong_answers(summary),
        answers::empty_answers(summary, limits),
        load::samples(summary),
        environment::generator_cpu(evidence, limits),
        environment::primed(evidence),
        environment::durability(evidence),
        environment::transport(evidence),
        load::interrupted(evidence),
    ];
    checks.extend(NOT_YET.map(|(name, says)| unchecked(name, None, says)));
    let gravest = checks.iter().map(|check| check.verdict).max();
    Validity {
        verdict: gravest.unwrap_or(ValidityVerdict::Unchecked),
        checks,
    }
}

/// A check that was made.
fn made(
    name: &'static str,
    verdict: ValidityVerdict,
    value: impl Into<String>,
    limit: Option<String>,
    says: impl Into<String>,
) -> ValidityCheck {
    ValidityCheck {
        name,
        verdict,
        value: Some(value.into()),
        limit,
        says: says.into(),
    }
}

/// A check that was not made, and why.
fn unchecked(name: &'static str, limit: Option<String>, says: &str) -> ValidityCheck {
    ValidityCheck {
        name,
        verdict: ValidityVerdict::Unchecked,
        value: None,
        limit,
        says: says.to_owned(),
    }
}

/// `bad` if the limit was passed.
fn unless(passed: bool, bad: ValidityVerdict) -> ValidityVerdict {
    if passed { bad } else { ValidityVerdict::Valid }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}
