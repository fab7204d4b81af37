//! The blocks below the table: what the run ran on, what it cost, and both verdicts in full.

use crate::archive::{HistoryLine, ObjectiveCheck, ObjectiveVerdict, RunRecord, ValidityVerdict};
use crate::report::table::{Cell, Ink};
use crate::report::words;
use crate::units::format_ns;

use super::{objective_word, validity_ink};

/// The lines below the table: CPU, pacing, data set, target.
pub(in crate::report) fn about(run: &RunRecord) -> Vec<(&'static str, Vec<String>)> {
    let used = &run.resources;
    let cores = |seconds: Option<f64>| match seconds {
        Some(cpu) if used.measure_seconds > 0.0 => {
            format!(
                "{:.2} of {} cores",
                cpu / used.measure_seconds,
                used.host_cpus
            )
        }
        _ => "not seen".to_owned(),
    };
    let cpu = format!(
        "server {}, generator {}",
        cores(used.server_cpu_seconds),
        cores(used.generator_cpu_seconds)
    );
    let pacing = run.pacing_ns.as_ref().map(|pacing| match pacing.p99 {
        Some(p99) => format!("P99 {} behind the schedule", format_ns(p99)),
        None => "nothing was scheduled".to_owned(),
    });
    let mut lines = vec![("cpu", vec![cpu])];
    if let Some(pacing) = pacing {
        lines.push(("pacing", vec![pacing]));
    }
    lines.push(("data set", vec![dataset(run)]));
    lines.push(("target", vec![target(run)]));
    lines
}

fn dataset(run: &RunRecord) -> String {
    let data = &run.dataset;
    let rows: Vec<String> = data
        .rows
        .iter()
        .map(|(table, rows)| format!("{} {table}", words::rows(*rows)))
        .collect();
    let how = match data.fill_seconds {
        _ if data.reused => ", reused".to_owned(),
        Some(seconds) => format!(", filled in {}", words::seconds(seconds)),
        None => String::new(),
    };
    let digest: String = data.digest.chars().take(8).collect();
    format!("{}{how} ({digest})", rows.join(", "))
}

fn target(run: &RunRecord) -> String {
    let facts = &run.facts;
    let extension = facts.timescaledb.as_ref();
    let extension = extension.map_or_else(String::new, |version| format!(" {version}"));
    format!(
        "{}{extension} on PostgreSQL {}, {}",
        facts.edition, facts.postgresql, facts.transport
    )
}

/// How P95 changed since the last comparable run, the largest change first. Two runs alone do not
/// tell a change from noise, and the line says so.
pub(in crate::report) fn since(run: &RunRecord, previous: &HistoryLine) -> String {
    let mut changes: Vec<(f64, &str)> = run
        .operations
        .iter()
        .filter_map(|operation| {
            let before = previous.operations.get(&operation.name)?.p95?;
            let now = operation.latency_ns.response.p95?;
            (before > 0).then(|| (now as f64 / before as f64 - 1.0, operation.name.as_str()))
        })
        .collect();
    let when = previous.started_at.format("%Y-%m-%d %H:%M UTC");
    if changes.is_empty() {
        return format!("{when}: no operation in common");
    }
    let all = changes.len();
    changes.retain(|(change, _)| change.abs() >= 0.01);
    changes.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
    let mut shown: Vec<String> = changes
        .iter()
        .take(3)
        .map(|(change, name)| format!("{name} {:+.0}%", change * 100.0))
        .collect();
    match (changes.len(), all - changes.len()) {
        (0, _) => shown.push("within 1%".to_owned()),
        (4.., _) => shown.push(format!("{} more smaller", all - 3)),
        (_, 0) => {}
        _ => shown.push("the others within 1%".to_owned()),
    }
    format!(
        "P95 since {when}: {} (two runs: noise included)",
        shown.join(", ")
    )
}

pub(super) fn validity(run: &RunRecord) -> Vec<Cell> {
    let verdict = run.validity.verdict;
    let ink = validity_ink(verdict);
    let mut lines = vec![Cell::new(verdict.word()).ink(ink)];
    let checks = &run.validity.checks;
    let grave = |v: ValidityVerdict| v >= ValidityVerdict::Suspect;
    for check in checks.iter().filter(|check| grave(check.verdict)) {
        let limit = check
            .limit
            .as_ref()
            .map(|limit| format!(" (limit {limit})"));
        let found = check
            .value
            .as_ref()
            .map(|value| format!(" {value}{}", limit.unwrap_or_default()));
        lines.push(
            Cell::new(format!(
                "{}: {}{}: {}",
                check.verdict.word(),
                check.name,
                found.unwrap_or_default(),
                check.says
            ))
            .ink(validity_ink(check.verdict)),
        );
    }
    let unchecked: Vec<&str> = checks
        .iter()
        .filter(|check| check.verdict == ValidityVerdict::Unchecked)
        .map(|check| check.name.as_str())
        .collect();
    if !unchecked.is_empty() {
        lines.push(Cell::new(format!("unchecked: {}", unchecked.join(", "))).ink(Ink::Dim));
    }
    lines
}

pub(super) fn objectives(run: &RunRecord, beside: bool) -> Vec<Cell> {
    let objectives = &run.objectives;
    if objectives.checks.is_empty() {
        return vec![Cell::new("none in this scenario")];
    }
    let count = |verdict| {
        objectives
            .checks
            .iter()
            .filter(|c| c.verdict == verdict)
            .count()
    };
    let mut parts = vec![format!("{} met", count(ObjectiveVerdict::Pass))];
    for (verdict, word) in [
        (ObjectiveVerdict::Fail, "missed"),
        (ObjectiveVerdict::Unknown, "unknown"),
    ] {
        if count(verdict) > 0 {
            parts.push(format!("{} {word}", count(verdict)));
        }
    }
    let (word, ink) = objective_word(objectives.verdict);
    let mut lines = vec![Cell::new(format!("{word}: {}", parts.join(", "))).ink(ink)];
    let known = |check: &ObjectiveCheck| run.operations.iter().any(|o| o.name == check.operation);
    let shown = || {
        objectives
            .checks
            .iter()
            .filter(|check| !(beside && known(check)))
    };
    let longest = |width: fn(&ObjectiveCheck) -> usize| shown().map(width).max().unwrap_or(0);
    let name = longest(|check| check.operation.chars().count());
    let value = longest(|check| words::against(check).chars().count());
    for check in shown() {
        let (word, ink) = objective_word(check.verdict);
        let against = words::against(check);
        let line = format!("{:<name$}  {against:<value$}  {word}", check.operation);
        lines.push(Cell::new(line).ink(ink));
    }
    lines
}
