//! Fills a target: binary COPY in chunk order, on several connections at once.
//!
//! Input: a migrated target and a data set. Output: filled, vacuumed, analysed tables and a report
//! of rows, bytes and time. Each worker holds one connection, one COPY for each table and one
//! buffer; the workers take batches in index order, so that rows arrive nearly as they would have
//! in life. Knows nothing of how rows are made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde::Serialize;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::copy::{HEADER, TRAILER};
use super::error::FillError;
use super::key::Dataset;
use super::manifest::{self, FillState};
use super::prepare;
use super::progress::FillProgress;
use super::tables::{Generator, Table};
use crate::store::Edition;

/// What a fill did.
#[derive(Debug, Clone, Serialize)]
pub struct FillReport {
    /// Each table, in the order of filling.
    pub tables: Vec<TableFill>,
    /// Connections that loaded at once.
    pub connections: usize,
    /// Time to make the chunks before the first row, in seconds.
    pub prepare_seconds: f64,
    /// Time of VACUUM (ANALYZE) and CHECKPOINT, in seconds.
    pub settle_seconds: f64,
}

/// What loading one table did.
#[derive(Debug, Clone, Serialize)]
pub struct TableFill {
    /// The table.
    pub name: &'static str,
    /// Rows loaded.
    pub rows: u64,
    /// Bytes of binary COPY sent.
    pub bytes: u64,
    /// Wall-clock time in seconds.
    pub seconds: f64,
    /// `rows` over `seconds`.
    pub rows_per_second: f64,
}

/// What [`ensure_filled`] found or did.
#[derive(Debug, Clone)]
pub enum Filled {
    /// The target held the data set already.
    Reused,
    /// The target was filled.
    Now(FillReport),
}

impl FillReport {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Bytes of all tables.
    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(|table| table.bytes).sum()
    }

    /// Time of loading alone, in seconds.
    pub fn load_seconds(&self) -> f64 {
        self.tables.iter().map(|table| table.seconds).sum()
    }
}

/// Makes sure that the migrated target behind `options` holds exactly `dataset`: reuses a whole
/// one with the same digest, fills an empty target, and starts over where a fill died half way.
///
/// # Errors
/// [`FillError::Differs`] and [`FillError::Dirty`] when the target holds anything else: the caller
/// refuses or takes another target.
pub async fn ensure_filled(
    options: &PgConnectOptions,
    dataset: &Dataset,
    edition: Edition,
    cancel: &CancellationToken,
    progress: &dyn FillProgress,
) -> Result<Filled, FillError> {
    let mut connection = prepare::connect(options).await?;
    let digest = dataset.digest();
    match manifest::read(&mut connection).await? {
        Some(found) if found.state == FillState::Complete && found.digest != digest => {
            return Err(FillError::Differs {
                found: found.digest,
                wanted: digest,
            });
        }
        Some(found) if found.state == FillState::Complete && found.dirty => {
            return Err(FillError::Dirty { digest });
        }
        Some(found) if found.state == FillState::Complete => return Ok(Filled::Reused),
        Some(_) => prepare::truncate(&mut connection).await?,
        None => prepare::refuse_rows(&mut connection).await?,
    }
    drop(connection);
    fill(options, dataset, edition, cancel, progress)
        .await
        .map(Filled::Now)
}

/// Fills the empty, migrated tables of the target behind `options`, on the plan's number of
/// connections.
///
/// # Errors
/// [`FillError::Cancelled`] soon after `cancel`; the manifest then says that the fill is half
/// done, as it does after every other error.
pub async fn fill(
    options: &PgConnectOptions,
    dataset: &Dataset,
    edition: Edition,
    cancel: &CancellationToken,
    progress: &dyn FillProgress,
) -> Result<FillReport, FillError> {
    progress.begin(
        Table::ALL
            .iter()
            .map(|table| table.rows(dataset.plan()))
            .sum(),
    );
    let filled = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(FillError::Cancelled),
        filled = fill_all(options, dataset, edition, progress) => filled,
    };
    progress.end();
    filled
}

/// Dropping this future aborts its workers and closes their connections, which makes the server
/// roll their COPY back.
async fn fill_all(
    options: &PgConnectOptions,
    dataset: &Dataset,
    edition: Edition,
    progress: &dyn FillProgress,
) -> Result<FillReport, FillError> {
    let mut connection = prepare::connect(options).await?;
    manifest::begin(&mut connection, dataset).await?;
    let began = Instant::now();
    prepare::hold_autovacuum(&mut connection).await?;
    if edition.has_hypertables() {
        progress.step("making chunks");
        prepare::make_chunks(&mut connection, dataset.plan()).await?;
    }
    let prepare_seconds = began.elapsed().as_secs_f64();
    let mut tables = Vec::new();
    for table in Table::ALL {
        progress.step(&format!("loading {}", table.name()));
        tables.push(load(options, dataset, table, progress).await?);
    }
    progress.step("vacuum and analyze");
    let began = Instant::now();
    prepare::settle(options, &mut connection).await?;
    prepare::release_autovacuum(&mut connection).await?;
    manifest::complete(&mut connection).await?;
    Ok(FillReport {
        tables,
        connections: dataset.plan().threads.max(1),
        prepare_seconds,
        settle_seconds: began.elapsed().as_secs_f64(),
    })
}

async fn load(
    options: &PgConnectOptions,
    dataset: &Dataset,
    table: Table,
    progress: &dyn FillProgress,
) -> Result<TableFill, FillError> {
    let began = Instant::now();
    let shared = Arc::new(Shared::default());
    let mut workers = JoinSet::new();
    for _ in 0..dataset.plan().threads.max(1) {
        let (options, dataset, shared) = (options.clone(), dataset.clone(), Arc::clone(&shared));
        workers.spawn(async move { copy_batches(&options, &dataset, table, &shared).await });
    }
    let rows = join_reporting(&mut workers, &shared, progress).await?;
    let wanted = table.rows(dataset.plan());
    if rows != wanted {
        return Err(FillError::Rows {
            table: table.name(),
            found: rows,
            wanted,
        });
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(TableFill {
        name: table.name(),
        rows,
        bytes: shared.bytes.load(Ordering::Relaxed),
        seconds,
        rows_per_second: rows as f64 / seconds,
    })
}

/// What the workers of one table share.
#[derive(Debug, Default)]
struct Shared {
    /// The first row that nobody has taken.
    next: AtomicU64,
    sent: AtomicU64,
    bytes: AtomicU64,
}

/// Waits for every worker, reporting ten times a second; returns the rows that the server counted.
async fn join_reporting(
    workers: &mut JoinSet<Result<u64, FillError>>,
    shared: &Shared,
    progress: &dyn FillProgress,
) -> Result<u64, FillError> {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(100));
    let (mut rows, mut reported) = (0, 0);
    loop {
        tokio::select! {
            joined = workers.join_next() => match joined {
                Some(Ok(loaded)) => rows += loaded?,
                Some(Err(panic)) => return Err(FillError::Worker(panic.to_string())),
                None => {
                    progress.advance(shared.sent.load(Ordering::Relaxed) - reported);
                    return Ok(rows);
                }
            },
            _ = ticks.tick() => {
                let sent = shared.sent.load(Ordering::Relaxed);
                progress.advance(sent - reported);
                reported = sent;
            }
        }
    }
}

/// One worker: one connection, one COPY, batches until none is left. Returns the rows that the
/// server counted.
async fn copy_batches(
    options: &PgConnectOptions,
    dataset: &Dataset,
    table: Table,
    shared: &Shared,
) -> Result<u64, FillError> {
    let doing = || FillError::sql(format!("loading highwater.{}", table.name()));
    let mut connection: PgConnection = prepare::connect(options).await?;
    let mut copy = connection
        .copy_in_raw(table.copy_statement())
        .await
        .map_err(doing())?;
    let (rows, batch) = (table.rows(dataset.plan()), table.batch_rows());
    let mut generator = Generator::new(dataset);
    let mut buffer = HEADER.to_vec();
    loop {
        let start = shared.next.fetch_add(batch, Ordering::Relaxed);
        if start >= rows {
            break;
        }
        let end = rows.min(start + batch);
        generator.append(table, start..end, &mut buffer);
        copy.send(buffer.as_slice()).await.map_err(doing())?;
        shared.sent.fetch_add(end - start, Ordering::Relaxed);
        shared
            .bytes
            .fetch_add(buffer.len() as u64, Ordering::Relaxed);
        buffer.clear();
    }
    buffer.extend_from_slice(TRAILER);
    copy.send(buffer.as_slice()).await.map_err(doing())?;
    let loaded = copy.finish().await.map_err(doing())?;
    connection.close().await.map_err(doing())?;
    Ok(loaded)
}
