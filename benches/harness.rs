//! What the harness itself costs: recording, scheduling, the no-op drive. No database.
//!
//! Criterion times the parts. The no-op drive is printed as operations per second of CPU time,
//! beside a bare loop that only reads the clock three times a call, in the same run.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot run fails by panicking"
)]

#[path = "parts/generate.rs"]
mod generate;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, Throughput};
use highwater::drive::schedule::Cursor;
use highwater::drive::{Load, OperationLoad, Watcher, run};
use highwater::observe::cpu::process_cpu_ns;
use highwater::plan::{Access, Arrivals, DrivePlan, Model, PoolPlan};
use highwater::record::{LatencyHistogram, Outcome, Recorder, Sample};
use highwater::units::{Quantile, Rate, Span, format_ns};
use highwater::workload::{Answer, AnswerVerdict, Noop};
use tokio_util::sync::CancellationToken;

fn load(model: Model, arrivals: Arrivals, rates: &[f64]) -> Load {
    Load {
        seed: 1,
        drive: DrivePlan {
            model,
            arrivals,
            access: Access::Pinned,
            workers: 1,
            connections: 1,
            callers: 1,
            think_time: Span::default(),
            warm_up: Span::from_millis(200),
            duration: Span::from_secs(2),
            drain: Span::from_secs(1),
            timeout: Span::from_secs(5),
            pool: PoolPlan {
                min: 0,
                acquire_timeout: Span::from_secs(30),
                idle_timeout: Span::from_secs(600),
                max_lifetime: Span::from_secs(1_800),
                test_before_acquire: true,
            },
        },
        operations: rates
            .iter()
            .map(|rate| OperationLoad {
                name: rate.to_string(),
                rate: Rate::new(*rate),
                weight: 1,
            })
            .collect(),
    }
}

fn sample(finished_ns: u64) -> Sample {
    Sample {
        operation: 0,
        scheduled_ns: 0,
        handed_ns: 900,
        started_ns: Some(1_800),
        finished_ns,
        released_ns: finished_ns,
        outcome: Outcome::Ok(Answer {
            rows: 1,
            verdict: AnswerVerdict::Right,
        }),
    }
}

fn recording(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(1));
    let mut ns = 0_u64;
    let mut next = move || {
        ns = ns.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ns >> 40
    };
    let mut histogram = LatencyHistogram::new();
    group.bench_function("one value into a histogram", |b| {
        b.iter(|| histogram.record(next()));
    });
    let recorder = Recorder::new(1, 1);
    group.bench_function("one call: the lock, four parts, the counts", |b| {
        b.iter(|| recorder.local().record(&sample(next())));
    });
    group.bench_function("the lock alone", |b| {
        b.iter(|| drop(black_box(recorder.local())));
    });
    group.finish();
}

fn scheduling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("schedule");
    group.throughput(Throughput::Elements(1));
    for (name, law) in [
        ("constant", Arrivals::Constant),
        ("Poisson", Arrivals::Poisson),
    ] {
        let mut cursor = Cursor::new(&load(Model::Open, law, &[1000.0, 500.0, 200.0, 100.0]), 0);
        group.bench_function(format!("next of four operations, {name}"), |b| {
            b.iter(|| cursor.next());
        });
    }
    group.finish();
}

struct Silent;

impl Watcher for Silent {}

/// Prints operations per CPU second of the whole drive, open and closed, beside a bare loop.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn noop_drive() {
    let bare = bare_clock_loop();
    println!("no-op drive, operations per second of CPU time (all threads of the process):");
    println!("  bare loop, three clock readings a call       {bare:>12.0}/s");
    let closed = load(Model::Closed, Arrivals::Constant, &[1.0]);
    let open = load(Model::Open, Arrivals::Poisson, &[500_000.0]);
    for (name, load) in [
        ("closed loop", closed),
        ("open loop, Poisson, 500,000/s", open),
    ] {
        let (per_cpu_second, p99_ns) = drive(&load);
        println!(
            "  {name:<44} {per_cpu_second:>12.0}/s  {:.2}x of the bare loop, response P99 {}",
            per_cpu_second / bare,
            format_ns(p99_ns)
        );
    }
}

fn drive(load: &Load) -> (f64, u64) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let before_ns = process_cpu_ns();
    let cancel = CancellationToken::new();
    let driven =
        run(load, Arc::new(Noop), runtime.handle(), &mut Silent, &cancel).expect("a no-op run");
    let cpu_seconds = (process_cpu_ns() - before_ns) as f64 / 1e9;
    let window = load.drive.duration.0 + load.drive.warm_up.0;
    let measured = driven.operations[0].record.counts.ok as f64;
    let all = measured * window.as_secs_f64() / load.drive.duration.0.as_secs_f64();
    let p99_ns = driven.operations[0]
        .record
        .response
        .at(Quantile::P99)
        .unwrap_or(0);
    (all / cpu_seconds, p99_ns)
}

fn bare_clock_loop() -> f64 {
    let before_ns = process_cpu_ns();
    let calls = 3_000_000;
    for _ in 0..calls {
        black_box((Instant::now(), Instant::now(), Instant::now()));
    }
    f64::from(calls) / ((process_cpu_ns() - before_ns) as f64 / 1e9)
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    recording(&mut criterion);
    scheduling(&mut criterion);
    generate::benches(&mut criterion);
    noop_drive();
    criterion.final_summary();
}
