//! The server that all trials share, and a database of its own for each.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use highwater::plan::{TargetChoice, TargetPlan, defaults};
use highwater::store::Edition;
use highwater::target::{self, RunLabel, Target};
use highwater::units::{Bytes, Span};
use libtest_mimic::{Failed, Trial};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The runs of trials that bring up targets of their own.
static RUNS: Mutex<Vec<RunLabel>> = Mutex::new(Vec::new());
/// Ends their starts when the binary is interrupted.
static INTERRUPTED: LazyLock<CancellationToken> = LazyLock::new(CancellationToken::new);
/// How long a start that is under way may take to remove what it made.
const GRACE: Duration = Duration::from_secs(4);

/// A run that is swept when the binary is interrupted.
pub(crate) fn own_run() -> RunLabel {
    let run = RunLabel::unique();
    let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    runs.push(run.clone());
    run
}

/// Cancelled when the binary is interrupted, or by the trial itself.
pub(crate) fn token() -> CancellationToken {
    INTERRUPTED.child_token()
}

async fn sweep_all() {
    let runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // A sweep spares what is kept, and so the target of the trial that keeps one.
    let _ = remove_kept_by_trials().await;
    for run in &runs {
        let _ = target::sweep(run).await;
    }
}

async fn remove_kept_by_trials() -> anyhow::Result<()> {
    let docker = testcontainers::core::client::docker_client_instance().await?;
    let filters = HashMap::from([(
        "label",
        vec![format!("highwater.pid={}", std::process::id())],
    )]);
    let all = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    for container in docker.list_containers(Some(all)).await? {
        let labels = container.labels.unwrap_or_default();
        let of_trial = labels
            .get("highwater.keep")
            .is_some_and(|name| name.starts_with("trial-"));
        if let (true, Some(id)) = (of_trial, container.id) {
            let gone = RemoveContainerOptionsBuilder::new()
                .force(true)
                .v(true)
                .build();
            docker.remove_container(&id, Some(gone)).await?;
        }
    }
    Ok(())
}

/// The shared server; clones are the same one.
#[derive(Clone)]
pub(crate) struct Fixture(Arc<Shared>);

struct Shared {
    runtime: Runtime,
    run: RunLabel,
    target: Mutex<Option<Arc<Target>>>,
    databases: AtomicU32,
    /// One at a time: two `CREATE DATABASE` can get into each other's way.
    creating: tokio::sync::Mutex<()>,
}

/// A fresh database with TimescaleDB in it and nothing else.
pub(crate) struct Database {
    options: PgConnectOptions,
    edition: Edition,
}

impl Database {
    /// How to connect to it, with the search path of a target.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// A connection to it.
    pub(crate) async fn connect(&self) -> anyhow::Result<PgConnection> {
        Ok(self.options.connect().await?)
    }

    /// What its server can do.
    pub(crate) fn edition(&self) -> Edition {
        self.edition
    }
}

impl Fixture {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Shared {
            runtime: Runtime::new()?,
            run: own_run(),
            target: Mutex::new(None),
            databases: AtomicU32::new(0),
            creating: tokio::sync::Mutex::new(()),
        })))
    }

    /// Brings the shared server up.
    pub(crate) fn provision(&self) -> anyhow::Result<()> {
        let plan = plan(&[("max_connections", "300")]);
        let target = self.0.runtime.block_on(async {
            self.remove_when_interrupted();
            Target::provision(
                &plan,
                &self.0.run,
                None,
                &CancellationToken::new(),
                &|line| {
                    eprintln!("{line}");
                },
            )
            .await
        })?;
        *self.slot() = Some(Arc::new(target));
        Ok(())
    }

    /// Removes the shared server; the trials are over.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        let Some(target) = self.slot().take() else {
            return Ok(());
        };
        self.0.runtime.block_on(async {
            match Arc::try_unwrap(target) {
                Ok(target) => target.remove().await?,
                // A trial that panicked can still hold it.
                Err(_) => {
                    target::sweep(&self.0.run).await?;
                }
            }
            Ok(())
        })
    }

    /// The shared server.
    pub(crate) fn target(&self) -> Arc<Target> {
        self.slot()
            .clone()
            .expect("the target is provisioned before the trials run")
    }

    /// The label of the shared server.
    pub(crate) fn run(&self) -> &RunLabel {
        &self.0.run
    }

    /// A fresh database on the shared server.
    pub(crate) async fn database(&self) -> anyhow::Result<Database> {
        let number = self.0.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("trial_{number}");
        let target = self.target();
        let _one = self.0.creating.lock().await;
        let mut server = target.connect_options().connect().await?;
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        sqlx::raw_sql(sqlx::AssertSqlSafe(create))
            .execute(&mut server)
            .await
            .context("creating a database for a trial")?;
        server.close().await?;
        let options = target.connect_options().database(&name);
        let mut database = options.connect().await?;
        sqlx::raw_sql("CREATE EXTENSION timescaledb SCHEMA public")
            .execute(&mut database)
            .await?;
        database.close().await?;
        Ok(Database {
            options,
            edition: target.edition(),
        })
    }

    /// A trial that runs on the shared runtime.
    pub(crate) fn trial<F, R>(&self, name: &str, body: F) -> Trial
    where
        F: FnOnce(Self) -> R + Send + 'static,
        R: Future<Output = anyhow::Result<()>>,
    {
        let fixture = self.clone();
        Trial::test(name, move || {
            let shared = Arc::clone(&fixture.0);
            shared
                .runtime
                .block_on(body(fixture))
                .map_err(|error| Failed::from(format!("{error:#}")))
        })
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<Target>>> {
        self.0.target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove_when_interrupted(&self) {
        self.0.runtime.spawn(async move {
            let Ok(mut terminate) = signal(SignalKind::terminate()) else {
                return;
            };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => (),
                _ = terminate.recv() => (),
            }
            INTERRUPTED.cancel();
            // Two removers of one container that is being started can leave its volume behind.
            tokio::time::sleep(GRACE).await;
            sweep_all().await;
            crate::local_cluster::stop_all();
            #[expect(
                clippy::disallowed_methods,
                reason = "the trials run on threads that cannot be asked to stop"
            )]
            std::process::exit(130);
        });
    }
}

/// A plan of a container with these server settings.
pub(crate) fn plan(server: &[(&str, &str)]) -> TargetPlan {
    let mut settings = defaults::server(20);
    settings.extend(
        server
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned())),
    );
    TargetPlan {
        choice: TargetChoice::Docker,
        image: std::env::var("HIGHWATER_IMAGE").ok(),
        cpus: None,
        cpuset: None,
        memory: None,
        shm_size: Bytes::from_mib(256),
        server: settings,
        keep: false,
        allow_existing: false,
        start_timeout: Span::from_secs(120),
    }
}
