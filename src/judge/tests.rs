//! Each check of validity, with what makes it speak and what keeps it quiet.

use std::collections::BTreeMap;
use std::time::Duration;

use super::objectives::tests::operation;
use super::{Evidence, ObjectiveVerdict, ValidityCheck, ValidityVerdict, judge};
use crate::observe::CpuUse;
use crate::plan::{Flags, Plan};
use crate::scenario::Scenario;
use crate::summary::Summary;

fn plan(set: &[&str]) -> Plan {
    let set: Vec<String> = set.iter().map(|&text| text.to_owned()).collect();
    let scenario = Scenario::load("expected", &set).unwrap();
    Plan::resolve(
        &scenario,
        &Flags {
            cores: 2,
            ..Flags::default()
        },
    )
    .unwrap()
}

/// A run that nothing speaks against: 1,000 calls a second for 10 s.
fn healthy() -> Summary {
    let mut healthy = operation("trace.get_by_trace_id", 10_000, 0);
    healthy.offered_per_second = 1_000.0;
    healthy.achieved_per_second = 1_000.0;
    healthy.total.record.lag.record_n(50_000, 10_000);
    healthy.total.record.counts.checked = 10_000;
    Summary {
        operations: vec![healthy],
        measured: Duration::from_secs(10),
    }
}

fn evidence() -> Evidence {
    let on = |name: &str| (name.to_owned(), "on".to_owned());
    Evidence {
        settings: BTreeMap::from(["fsync", "synchronous_commit", "full_page_writes"].map(on)),
        transport: "unix-socket".into(),
        published_port: false,
        cpu: Some(CpuUse {
            wall_seconds: 10.0,
            generator_seconds: 4.0,
            server_seconds: Some(9.0),
        }),
        host_cpus: 2,
        primed_executions: 10,
        interrupted: false,
    }
}

fn check(name: &str, summary: &Summary, evidence: &Evidence) -> (ValidityVerdict, ValidityCheck) {
    let validity = judge(&plan(&[]), summary, evidence).validity;
    let found = validity
        .checks
        .iter()
        .find(|check| check.name == name)
        .unwrap()
        .clone();
    assert!(
        found.verdict <= validity.verdict,
        "the run is no better than its worst check"
    );
    (found.verdict, found)
}

#[test]
fn a_healthy_run_is_valid_and_says_what_it_did_not_look_at() {
    let verdict = judge(&plan(&[]), &healthy(), &evidence());
    assert_eq!(verdict.validity.verdict, ValidityVerdict::Valid);
    let unchecked = verdict.validity.checks.iter();
    let unchecked = unchecked.filter(|check| check.verdict == ValidityVerdict::Unchecked);
    assert!(unchecked.clone().count() >= 5);
    assert!(
        unchecked
            .clone()
            .all(|check| check.value.is_none() && !check.says.is_empty())
    );
}

#[test]
fn a_late_generator_is_invalid_and_keeps_no_objective() {
    let mut summary = healthy();
    summary.operations[0]
        .total
        .record
        .lag
        .record_n(40_000_000, 200);
    let (verdict, check) = check("lag", &summary, &evidence());
    assert_eq!(verdict, ValidityVerdict::Invalid, "{check:?}");
    assert!(check.says.contains("generator"));
    let judged = judge(&plan(&[]), &summary, &evidence());
    assert_eq!(judged.objectives.verdict, ObjectiveVerdict::Unknown);
}

#[test]
fn lag_is_held_against_the_objective_of_its_own_quantile() {
    let mut summary = healthy();
    // 2 ms at P99 are nothing to a P99 of 30 ms, and more than a quarter of a P50 of 5 ms.
    let lag = &mut summary.operations[0].total.record.lag;
    lag.record_n(2_000_000, 200);
    assert_eq!(
        check("lag", &summary, &evidence()).0,
        ValidityVerdict::Valid
    );
    let lag = &mut summary.operations[0].total.record.lag;
    lag.record_n(2_000_000, 20_000);
    let (verdict, found) = check("lag", &summary, &evidence());
    assert_eq!(verdict, ValidityVerdict::Invalid);
    assert!(found.value.unwrap().starts_with("P50 2.00 ms"));
}

#[test]
fn an_overload_is_a_finding_and_not_the_generators_fault() {
    let mut summary = healthy();
    summary.operations[0].achieved_per_second = 600.0;
    let (verdict, check) = check("achieved_rate", &summary, &evidence());
    assert_eq!(verdict, ValidityVerdict::Suspect);
    assert!(check.says.contains("backlog"), "{check:?}");
    assert_eq!(
        check.value.as_deref(),
        Some("600.0/s of 1000.0/s (60.00 %)")
    );
}

#[test]
fn wrong_and_empty_answers_are_invalid() {
    let mut summary = healthy();
    summary.operations[0].total.record.counts.wrong = 1;
    assert_eq!(
        check("wrong_answers", &summary, &evidence()).0,
        ValidityVerdict::Invalid
    );
    let mut summary = healthy();
    summary.operations[0].total.record.counts.empty = 5_000;
    assert_eq!(
        check("empty_answers", &summary, &evidence()).0,
        ValidityVerdict::Invalid
    );
    let mut summary = healthy();
    summary.operations[0].total.record.counts.checked = 0;
    assert_eq!(
        check("wrong_answers", &summary, &evidence()).0,
        ValidityVerdict::Unchecked
    );
}

#[test]
fn failures_and_few_samples_are_suspect() {
    let mut summary = healthy();
    summary.operations[0].total.record.counts.failed = 1_000;
    assert_eq!(
        check("errors", &summary, &evidence()).0,
        ValidityVerdict::Suspect
    );
    let mut summary = healthy();
    summary.operations[0].total.scheduled = 50;
    let (verdict, few) = check("samples", &summary, &evidence());
    assert_eq!(verdict, ValidityVerdict::Suspect);
    assert_eq!(few.value.as_deref(), Some("50 (trace.get_by_trace_id)"));
}

#[test]
fn lost_arrivals_are_invalid() {
    let mut summary = healthy();
    summary.operations[0].total.scheduled += 1;
    assert_eq!(
        check("conservation", &summary, &evidence()).0,
        ValidityVerdict::Invalid
    );
}

#[test]
fn a_server_that_breaks_its_promises_is_suspect() {
    for name in ["fsync", "synchronous_commit", "full_page_writes"] {
        let mut evidence = evidence();
        evidence.settings.insert(name.into(), "off".into());
        let (verdict, check) = check("durability", &healthy(), &evidence);
        assert_eq!(verdict, ValidityVerdict::Suspect, "{name}");
        assert!(check.value.unwrap().contains(&format!("{name}=off")));
    }
    let mut unknown = evidence();
    unknown.settings.clear();
    assert_eq!(
        check("durability", &healthy(), &unknown).0,
        ValidityVerdict::Unchecked
    );
}

#[test]
fn a_proxy_a_greedy_generator_and_few_executions_are_suspect() {
    let mut proxied = evidence();
    proxied.published_port = true;
    assert_eq!(
        check("transport", &healthy(), &proxied).0,
        ValidityVerdict::Suspect
    );
    let mut greedy = evidence();
    greedy.cpu = greedy.cpu.map(|cpu| CpuUse {
        generator_seconds: 19.0,
        ..cpu
    });
    let (verdict, found) = check("generator_cpu", &healthy(), &greedy);
    assert_eq!(
        (verdict, found.value.as_deref()),
        (ValidityVerdict::Suspect, Some("95.00 %"))
    );
    let mut cold = evidence();
    cold.primed_executions = 3;
    assert_eq!(
        check("primed", &healthy(), &cold).0,
        ValidityVerdict::Suspect
    );
    let mut unseen = evidence();
    unseen.cpu = None;
    assert_eq!(
        check("generator_cpu", &healthy(), &unseen).0,
        ValidityVerdict::Unchecked
    );
}

#[test]
fn an_interrupted_run_is_invalid() {
    let stopped = Evidence {
        interrupted: true,
        ..evidence()
    };
    assert_eq!(
        check("whole", &healthy(), &stopped).0,
        ValidityVerdict::Invalid
    );
    assert_eq!(
        judge(&plan(&[]), &healthy(), &stopped).objectives.verdict,
        ObjectiveVerdict::Unknown
    );
}
