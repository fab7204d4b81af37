//! Whether a run's numbers may be believed: named checks, each with a value, a limit and advice.

use std::collections::BTreeMap;

use crate::observe::CpuUse;
use crate::plan::{Limits, Metric, Model, Plan};
use crate::summary::Summary;
use crate::units::{Quantile, format_ns};

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

/// The P99 of lag that is tolerated without a response objective: a share of this.
const LAG_REFERENCE_NS: u64 = 10_000_000;

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
        conservation(summary),
        achieved_rate(plan, summary),
        lag(plan, summary),
        errors(summary, limits),
        wrong_answers(summary),
        empty_answers(summary, limits),
        samples(summary),
        generator_cpu(evidence, limits),
        primed(evidence),
        durability(evidence),
        transport(evidence),
        interrupted(evidence),
    ];
    checks.extend(NOT_YET.map(|(name, says)| ValidityCheck {
        name,
        verdict: ValidityVerdict::Unchecked,
        value: None,
        limit: None,
        says: says.to_owned(),
    }));
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

/// `bad` if the limit was passed.
fn unless(passed: bool, bad: ValidityVerdict) -> ValidityVerdict {
    if passed { bad } else { ValidityVerdict::Valid }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// The drive refuses to end a run whose counts differ; this shows the sums.
fn conservation(summary: &Summary) -> ValidityCheck {
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

fn achieved_rate(plan: &Plan, summary: &Summary) -> ValidityCheck {
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
fn lag(plan: &Plan, summary: &Summary) -> ValidityCheck {
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
        return ValidityCheck {
            name: "lag",
            verdict: ValidityVerdict::Unchecked,
            value: None,
            limit: Some(format!("P99 <= {}", format_ns(limit_ns))),
            says: "nothing was measured".to_owned(),
        };
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

fn errors(summary: &Summary, limits: &Limits) -> ValidityCheck {
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

fn wrong_answers(summary: &Summary) -> ValidityCheck {
    let counts = || {
        summary
            .operations
            .iter()
            .map(|operation| operation.total.record.counts)
    };
    let (wrong, checked): (u64, u64) = counts().fold((0, 0), |(wrong, checked), counts| {
        (wrong + counts.wrong, checked + counts.checked)
    });
    if checked == 0 {
        return ValidityCheck {
            name: "wrong_answers",
            verdict: ValidityVerdict::Unchecked,
            value: None,
            limit: Some("0".to_owned()),
            says: "no answer was held against the data set".to_owned(),
        };
    }
    let says = if wrong > 0 {
        "answers contradict the data set: a fast wrong answer is no answer"
    } else {
        "answers held against what the data set implies"
    };
    let value = format!("{wrong} of {checked} checked");
    made(
        "wrong_answers",
        unless(wrong > 0, ValidityVerdict::Invalid),
        value,
        Some("0".into()),
        says,
    )
}

fn empty_answers(summary: &Summary, limits: &Limits) -> ValidityCheck {
    let counts = || {
        summary
            .operations
            .iter()
            .map(|operation| operation.total.record.counts)
    };
    let empty: u64 = counts().map(|counts| counts.empty).sum();
    let answered: u64 = counts()
        .map(|counts| counts.ok + counts.wrong + counts.empty)
        .sum();
    let share = empty as f64 / answered.max(1) as f64;
    let high = share > limits.empty_share_max;
    let says = if high {
        "answers had no rows where the data set has some: the target does not hold the data that is asked for"
    } else {
        "answers without rows where rows must be"
    };
    made(
        "empty_answers",
        unless(high, ValidityVerdict::Invalid),
        format!("{empty} ({})", percent(share)),
        Some(format!("<= {}", percent(limits.empty_share_max))),
        says,
    )
}

fn samples(summary: &Summary) -> ValidityCheck {
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

fn generator_cpu(evidence: &Evidence, limits: &Limits) -> ValidityCheck {
    let Some(cpu) = evidence.cpu.filter(|cpu| cpu.wall_seconds > 0.0) else {
        return ValidityCheck {
            name: "generator_cpu",
            verdict: ValidityVerdict::Unchecked,
            value: None,
            limit: Some(format!("<= {}", percent(limits.generator_cpu_share_max))),
            says: "nothing was measured".to_owned(),
        };
    };
    let share = cpu.generator_seconds / cpu.wall_seconds / f64::from(evidence.host_cpus.max(1));
    let high = share > limits.generator_cpu_share_max;
    let says = if high {
        "the generator uses so much of this host that it slows the server beside it: move one of them, or offer less"
    } else {
        "CPU of the generator over all CPUs of its host"
    };
    made(
        "generator_cpu",
        unless(high, ValidityVerdict::Suspect),
        percent(share),
        Some(format!("<= {}", percent(limits.generator_cpu_share_max))),
        says,
    )
}

/// The server plans a statement's first five executions with their values, then perhaps
/// generically.
fn primed(evidence: &Evidence) -> ValidityCheck {
    let needed = crate::drive::prime::EXECUTIONS;
    let few = evidence.primed_executions < needed;
    let says = if few {
        "statements ran too few times on each connection before the warm-up: plans may change inside the window; warm up longer"
    } else {
        "executions of each statement on each connection before the warm-up"
    };
    made(
        "primed",
        unless(few, ValidityVerdict::Suspect),
        evidence.primed_executions.to_string(),
        Some(format!(">= {needed}")),
        says,
    )
}

/// Settings that make a server faster than one that keeps its promises.
fn durability(evidence: &Evidence) -> ValidityCheck {
    const NAMES: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];
    let value = |name: &str| {
        evidence
            .settings
            .get(name)
            .map_or("unknown", String::as_str)
    };
    let off = NAMES.iter().any(|name| value(name) == "off");
    let unknown = NAMES.iter().any(|name| value(name) == "unknown");
    let verdict = match (off, unknown) {
        (true, _) => ValidityVerdict::Suspect,
        (false, true) => ValidityVerdict::Unchecked,
        (false, false) => ValidityVerdict::Valid,
    };
    let says = if off {
        "the server does not keep what it commits: no such server is run in earnest, and its writes cost less; switch it on"
    } else {
        "the server keeps what it commits"
    };
    let found = NAMES
        .map(|name| format!("{name}={}", value(name)))
        .join(" ");
    made(
        "durability",
        verdict,
        found,
        Some("none off".to_owned()),
        says,
    )
}

fn transport(evidence: &Evidence) -> ValidityCheck {
    let proxied = evidence.published_port;
    let says = if proxied {
        "a published port passes through a proxy that copies every byte: short queries look twice as slow as over the socket"
    } else {
        "how the generator reaches the server"
    };
    made(
        "transport",
        unless(proxied, ValidityVerdict::Suspect),
        evidence.transport.clone(),
        Some("no published port".to_owned()),
        says,
    )
}

fn interrupted(evidence: &Evidence) -> ValidityCheck {
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
