//! Servers that somebody else runs: what is refused, and that each refusal says why.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use highwater::plan::{TargetChoice, TargetPlan};
use highwater::target::{Target, TargetError, Transport};
use libtest_mimic::Trial;
use sqlx::{ConnectOptions, Connection};

use crate::fixture::{Fixture, own_run, plan, token};
use crate::local_cluster::LocalCluster;
use crate::target::{inspect, password};

pub(crate) fn trials(fixture: &Fixture) -> Vec<Trial> {
    vec![
        fixture.trial("target::external_over_a_port", |_| over_a_port()),
        fixture.trial("target::external_database_not_empty", not_empty),
        fixture.trial(
            "target::external_without_the_extension",
            without_the_extension,
        ),
        fixture.trial("target::external_unreachable", |_| unreachable()),
        fixture.trial("target::external_plain_postgresql_over_tls", |_| {
            plain_over_tls()
        }),
    ]
}

async fn open(url: &str, allow_existing: bool) -> Result<Target, TargetError> {
    let plan = TargetPlan {
        choice: TargetChoice::External(url.parse().expect("a URL")),
        allow_existing,
        ..plan(&[])
    };
    Target::provision(&plan, &own_run(), None, &token(), &|_| ()).await
}

/// The refusal, once it is sure that it does not tell the password.
async fn refusal(url: &str, secret: &str) -> anyhow::Result<TargetError> {
    let error = open(url, false).await.err().context("it must be refused")?;
    ensure!(
        !format!("{error} {error:?}").contains(secret),
        "the password is told"
    );
    Ok(error)
}

/// A URL of a database of the shared server, through its socket.
fn socket_url(fixture: &Fixture, database: &str) -> anyhow::Result<String> {
    let options = fixture.target().connect_options();
    let socket: &PathBuf = options.get_socket().context("the target has a socket")?;
    let socket = socket.display().to_string().replace('/', "%2F");
    Ok(format!("postgres://highwater:s3cret@{socket}/{database}"))
}

async fn over_a_port() -> anyhow::Result<()> {
    let port = Some(Transport::LoopbackPort);
    let (run, never) = (own_run(), token());
    let server = Target::provision_over(port, &plan(&[]), &run, None, &never, &|_| ()).await?;
    let result = use_over_a_port(&server).await;
    server.remove().await?;
    result
}

async fn use_over_a_port(server: &Target) -> anyhow::Result<()> {
    let secret = password(&inspect(server.container_id().context("a container")?).await?)?;
    let options = server.connect_options();
    let url = |password: &str, rest: &str| {
        format!(
            "postgres://highwater:{password}@127.0.0.1:{}/{rest}",
            options.get_port()
        )
    };
    let external = open(&url(&secret, "highwater"), false).await?;
    ensure!(external.transport() == Transport::LoopbackPort);
    let facts = serde_json::to_string(&external.facts().await?)?;
    ensure!(!facts.contains(&secret));
    ensure!(
        facts.contains(&format!("127.0.0.1:{}/highwater", options.get_port())),
        "{facts}"
    );
    external.remove().await?;
    server
        .facts()
        .await
        .context("an external target is not removed")?;

    let refused = refusal(&url("wr0ng", "highwater"), "wr0ng").await?;
    ensure!(matches!(refused, TargetError::Refused { .. }), "{refused}");
    let refused = refusal(&url(&secret, "nowhere"), &secret).await?;
    ensure!(
        matches!(refused, TargetError::NoDatabase { .. }),
        "{refused}"
    );
    let refused = refusal(&url(&secret, "highwater?sslmode=require"), &secret).await?;
    ensure!(matches!(refused, TargetError::Tls { .. }), "{refused}");
    Ok(())
}

async fn not_empty(fixture: Fixture) -> anyhow::Result<()> {
    let database = fixture.database().await?;
    let mut connection = database.connect().await?;
    let options = database.connect_options();
    let url = socket_url(&fixture, options.get_database().context("a name")?)?;
    sqlx::raw_sql(
        "CREATE SCHEMA highwater; CREATE TABLE highwater.own (t timestamptz NOT NULL);
         SELECT create_hypertable('highwater.own', 't'); INSERT INTO highwater.own VALUES (now())",
    )
    .execute(&mut connection)
    .await?;
    open(&url, false)
        .await
        .context("Highwater's own tables and chunks are no strangers")?;
    sqlx::raw_sql("CREATE TABLE public.customers (id int)")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    match refusal(&url, "s3cret").await? {
        TargetError::NotEmpty {
            count: 1, examples, ..
        } => {
            ensure!(examples == "public.customers", "{examples}");
        }
        other => bail!("{other}"),
    }
    open(&url, true).await.context("--allow-existing")?;
    Ok(())
}

async fn without_the_extension(fixture: Fixture) -> anyhow::Result<()> {
    let mut server = fixture.target().connect_options().connect().await?;
    sqlx::raw_sql("CREATE DATABASE plain TEMPLATE template0")
        .execute(&mut server)
        .await?;
    match refusal(&socket_url(&fixture, "plain")?, "s3cret").await? {
        TargetError::NoTimescaledb { advice, .. } => {
            ensure!(advice.contains("CREATE EXTENSION timescaledb"), "{advice}");
        }
        other => bail!("{other}"),
    }
    Ok(())
}

async fn unreachable() -> anyhow::Result<()> {
    for url in [
        "postgres://ann:s3cret@127.0.0.1:1/x",
        "postgres://ann:s3cret@%2Fnowhere/x",
        "postgres://ann:s3cret@no-such-host.invalid/x",
    ] {
        let error = refusal(url, "s3cret").await?;
        ensure!(matches!(error, TargetError::Unreachable { .. }), "{error}");
    }
    Ok(())
}

/// That TLS worked shows in the refusal, which comes from a query.
async fn plain_over_tls() -> anyhow::Result<()> {
    let Some(cluster) = tokio::task::spawn_blocking(LocalCluster::start).await?? else {
        eprintln!("no PostgreSQL binaries or no openssl: TLS is not tested on this machine");
        return Ok(());
    };
    let verify =
        |certificate: &str| cluster.url(&format!("?sslmode=verify-full&sslrootcert={certificate}"));
    let trusted = cluster.authority().display().to_string();
    for url in [
        verify(&trusted),
        cluster.url("?sslmode=require"),
        cluster.url("?sslmode=disable"),
    ] {
        let error = refusal(&url, "s3cret").await?;
        ensure!(
            matches!(error, TargetError::NoTimescaledb { .. }),
            "{url}: {error}"
        );
        ensure!(error.to_string().contains("not installed"), "{error}");
    }
    // The system's authorities did not sign ours, and a certificate that is not there signed none.
    for url in [
        cluster.url("?sslmode=verify-full"),
        verify("/nowhere/ca.crt"),
    ] {
        let error = refusal(&url, "s3cret").await?;
        ensure!(matches!(error, TargetError::Tls { .. }), "{url}: {error}");
    }
    tokio::task::spawn_blocking(move || drop(cluster)).await?;
    Ok(())
}
