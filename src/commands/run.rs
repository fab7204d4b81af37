//! `highwater run`: read scenario, resolve plan, provision, fill, drive, judge, archive, report.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::runtime::Runtime;

use crate::archive::assemble::Run;
use crate::archive::{
    ArchiveError, ArchiveWriter, Columns, DatasetRecord, History, HistoryLine, RunRecord, facts_key,
};
use crate::cli::RunArgs;
use crate::commands::exit::{Exit, is_interruption};
use crate::commands::live::{Live, Seen};
use crate::commands::ready::{NotReady, Ready, Session, Sweeper};
use crate::commands::{Origins, planned, print};
use crate::drive::clock::{CALLER_NICE, sharpen_this_thread};
use crate::drive::{self, Driven, Load};
use crate::judge::{self, Evidence};
use crate::observe::peak_memory_bytes;
use crate::plan::{Access, Plan};
use crate::report::{self, Page, Terminal};
use crate::store::StoragePool;
use crate::summary::Summary;
use crate::target::{Facts, Transport};
use crate::workload::RepositoryWorkload;
use crate::workload::repository::{pool_config, session_options};

/// How long a pool's connections may take to close.
const GOODBYE: Duration = Duration::from_secs(2);

/// Runs the verb.
pub fn run(args: &RunArgs, origins: Origins) -> anyhow::Result<Exit> {
    let started_at = Utc::now();
    let (_, plan) = planned::plan(&args.scenario, &args.target, origins)?;
    let session = Session::start(args.output.quiet)?;
    let mut archive = ArchiveWriter::create(
        &args.out,
        started_at,
        &plan.scenario,
        Some(&crate::target::commit::current()),
    )?;
    let _sweeper = Sweeper::of(&session);
    let measured = match session.runtime.block_on(Ready::provision(&session, &plan)) {
        Ok(ready) => measure(&session, &plan, ready, &mut archive)?,
        Err(not_ready) => Measured::nothing(&plan, *not_ready)?,
    };
    let record = record(&session, &plan, started_at, &measured)?;
    finish(args, archive, &record, measured)
}

/// What a run brought home.
struct Measured {
    facts: Facts,
    dataset: DatasetRecord,
    driven: Option<Driven>,
    seen: Seen,
    published_port: bool,
    /// A file that could not be written while measuring.
    broken: Option<ArchiveError>,
}

impl Measured {
    /// A run that was stopped before it measured anything is still written down; any other error
    /// goes to the person.
    fn nothing(plan: &Plan, not_ready: NotReady) -> anyhow::Result<Self> {
        match not_ready.facts {
            Some(facts) if is_interruption(&not_ready.error) => Ok(Self {
                facts,
                dataset: DatasetRecord {
                    digest: crate::dataset::Dataset::new(&plan.dataset).digest(),
                    rows: indexmap::IndexMap::new(),
                    reused: false,
                    fill_seconds: None,
                },
                driven: None,
                seen: Seen {
                    cpu: None,
                    columns: Columns::new(Vec::<String>::new()),
                },
                published_port: false,
                broken: None,
            }),
            _ => Err(not_ready.error),
        }
    }
}

/// Drives the plan's load against a target that is ready, and removes the target.
fn measure(
    session: &Session,
    plan: &Plan,
    ready: Ready,
    archive: &mut ArchiveWriter,
) -> anyhow::Result<Measured> {
    let cgroup = ready.target.server_cgroup().map(std::path::Path::to_owned);
    let mut live = Live::new(plan, archive, cgroup, session.quiet)?;
    let driven = drive(session, plan, &ready, &mut live);
    let (seen, broken) = live.finish(archive);
    let Ready {
        target,
        facts,
        filled,
        ..
    } = ready;
    let published_port =
        target.container_id().is_some() && target.transport() == Transport::LoopbackPort;
    let removed = session.runtime.block_on(target.remove());
    let driven = match driven {
        Ok(driven) => Some(driven),
        Err(error) if is_interruption(&error) => None,
        Err(error) => return Err(error),
    };
    removed?;
    Ok(Measured {
        facts,
        dataset: filled,
        driven,
        seen,
        published_port,
        broken,
    })
}

fn drive(session: &Session, plan: &Plan, ready: &Ready, live: &mut Live) -> anyhow::Result<Driven> {
    let runtime = pool_runtime(plan)?;
    let options = ready.target.connect_options();
    let edition = ready.target.edition();
    let workload = match plan.drive.access {
        Access::Pinned => RepositoryWorkload::pinned(options, edition, plan, &ready.dataset),
        Access::Pool => {
            let options = session_options(options, plan.drive.timeout);
            let open = StoragePool::from_options(options, pool_config(&plan.drive));
            let pool = runtime.block_on(open)?;
            RepositoryWorkload::pooled(pool, edition, plan, &ready.dataset)
        }
    };
    let workload = Arc::new(workload);
    let load = Load::of(plan);
    let driven = drive::run(
        &load,
        workload.clone(),
        runtime.handle(),
        live,
        &session.cancel,
    );
    if let Some(pool) = workload.pool() {
        // A server that does not answer any more must not keep the run from ending.
        let _ = runtime.block_on(async { tokio::time::timeout(GOODBYE, pool.close()).await });
    }
    runtime.shutdown_timeout(GOODBYE);
    Ok(driven?)
}

/// The runtime of the application's own shape: one pool, `workers` threads.
fn pool_runtime(plan: &Plan) -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(plan.drive.workers)
        .thread_name("pool")
        .on_thread_start(|| {
            sharpen_this_thread(CALLER_NICE);
        })
        .enable_all()
        .build()
}

/// Summarises, judges and assembles.
fn record(
    session: &Session,
    plan: &Plan,
    started_at: DateTime<Utc>,
    measured: &Measured,
) -> anyhow::Result<RunRecord> {
    let driven = measured.driven.as_ref();
    let summary = driven.map_or_else(Summary::empty, Summary::of);
    let interrupted = session.cancel.is_cancelled();
    let host_cpus = measured.facts.host.logical_cpus;
    let evidence = Evidence {
        settings: measured.facts.settings.clone(),
        transport: measured.facts.transport.to_string(),
        published_port: measured.published_port,
        cpu: measured.seen.cpu,
        host_cpus,
        primed_executions: driven.map_or(0, |driven| driven.primed_executions),
        interrupted,
    };
    let verdict = judge::judge(plan, &summary, &evidence);
    let run = Run {
        run_id: session.run.to_string(),
        started_at,
        plan,
        facts: serde_json::to_value(&measured.facts)?,
        dataset: measured.dataset.clone(),
        driven,
        summary: &summary,
        verdict: &verdict,
        cpu: measured.seen.cpu,
        host_cpus,
        peak_memory_bytes: peak_memory_bytes(),
        interrupted,
    };
    Ok(run.record()?)
}

/// Archives, prints and says how it ended. The table is printed whatever becomes of the archive.
fn finish(
    args: &RunArgs,
    archive: ArchiveWriter,
    record: &RunRecord,
    measured: Measured,
) -> anyhow::Result<Exit> {
    let history = History::of(&args.out);
    let previous = history
        .last_of(&record.scenario, &facts_key(record))
        .ok()
        .flatten();
    let written = match measured.broken {
        Some(broken) => Err(broken.into()),
        None => write(archive, record, &measured.seen.columns, previous.as_ref()),
    };
    let page = written
        .as_ref()
        .ok()
        .map(|folder| folder.join("report.html"));
    if args.output.json {
        print::stdout(&report::json(record)?)?;
    } else {
        let terminal = Terminal {
            previous: previous.as_ref(),
            page: page.as_deref(),
            paint: print::paint(args.output),
        };
        print::stdout(&report::terminal(record, &terminal))?;
    }
    written?;
    if !record.interrupted {
        history.append(&HistoryLine::of(record))?;
    }
    Ok(Exit::of_run(record))
}

fn write(
    mut archive: ArchiveWriter,
    record: &RunRecord,
    columns: &Columns,
    previous: Option<&HistoryLine>,
) -> anyhow::Result<PathBuf> {
    archive.write("run.json", report::json(record)?.as_bytes())?;
    let page = report::page(&Page {
        run: record,
        columns: Some(columns),
        previous,
    })?;
    archive.write("report.html", page.as_bytes())?;
    Ok(archive.finish()?)
}
