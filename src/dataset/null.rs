//! How fast the generator is on its own: every row made, none sent.
//!
//! Input: the data set. Output: rows and time of each table. Knows nothing of connections.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde::Serialize;

use super::key::Dataset;
use super::tables::{Generator, Table};

/// What generating one table took.
#[derive(Debug, Clone, Serialize)]
pub struct TableSpeed {
    /// The table.
    pub name: &'static str,
    /// Rows made.
    pub rows: u64,
    /// Bytes of binary COPY made.
    pub bytes: u64,
    /// Wall-clock time in seconds.
    pub seconds: f64,
    /// Threads that made them.
    pub threads: usize,
    /// `rows` over `seconds` and `threads`.
    pub rows_per_second_per_core: f64,
}

/// Makes every row of every table on the plan's threads and forgets it.
pub fn to_null(dataset: &Dataset) -> Vec<TableSpeed> {
    Table::ALL
        .iter()
        .map(|table| table_to_null(dataset, *table))
        .collect()
}

fn table_to_null(dataset: &Dataset, table: Table) -> TableSpeed {
    let threads = dataset.plan().threads.max(1);
    let rows = table.rows(dataset.plan());
    let (next, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| bytes.fetch_add(make_batches(dataset, table, &next), Ordering::Relaxed));
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    TableSpeed {
        name: table.name(),
        rows,
        bytes: bytes.into_inner(),
        seconds,
        threads,
        rows_per_second_per_core: rows as f64 / seconds / threads as f64,
    }
}

/// Makes batches until none is left; returns their bytes.
fn make_batches(dataset: &Dataset, table: Table, next: &AtomicU64) -> u64 {
    let (rows, batch) = (table.rows(dataset.plan()), table.batch_rows());
    let mut generator = Generator::new(dataset);
    let mut buffer = Vec::new();
    let mut bytes = 0;
    loop {
        let start = next.fetch_add(batch, Ordering::Relaxed);
        if start >= rows {
            return bytes;
        }
        buffer.clear();
        generator.append(table, start..start + batch, &mut buffer);
        bytes += black_box(&buffer).len() as u64;
    }
}
