//! The shared target: how it is reached, labelled, described.

use anyhow::{Context, ensure};
use highwater::target::{Facts, Transport};
use libtest_mimic::Trial;
use sqlx::{ConnectOptions, Connection};
use testcontainers::bollard::Docker;
use testcontainers::bollard::models::ContainerInspectResponse;

use crate::fixture::Fixture;

pub(crate) fn trials(fixture: &Fixture) -> Vec<Trial> {
    vec![
        fixture.trial("target::no_port_is_published", no_port_is_published),
        fixture.trial("target::the_final_server_answers", the_final_server_answers),
        fixture.trial(
            "target::labels_name_run_and_owner",
            labels_name_run_and_owner,
        ),
        fixture.trial(
            "target::data_lies_in_an_anonymous_volume",
            data_lies_in_an_anonymous_volume,
        ),
        fixture.trial("target::facts_are_read_back", facts_are_read_back),
        fixture.trial("target::no_password_is_told", no_password_is_told),
        fixture.trial("target::server_cpu_can_be_read", server_cpu_can_be_read),
        fixture.trial("target::trials_have_databases_of_their_own", own_databases),
        fixture.trial("target::no_job_disturbs_a_run", no_job_disturbs_a_run),
    ]
}

/// The daemon's client.
pub(crate) async fn docker() -> anyhow::Result<Docker> {
    Ok(testcontainers::core::client::docker_client_instance().await?)
}

/// What the daemon knows of a container.
pub(crate) async fn inspect(id: &str) -> anyhow::Result<ContainerInspectResponse> {
    Ok(docker().await?.inspect_container(id, None).await?)
}

/// The password that a container was started with.
pub(crate) fn password(container: &ContainerInspectResponse) -> anyhow::Result<String> {
    container
        .config
        .iter()
        .flat_map(|config| config.env.iter().flatten())
        .find_map(|variable| variable.strip_prefix("POSTGRES_PASSWORD="))
        .map(str::to_owned)
        .context("the container has a password")
}

async fn shared(fixture: &Fixture) -> anyhow::Result<ContainerInspectResponse> {
    let target = fixture.target();
    inspect(target.container_id().context("a container")?).await
}

async fn no_port_is_published(fixture: Fixture) -> anyhow::Result<()> {
    if fixture.target().transport() != Transport::UnixSocket {
        return Ok(());
    }
    let container = shared(&fixture).await?;
    let host = container.host_config.context("a host configuration")?;
    ensure!(host.publish_all_ports == Some(false), "{host:?}");
    ensure!(host.port_bindings.unwrap_or_default().is_empty());
    let ports = container
        .network_settings
        .and_then(|network| network.ports)
        .unwrap_or_default();
    ensure!(ports.values().all(Option::is_none), "published: {ports:?}");
    Ok(())
}

async fn the_final_server_answers(fixture: Fixture) -> anyhow::Result<()> {
    let mut connection = fixture.target().connect_options().connect().await?;
    let (addresses, path): (String, String) = sqlx::query_as(
        "SELECT current_setting('listen_addresses'), current_setting('search_path')",
    )
    .fetch_one(&mut connection)
    .await?;
    connection.close().await?;
    ensure!(!addresses.is_empty());
    ensure!(path == "highwater,public", "{path}");
    Ok(())
}

async fn labels_name_run_and_owner(fixture: Fixture) -> anyhow::Result<()> {
    let labels = shared(&fixture)
        .await?
        .config
        .and_then(|config| config.labels)
        .context("labels")?;
    ensure!(labels["highwater"] == "1");
    ensure!(labels["highwater.run"] == fixture.run().as_str());
    ensure!(labels["highwater.pid"] == std::process::id().to_string());
    ensure!(labels["highwater.owner"].matches('/').count() == 3);
    ensure!(!labels.contains_key("highwater.keep"));
    Ok(())
}

async fn data_lies_in_an_anonymous_volume(fixture: Fixture) -> anyhow::Result<()> {
    let mounts = shared(&fixture).await?.mounts.unwrap_or_default();
    let data: Vec<_> = mounts
        .iter()
        .filter(|mount| mount.destination.as_deref() == Some("/var/lib/postgresql/data"))
        .collect();
    ensure!(data.len() == 1, "{mounts:?}");
    let name = data[0].name.as_deref().unwrap_or_default();
    ensure!(name.len() == 64, "the volume is anonymous: {name}");
    let mut connection = fixture.target().connect_options().connect().await?;
    let directory: String = sqlx::query_scalar("SHOW data_directory")
        .fetch_one(&mut connection)
        .await?;
    ensure!(directory == "/var/lib/postgresql/data", "{directory}");
    Ok(())
}

async fn facts_are_read_back(fixture: Fixture) -> anyhow::Result<()> {
    let target = fixture.target();
    let facts = target.facts().await?;
    ensure!(facts.edition == target.edition());
    ensure!(
        facts.postgresql.starts_with(|c: char| c.is_ascii_digit()),
        "{facts:?}"
    );
    ensure!(facts.timescaledb.is_some());
    for (name, wanted) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("max_connections", "300"),
        ("max_locks_per_transaction", "1024"),
        ("shared_preload_libraries", "timescaledb,pg_stat_statements"),
    ] {
        let found = facts.settings.get(name);
        ensure!(
            found.is_some_and(|value| value == wanted),
            "{name} is {found:?}"
        );
    }
    ensure!(
        facts
            .image
            .as_ref()
            .is_some_and(|image| image.id.starts_with("sha256:"))
    );
    ensure!(
        facts
            .limits
            .as_ref()
            .is_some_and(|limits| limits.shm_bytes == 256 << 20)
    );
    let json = serde_json::to_string(&facts)?;
    ensure!(serde_json::from_str::<Facts>(&json)? == facts, "{json}");
    Ok(())
}

async fn no_password_is_told(fixture: Fixture) -> anyhow::Result<()> {
    let target = fixture.target();
    let password = password(&shared(&fixture).await?)?;
    ensure!(password.len() == 32);
    let facts = serde_json::to_string(&target.facts().await?)?;
    ensure!(!facts.contains(&password));
    ensure!(!format!("{target:?}").contains(&password));
    Ok(())
}

async fn server_cpu_can_be_read(fixture: Fixture) -> anyhow::Result<()> {
    let target = fixture.target();
    if target.transport() != Transport::UnixSocket {
        return Ok(());
    }
    let group = target.server_cgroup().context("a control group")?;
    ensure!(
        group.join("cpuacct.usage").is_file() || group.join("cpu.stat").is_file(),
        "{}",
        group.display()
    );
    Ok(())
}

async fn own_databases(fixture: Fixture) -> anyhow::Result<()> {
    let (first, second) = (fixture.database().await?, fixture.database().await?);
    let (mut one, mut other) = (first.connect().await?, second.connect().await?);
    sqlx::raw_sql("CREATE TABLE public.t (a int)")
        .execute(&mut one)
        .await?;
    sqlx::raw_sql("CREATE TABLE public.t (a int)")
        .execute(&mut other)
        .await?;
    ensure!(first.edition().has_hypertables());
    let bucket: bool = sqlx::query_scalar(
        "SELECT time_bucket(interval '1 hour', timestamptz '2025-01-01 10:30Z') = '2025-01-01 10:00Z'",
    )
    .fetch_one(&mut one)
    .await?;
    ensure!(bucket);
    ensure!(first.connect_options().get_database() != second.connect_options().get_database());
    Ok(())
}

/// TimescaleDB's own job would run while a run measures.
async fn no_job_disturbs_a_run(fixture: Fixture) -> anyhow::Result<()> {
    let mut connection = fixture.target().connect_options().connect().await?;
    let schedulers: Vec<String> = sqlx::query_scalar(
        "SELECT datname::text || ': ' || backend_type FROM pg_stat_activity
         WHERE datname IN (current_database(), 'postgres')
             AND backend_type NOT IN ('client backend', 'autovacuum worker', 'parallel worker')",
    )
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    ensure!(schedulers.is_empty(), "{schedulers:?}");
    Ok(())
}
