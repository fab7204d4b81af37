//! The server that all trials share, and a database of its own for each.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use highwater::plan::{TargetChoice, TargetPlan};
use highwater::store::Edition;
use highwater::target::{self, RunLabel, Target};
use highwater::units::{Bytes, Span};
use libtest_mimic::{Failed, Trial};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

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
            run: RunLabel::unique(),
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
        let run = self.0.run.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                let _ = target::sweep(&run).await;
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the trials run on threads that cannot be asked to stop"
                )]
                std::process::exit(130);
            }
        });
    }
}

/// A plan of a container with these server settings.
pub(crate) fn plan(server: &[(&str, &str)]) -> TargetPlan {
    TargetPlan {
        choice: TargetChoice::Docker,
        image: std::env::var("HIGHWATER_IMAGE").ok(),
        cpus: None,
        cpuset: None,
        memory: None,
        shm_size: Bytes::from_mib(256),
        server: server
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        keep: false,
        allow_existing: false,
        start_timeout: Span::from_secs(120),
    }
}
