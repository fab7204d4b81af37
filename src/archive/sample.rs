//! Realistic runs for tests: log-normal service times, small lag and wait, the same on any machine.

use hdrhistogram::Histogram;
use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::json;

use super::ValidityVerdict::{Unchecked, Valid};
use super::*;
use crate::stats::draw::Stream;

/// An operation of a sample: name, calls per second, median service in nanoseconds, sigma of its
/// logarithm.
type Shape = (&'static str, u64, f64, f64);

const SHAPES: [Shape; 4] = [
    ("trace.get_by_trace_id", 500, 420_000.0, 0.45),
    ("trace.list", 40, 2_600_000.0, 0.55),
    ("metric.query_time_series", 20, 9_300_000.0, 0.35),
    ("log.search_logs", 5, 61_000_000.0, 0.60),
];

const SECONDS: u64 = 30;

/// A valid run that meets its objectives.
pub(crate) fn passing() -> RunRecord {
    run(&SHAPES, SECONDS)
}

/// A suspect run with a missed objective, an unknown one and some failures.
pub(crate) fn suspect_and_missed() -> RunRecord {
    let mut run = passing();
    let search = &mut run.operations[3];
    search.ok -= 9;
    (search.failed, search.timed_out) = (6, 3);
    search.errors = IndexMap::from([("57".to_owned(), 4), ("connection".to_owned(), 2)]);
    search.achieved_per_second = search.ok as f64 / SECONDS as f64;
    let check = &mut run.objectives.checks[1];
    check.limit = "5ms".to_owned();
    check.verdict = ObjectiveVerdict::Fail;
    let check = &mut run.objectives.checks[2];
    check.metric = "p999".to_owned();
    check.verdict = ObjectiveVerdict::Unknown;
    run.objectives.verdict = ObjectiveVerdict::Fail;
    run.validity.verdict = ValidityVerdict::Suspect;
    let errors = &mut run.validity.checks[2];
    errors.verdict = ValidityVerdict::Suspect;
    errors.value = Some("6 %".to_owned());
    errors.says = "log.search_logs lost 9 of 150 calls: its percentiles leave them out".to_owned();
    run
}

/// A run whose generator could not keep its schedule.
pub(crate) fn invalid() -> RunRecord {
    let mut run = passing();
    run.validity.verdict = ValidityVerdict::Invalid;
    let lag = &mut run.validity.checks[1];
    lag.verdict = ValidityVerdict::Invalid;
    lag.value = Some("P99 48.1 ms".to_owned());
    lag.says =
        "the generator itself was late: give it a core of its own or lower the rate".to_owned();
    for check in &mut run.objectives.checks {
        check.verdict = ObjectiveVerdict::Unknown;
    }
    run.objectives.verdict = ObjectiveVerdict::Unknown;
    run
}

/// A run that Ctrl-C ended after four seconds, seen by nobody but the generator.
pub(crate) fn interrupted() -> RunRecord {
    let mut run = run(&SHAPES, 4);
    run.interrupted = true;
    run.phases.drain_s = None;
    run.phases.measure_ended_at = None;
    run.resources.server_cpu_seconds = None;
    run.validity.verdict = ValidityVerdict::Suspect;
    for check in &mut run.objectives.checks {
        check.verdict = ObjectiveVerdict::Unknown;
    }
    run.objectives.verdict = ObjectiveVerdict::Unknown;
    run.facts.more.clear();
    run
}

/// A long run of many operations.
pub(crate) fn long(operations: usize, seconds: u64) -> RunRecord {
    let mut run = run(&SHAPES, 30);
    let shapes = run.operations.clone();
    run.operations = (0..operations)
        .map(|i| OperationRecord {
            name: format!("{}.{i}", shapes[i % shapes.len()].name),
            ..shapes[i % shapes.len()].clone()
        })
        .collect();
    run.phases.measure_s = Some(seconds as f64);
    run.resources.measure_seconds = seconds as f64;
    run
}

/// Seconds that go with `run`: a stall of the server for two seconds in the middle.
pub(crate) fn columns(run: &RunRecord) -> Columns {
    let seconds = run.resources.measure_seconds as u64;
    let stream = Stream::new(11, 3);
    let mut columns = Columns::new(run.operations.iter().map(|o| o.name.clone()));
    for second in 0..seconds {
        let stalled = second == seconds / 2 || second == seconds / 2 + 1;
        let operations = run.operations.iter().enumerate().map(|(o, operation)| {
            let response = &operation.latency_ns.response;
            let factor = 0.9 + 0.2 * stream.child(o as u64).open01(second);
            let factor = if stalled { factor * 12.0 } else { factor };
            let scale = |ns: Option<u64>| ns.map(|ns| (ns as f64 * factor) as u64);
            let part = PartSecond {
                count: response.count / seconds.max(1),
                p50: scale(response.p50),
                p95: scale(response.p95),
                p99: scale(response.p99),
                max: scale(response.p999),
            };
            let offered = operation.offered_per_second.unwrap_or_default();
            OperationSecond {
                offered: offered as u64,
                achieved: (offered * if stalled { 0.55 } else { 1.0 }) as u64,
                response: part,
                service: part,
                wait: small(&operation.latency_ns.wait, part.count, 1.0 / factor),
                lag: small(&operation.latency_ns.lag, part.count, factor.min(1.2)),
            }
        });
        columns.push(&Second {
            second,
            operations: operations.collect(),
        });
    }
    columns
}

fn small(whole: &LatencyRecord, count: u64, factor: f64) -> PartSecond {
    let scale = |ns: Option<u64>| ns.map(|ns| (ns as f64 * factor) as u64);
    PartSecond {
        count,
        p50: scale(whole.p50),
        p95: scale(whole.p95),
        p99: scale(whole.p99),
        max: scale(whole.p999),
    }
}

fn run(shapes: &[Shape], seconds: u64) -> RunRecord {
    let operations: Vec<_> = shapes
        .iter()
        .enumerate()
        .map(|(i, shape)| operation(i as u64, *shape, seconds))
        .collect();
    let started_at = "2026-01-01T12:00:00Z".parse().unwrap();
    let at = |s: u64| started_at + std::time::Duration::from_secs(s);
    let objectives = objectives(&operations);
    RunRecord {
        schema: RunSchema::V1,
        run_id: "0b0e9f2c-6f0e-4a55-9d0b-7c3a1a1f5d11".to_owned(),
        started_at,
        scenario: "expected".to_owned(),
        interrupted: false,
        validity: validity(),
        objectives,
        facts: facts(),
        plan: plan(),
        phases: PhaseRecord {
            connect_s: Some(0.041),
            warm_up_s: Some(5.0),
            measure_s: Some(seconds as f64),
            drain_s: Some(0.018),
            measure_started_at: Some(at(47)),
            measure_ended_at: Some(at(47 + seconds)),
            ended_at: at(48 + seconds),
        },
        operations,
        pacing_ns: Some(latency(21, 17_000, 62_000.0, 0.5)),
        resources: ResourceRecord {
            generator_cpu_seconds: Some(0.11 * seconds as f64),
            server_cpu_seconds: Some(0.83 * seconds as f64),
            host_cpus: 2,
            measure_seconds: seconds as f64,
            generator_max_rss_bytes: Some(31 << 20),
        },
        dataset: DatasetRecord {
            digest: "5f1c0d7be2a94c31".to_owned(),
            rows: [
                ("traces", 200_000),
                ("trace_spans", 1_000_000),
                ("metric_data_points", 2_016_000),
                ("log_records", 1_000_000),
            ]
            .map(|(table, rows)| (table.to_owned(), rows))
            .into(),
            reused: false,
            fill_seconds: Some(12.4),
        },
    }
}

fn operation(i: u64, (name, rate, median, sigma): Shape, seconds: u64) -> OperationRecord {
    let n = rate * seconds;
    let service = draw(i * 4, n, median, sigma);
    let wait = draw(i * 4 + 1, n, 9_000.0, 0.8);
    let lag = draw(i * 4 + 2, n, 60_000.0, 0.4);
    let response: Vec<u64> = (0..n as usize)
        .map(|k| service[k] + wait[k] + lag[k])
        .collect();
    OperationRecord {
        name: name.to_owned(),
        scheduled: n,
        ok: n,
        failed: 0,
        timed_out: 0,
        shed: 0,
        unfinished: 0,
        wrong_answers: Some(0),
        empty_answers: Some(0),
        errors: IndexMap::new(),
        error_examples: BTreeMap::new(),
        rows: n * 12,
        offered_per_second: Some(rate as f64),
        achieved_per_second: rate as f64,
        hold_ns_total: service.iter().sum(),
        latency_ns: Latencies {
            response: record(&response),
            lag: record(&lag),
            wait: record(&wait),
            service: record(&service),
        },
    }
}

fn latency(stream: u64, n: u64, median: f64, sigma: f64) -> LatencyRecord {
    record(&draw(stream, n, median, sigma))
}

fn record(values: &[u64]) -> LatencyRecord {
    let mut histogram = Histogram::<u32>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    for value in values {
        histogram.record(*value).unwrap();
    }
    LatencyRecord::of(&histogram).unwrap()
}

/// `n` log-normal nanoseconds, by Box and Muller's transform.
fn draw(stream: u64, n: u64, median: f64, sigma: f64) -> Vec<u64> {
    let stream = Stream::new(42, stream);
    (0..n)
        .map(|i| {
            let radius = libm::sqrt(2.0 * stream.exponential(2 * i));
            let angle = std::f64::consts::TAU * stream.open01(2 * i + 1);
            (median * libm::exp(sigma * radius * libm::cos(angle))) as u64
        })
        .collect()
}

fn validity() -> Validity {
    let check =
        |name: &str, verdict, value: Option<&str>, limit: Option<&str>, says: &str| ValidityCheck {
            name: name.to_owned(),
            verdict,
            value: value.map(str::to_owned),
            limit: limit.map(str::to_owned),
            says: says.to_owned(),
        };
    Validity {
        verdict: Valid,
        checks: vec![
            check(
                "conservation",
                Valid,
                Some("0 calls lost"),
                None,
                "every scheduled call is accounted for",
            ),
            check(
                "lag",
                Valid,
                Some("P99 0.15 ms"),
                Some("1.5 ms"),
                "the generator kept its schedule",
            ),
            check(
                "errors",
                Valid,
                Some("0 %"),
                Some("1 %"),
                "calls were answered",
            ),
            check(
                "durability",
                Valid,
                Some("fsync=on"),
                None,
                "the server writes as in production",
            ),
            check(
                "cpu_steal",
                Unchecked,
                None,
                None,
                "nobody looked at the hypervisor",
            ),
            check(
                "clock_steps",
                Unchecked,
                None,
                None,
                "nobody looked at the clock",
            ),
        ],
    }
}

fn objectives(operations: &[OperationRecord]) -> Objectives {
    let limits = [
        ("trace.get_by_trace_id", "15ms"),
        ("trace.list", "50ms"),
        ("metric.query_time_series", "100ms"),
    ];
    let checks = limits.map(|(name, limit)| {
        let operation = operations.iter().find(|o| o.name == name).unwrap();
        let p95 = operation.latency_ns.response.p95.unwrap();
        ObjectiveCheck {
            operation: name.to_owned(),
            metric: "p95".to_owned(),
            limit: limit.to_owned(),
            value: Some(crate::units::format_ns(p95)),
            low: None,
            high: None,
            verdict: ObjectiveVerdict::Pass,
        }
    });
    Objectives {
        verdict: ObjectiveVerdict::Pass,
        checks: checks.into(),
    }
}

fn facts() -> Facts {
    Facts::from_value(json!({
        "edition": "timescaledb-apache",
        "postgresql": "17.6",
        "timescaledb": "2.19.3",
        "transport": "unix-socket",
        "image": "timescale/timescaledb:2.19.3-pg17",
        "commit": "ab12cd3",
        "cpu_model": "AMD EPYC 7R13",
        "cpus": 2,
        "memory_bytes": 8_243_474_432_u64,
        "kernel": "6.1.0-25-amd64",
        "settings": {"shared_buffers": "1GB", "fsync": "on"},
    }))
    .unwrap()
}

fn plan() -> serde_json::Value {
    json!({
        "scenario": "expected",
        "description": "The four expected rows, all at once",
        "seed": 42,
        "target": {"choice": "auto", "image": null, "keep": false},
        "schema": {"chunk_interval": "1d"},
        "dataset": {"seed": 1, "days": 7, "traces": 200_000},
        "drive": {"model": "open", "arrivals": "poisson", "access": "pinned", "connections": 8,
                  "warm_up": "5s", "duration": "30s", "timeout": "5s"},
        "operations": [
            {"name": "trace.get_by_trace_id", "rate": 500.0},
            {"name": "trace.list", "rate": 40.0},
            {"name": "metric.query_time_series", "rate": 20.0},
            {"name": "log.search_logs", "rate": 5.0},
        ],
    })
}
