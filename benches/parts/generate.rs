//! The generator to null: rows per second of each table on one core.

use criterion::{BatchSize, Criterion, Throughput};
use highwater::dataset::{Dataset, Generator, Table};
use highwater::plan::DatasetPlan;
use highwater::units::Span;

/// Rows of one measured batch: a whole number of blocks, past the caches of any block.
const ROWS: u64 = 64 * 640;

/// Adds a benchmark for each large table, and for drawing a key and a known answer.
pub(crate) fn benches(criterion: &mut Criterion) {
    let dataset = Dataset::new(&plan());
    let mut group = criterion.benchmark_group("generate");
    group.throughput(Throughput::Elements(ROWS));
    for table in [Table::Traces, Table::Spans, Table::Points, Table::Logs] {
        let mut generator = Generator::new(&dataset);
        let mut start = 0;
        group.bench_function(table.name(), |bencher| {
            bencher.iter_batched_ref(
                || Vec::with_capacity(32 << 20),
                |buffer| {
                    generator.append(table, start..start + ROWS, buffer);
                    start = (start + ROWS) % (table.rows(dataset.plan()) - ROWS);
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
    keys(criterion, &dataset);
}

fn keys(criterion: &mut Criterion, dataset: &Dataset) {
    let traces = dataset.plan().traces;
    let mut index = 0;
    criterion.bench_function("draw/trace_id", |bencher| {
        bencher.iter(|| {
            index = (index + 7919) % traces;
            dataset.trace_id(index)
        });
    });
    criterion.bench_function("draw/trace", |bencher| {
        bencher.iter(|| {
            index = (index + 7919) % traces;
            dataset.trace(index)
        });
    });
}

fn plan() -> DatasetPlan {
    DatasetPlan {
        seed: 42,
        days: 7,
        end: chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000),
        services: 20,
        traces: 200_000,
        spans_per_trace: 10,
        logs_per_trace: 10,
        series: 200,
        point_interval: Span::from_secs(60),
        error_permille: 20,
        threads: 1,
    }
}
