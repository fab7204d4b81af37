//! Provision, migrate, fill: a target that holds the plan's data set, and its removal.

use tokio::runtime::{Handle, Runtime};
use tokio_util::sync::CancellationToken;

use crate::archive::DatasetRecord;
use crate::commands::columns::thousands;
use crate::commands::print;
use crate::dataset::{self, Dataset, FillError, FillReport, Filled, Table};
use crate::plan::Plan;
use crate::schema;
use crate::target::{self, Facts, KeepKey, RunLabel, Target};

/// What stages need of the program around them.
pub struct Session {
    /// The runtime of everything but the load.
    pub runtime: Runtime,
    /// Cancelled by Ctrl-C.
    pub cancel: CancellationToken,
    /// Labels what this run creates.
    pub run: RunLabel,
    /// Whether to keep silent about what goes on.
    pub quiet: bool,
}

impl Session {
    /// Starts the runtime and listens for signals.
    pub fn start(quiet: bool) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("control")
            .enable_all()
            .build()?;
        let cancel = super::signals::cancelled_by_signals(runtime.handle())?;
        Ok(Self {
            runtime,
            cancel,
            run: RunLabel::unique(),
            quiet,
        })
    }

    /// Says a line about what goes on.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            print::note(line);
        }
    }
}

/// A target that holds the data set.
pub struct Ready {
    /// Where it is.
    pub target: Target,
    /// What was found out about it.
    pub facts: Facts,
    /// What its tables hold, as rows by index.
    pub dataset: Dataset,
    /// What the archive says of them.
    pub filled: DatasetRecord,
}

/// A target that could not be made ready.
pub struct NotReady {
    /// Why.
    pub error: anyhow::Error,
    /// What was known of the target by then; a run that was interrupted writes it down.
    pub facts: Option<Facts>,
}

impl Ready {
    /// Brings up the plan's target and fills it. Nothing is left behind where that fails.
    pub async fn provision(session: &Session, plan: &Plan) -> Result<Self, Box<NotReady>> {
        let keep = plan.target.keep.then(|| KeepKey::of(plan));
        let say = |line: &str| session.say(line);
        let target = Target::provision(
            &plan.target,
            &session.run,
            keep.as_ref(),
            &session.cancel,
            &say,
        )
        .await
        .map_err(|error| NotReady {
            error: error.into(),
            facts: None,
        })?;
        match describe_and_fill(session, plan, &target).await {
            Ok((facts, dataset, filled)) => Ok(Self {
                target,
                facts,
                dataset,
                filled,
            }),
            Err(failure) => {
                let failure = if is_of_another_data_set(&failure.error) {
                    // Somebody's kept data is not removed because this run cannot use it.
                    target.remove().await.map(|()| failure)
                } else {
                    target.discard().await.map(|()| failure)
                };
                Err(Box::new(failure.unwrap_or_else(|error| NotReady {
                    error: error.into(),
                    facts: None,
                })))
            }
        }
    }

    /// Removes the target, or leaves it up where it is to be kept.
    pub async fn remove(self) -> anyhow::Result<()> {
        Ok(self.target.remove().await?)
    }
}

fn is_of_another_data_set(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| matches!(cause.downcast_ref(), Some(FillError::Differs { .. })))
}

async fn describe_and_fill(
    session: &Session,
    plan: &Plan,
    target: &Target,
) -> Result<(Facts, Dataset, DatasetRecord), NotReady> {
    let facts = target.facts().await.map_err(|error| NotReady {
        error: error.into(),
        facts: None,
    })?;
    session.say(&format!(
        "target ready: {} {}, PostgreSQL {}, over {}",
        facts.edition,
        facts.timescaledb.as_deref().unwrap_or_default(),
        facts.postgresql,
        target.transport(),
    ));
    match migrate_and_fill(session, plan, target).await {
        Ok((dataset, filled)) => Ok((facts, dataset, filled)),
        Err(error) => Err(NotReady {
            error,
            facts: Some(facts),
        }),
    }
}

async fn migrate_and_fill(
    session: &Session,
    plan: &Plan,
    target: &Target,
) -> anyhow::Result<(Dataset, DatasetRecord)> {
    let options = target.connect_options();
    schema::migrate(&options, target.edition(), &plan.schema).await?;
    let dataset = Dataset::new(&plan.dataset);
    let progress = print::fill_progress(session.quiet);
    let filled = dataset::ensure_filled(
        &options,
        &dataset,
        target.edition(),
        &session.cancel,
        &*progress,
    )
    .await?;
    let fill_seconds = match &filled {
        Filled::Now(report) => {
            session.say(&filled_line(report));
            Some(report.load_seconds() + report.prepare_seconds + report.settle_seconds)
        }
        Filled::Reused => {
            session.say("the kept data set is used again");
            None
        }
    };
    let rows = Table::ALL.map(|table| (table.name().to_owned(), table.rows(&plan.dataset)));
    let record = DatasetRecord {
        digest: dataset.digest(),
        rows: rows.into_iter().collect(),
        reused: fill_seconds.is_none(),
        fill_seconds,
    };
    Ok((dataset, record))
}

fn filled_line(report: &FillReport) -> String {
    let seconds = report.load_seconds();
    format!(
        "filled {} rows in {seconds:.1} s ({} rows/s), then vacuumed and analysed in {:.1} s",
        thousands(report.rows()),
        thousands((report.rows() as f64 / seconds.max(1e-9)) as u64),
        report.settle_seconds,
    )
}

/// Sweeps what carries the run's label when it goes out of scope, also in a panic.
pub struct Sweeper {
    handle: Handle,
    run: RunLabel,
}

impl Sweeper {
    /// A sweeper of everything that `session` creates.
    pub fn of(session: &Session) -> Self {
        Self {
            handle: session.runtime.handle().clone(),
            run: session.run.clone(),
        }
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        // A daemon that does not answer is no news here: what is left is found by `clean`.
        let _ = self.handle.block_on(target::sweep(&self.run));
    }
}
