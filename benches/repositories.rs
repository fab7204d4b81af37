//! The repositories on a filled target, one call at a time; and a pinned point read beside pgbench.
//!
//! The target is the quickstart's: `HIGHWATER_TARGET` and `HIGHWATER_IMAGE` choose another; without
//! them a container is provisioned, filled and removed. Parameters are drawn outside the timed part.

#[path = "parts/point_read.rs"]
mod point_read;

use std::cell::Cell;
use std::future::Future;
use std::process::ExitCode;

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion};
use highwater::commands::ready::{Ready, Session, Sweeper};
use highwater::dataset::Dataset;
use highwater::plan::{Flags, Origin, Plan, Typed};
use highwater::scenario::Scenario;
use highwater::stats::draw::Stream;
use highwater::store::{Aggregation, Repositories, StorageError, TimeSeriesQuery, TraceFilters};
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(
                clippy::print_stderr,
                reason = "a benchmark tells why it could not run"
            )]
            {
                eprintln!("error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let plan = plan()?;
    let session = Session::start(false)?;
    let _sweeper = Sweeper::of(&session);
    let ready = session
        .runtime
        .block_on(Ready::provision(&session, &plan))
        .map_err(|not_ready| not_ready.error)?;
    let mut criterion = Criterion::default().configure_from_args();
    let measured = queries(&mut criterion, &ready)
        .and_then(|()| point_read::beside_pgbench(&plan, &ready, &session));
    session.runtime.block_on(ready.remove())?;
    measured?;
    criterion.final_summary();
    Ok(())
}

fn plan() -> anyhow::Result<Plan> {
    let typed = |name: &str| {
        let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
        Some(Typed {
            text,
            origin: Origin::Environment,
        })
    };
    let flags = Flags {
        target: typed("HIGHWATER_TARGET"),
        image: typed("HIGHWATER_IMAGE"),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        ..Flags::default()
    };
    Ok(Plan::resolve(&Scenario::load("quickstart", &[])?, &flags)?)
}

/// One query with the parameters that it takes.
struct Bench<'a> {
    criterion: &'a mut Criterion,
    runtime: Runtime,
    next: Cell<u64>,
}

impl Bench<'_> {
    /// Times `query` on parameters that `draw` makes of an index, outside the timed part.
    fn time<P, F, R>(&mut self, name: &str, draw: impl Fn(u64) -> P, query: impl Fn(P) -> F)
    where
        F: Future<Output = Result<R, StorageError>>,
    {
        let next = &self.next;
        self.criterion.bench_function(name, |bencher| {
            bencher.to_async(&self.runtime).iter_batched(
                || {
                    next.set(next.get() + 1);
                    draw(next.get())
                },
                |parameters| async {
                    // A query that fails would be timed as a fast one.
                    assert!(query(parameters).await.is_ok(), "a query failed");
                },
                BatchSize::SmallInput,
            );
        });
    }
}

fn queries(criterion: &mut Criterion, ready: &Ready) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let options = ready.target.connect_options();
    let open = Repositories::connect(&options, ready.target.edition());
    let store = runtime.block_on(open)?;
    let mut bench = Bench {
        criterion,
        runtime,
        next: Cell::new(0),
    };
    traces(&mut bench, &store, &ready.dataset);
    metrics_and_logs(&mut bench, &store, &ready.dataset);
    Ok(())
}

fn traces(bench: &mut Bench<'_>, store: &Repositories, dataset: &Dataset) {
    let draws = Stream::new(1, 1);
    let trace = |index| dataset.trace(draws.below(index, dataset.plan().traces));
    let text = |index| trace(index).trace_id.as_str().to_owned();
    bench.time(
        "trace.get_by_id",
        |i| trace(i).id,
        |id| store.traces.get_by_id(id),
    );
    bench.time("trace.get_by_trace_id", text, |id| async move {
        store.traces.get_by_trace_id(&id).await
    });
    bench.time("trace.get_trace_by_id", text, |id| async move {
        store.traces.get_trace_by_id(&id).await
    });
    let (start, end) = last(dataset, TimeDelta::hours(1));
    bench.time(
        "trace.list, one service, 6 h, 100 rows",
        |index| TraceFilters {
            service_name: Some(dataset.service_name(trace(index).service).to_owned()),
            start_time: Some(end - TimeDelta::hours(6)),
            end_time: Some(end),
            ..TraceFilters::default()
        },
        |filters| store.traces.list(filters),
    );
    bench.time(
        "trace.get_traces, 1 h, 100 rows",
        |_| (),
        |()| {
            store
                .traces
                .get_traces(start, end, 100, TraceFilters::default())
        },
    );
    bench.time("log.get_logs_by_trace", text, |id| async move {
        store.logs.get_logs_by_trace(&id).await
    });
}

fn metrics_and_logs(bench: &mut Bench<'_>, store: &Repositories, dataset: &Dataset) {
    let draws = Stream::new(1, 2);
    let series = u64::from(dataset.plan().series);
    let (start, end) = last(dataset, TimeDelta::days(1));
    bench.time(
        "metric.query_time_series, 24 h in 288 buckets",
        |index| TimeSeriesQuery {
            metric_id: dataset.metric(draws.below(index, series) as u32).id,
            start_time: start,
            end_time: end,
            aggregation: Aggregation::Avg,
            bucket_size_secs: 300,
        },
        |query| store.metrics.query_time_series(query),
    );
    let hour = end - TimeDelta::hours(1);
    bench.time(
        "log.search_logs, a common term, 1 h, 100 rows",
        |_| (),
        |()| {
            store
                .logs
                .search_logs_limited(highwater::dataset::COMMON_TERM, hour, end, 100)
        },
    );
}

/// The last stretch of the data.
fn last(dataset: &Dataset, length: TimeDelta) -> (DateTime<Utc>, DateTime<Utc>) {
    let end = dataset.plan().end;
    (end - length, end)
}
