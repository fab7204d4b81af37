//! Pools, pinned connections, and how they fail.

use std::time::Duration;

use anyhow::{Context, ensure};
use highwater::store::{
    Connections, Edition, Held, Repositories, StorageError, StoragePool, StoragePoolConfig,
};
use highwater::units::Span;
use highwater::workload::repository::session_options;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::tiny::migrated;

const SMALL: StoragePoolConfig = StoragePoolConfig {
    max_connections: 2,
    min_connections: 1,
    acquire_timeout: Duration::from_millis(300),
    idle_timeout: None,
    max_lifetime: None,
    test_before_acquire: true,
};

pub(crate) async fn a_pinned_connection_can_be_taken_back(
    options: PgConnectOptions,
) -> anyhow::Result<()> {
    let (store, _) = migrated(&options).await?;
    let other = store.clone();
    ensure!(store.traces.get_by_trace_id("none").await?.is_none());
    let held = store.take_connection().context("the connection")?;
    let gone = other.logs.get_logs_by_trace("none").await;
    ensure!(matches!(gone, Err(StorageError::ConnectionTaken)));
    ensure!(other.take_connection().is_none(), "taken once");
    let again = Repositories::new(Connections::pinned(held), Edition::Postgresql);
    ensure!(again.logs.get_logs_by_trace("none").await?.is_empty());
    again.take_connection().context("again")?.give_back().await;
    Ok(())
}

pub(crate) async fn a_statement_past_its_timeout_keeps_its_connection(
    options: PgConnectOptions,
) -> anyhow::Result<()> {
    let (setup, edition) = migrated(&options).await?;
    drop(setup);
    let options = session_options(options, Span::from_millis(250));
    let mut blocker = options.connect().await?;
    sqlx::raw_sql(
        "BEGIN; SET LOCAL statement_timeout = 0; LOCK TABLE traces IN ACCESS EXCLUSIVE MODE",
    )
    .execute(&mut blocker)
    .await?;
    let store = Repositories::connect(&options, edition).await?;
    let error = store
        .traces
        .get_by_trace_id("none")
        .await
        .err()
        .context("an error")?;
    ensure!(error.sqlstate_class() == Some(*b"57"), "{error}");
    ensure!(!error.connection_lost());
    sqlx::raw_sql("ROLLBACK").execute(&mut blocker).await?;
    ensure!(store.traces.get_by_trace_id("none").await?.is_none());
    Ok(())
}

pub(crate) async fn a_lost_connection_is_told(options: PgConnectOptions) -> anyhow::Result<()> {
    let (setup, edition) = migrated(&options).await?;
    let mut connection = options.connect().await?;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut connection)
        .await?;
    let store = Repositories::new(Connections::pinned(connection), edition);
    let mut other = options.connect().await?;
    sqlx::query("SELECT pg_terminate_backend($1, 5000)")
        .bind(pid)
        .execute(&mut other)
        .await?;
    let error = store
        .traces
        .get_by_trace_id("none")
        .await
        .err()
        .context("an error")?;
    ensure!(error.connection_lost(), "{error}");
    sqlx::raw_sql("DROP TABLE log_records")
        .execute(&mut other)
        .await?;
    let error = setup
        .logs
        .get_logs_by_trace("none")
        .await
        .err()
        .context("an error")?;
    ensure!(
        error.sqlstate_class() == Some(*b"42") && !error.connection_lost(),
        "{error}"
    );
    Ok(())
}

pub(crate) async fn an_abandoned_loan_frees_its_place(
    options: PgConnectOptions,
) -> anyhow::Result<()> {
    // No minimum: the pool would open others in the background to keep it.
    let config = StoragePoolConfig {
        min_connections: 0,
        ..SMALL
    };
    let pool = StoragePool::from_options(options, config).await?;
    for _ in 0..5 {
        let (one, two) = (pool.acquire().await?, pool.acquire().await?);
        Held::from(one).abandon();
        Held::from(two).abandon();
    }
    ensure!(pool.stats().active == 0, "{:?}", pool.stats());
    let loan = Held::from(pool.acquire().await?);
    loan.give_back().await;
    ensure!(
        (pool.stats().size, pool.stats().idle) == (1, 1),
        "{:?}",
        pool.stats()
    );
    Ok(())
}

pub(crate) async fn a_pool_counts_and_times_out(options: PgConnectOptions) -> anyhow::Result<()> {
    let (_, edition) = migrated(&options).await?;
    let pool = StoragePool::from_options(options, SMALL).await?;
    // The pool opens its minimum in the background, which can add to the one that it was tried with;
    // a connection that is being opened counts as active.
    let settled = async {
        while pool.stats().active > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        pool.stats()
    };
    let stats = tokio::time::timeout(Duration::from_secs(10), settled).await?;
    ensure!((1..=2).contains(&stats.size), "{stats:?}");
    let store = Repositories::new(Connections::pooled(pool.clone()), edition);
    ensure!(store.take_connection().is_none());
    let (one, two) = (pool.acquire().await?, pool.acquire().await?);
    ensure!((pool.stats().utilization_percent() - 100.0).abs() < 1e-9);
    let error = store
        .traces
        .get_by_trace_id("none")
        .await
        .err()
        .context("an error")?;
    ensure!(matches!(error, StorageError::PoolTimeout), "{error}");
    ensure!(!error.connection_lost());
    Held::from(one).give_back().await;
    ensure!(store.traces.get_by_trace_id("none").await?.is_none());
    Held::from(two).give_back().await;
    Ok(())
}
