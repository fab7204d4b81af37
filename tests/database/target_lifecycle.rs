//! Targets that come and go: nothing may be left behind, on any path.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use highwater::plan::{TargetChoice, TargetPlan};
use highwater::target::{self, KeepKey, RunLabel, Target, TargetError, Transport};
use highwater::units::{Bytes, Span};
use libtest_mimic::Trial;
use testcontainers::bollard::models::ContainerCreateBody;
use testcontainers::bollard::query_parameters::ListContainersOptionsBuilder;

use crate::fixture::{Fixture, own_run, plan, token};
use crate::target::{docker, inspect};

pub(crate) fn trials(fixture: &Fixture) -> Vec<Trial> {
    vec![
        fixture.trial("target::removal_leaves_nothing", |_| {
            removal_leaves_nothing()
        }),
        fixture.trial("target::a_dropped_target_leaves_nothing", |_| {
            a_dropped_target()
        }),
        fixture.trial("target::a_failed_start_leaves_nothing", |_| {
            a_failed_start()
        }),
        fixture.trial("target::an_interrupted_start_leaves_nothing", |_| {
            an_interrupted_start()
        }),
        fixture.trial("target::a_sweep_leaves_nothing", |_| {
            a_sweep_leaves_nothing()
        }),
        fixture.trial("target::a_port_is_published_on_loopback_only", |_| {
            loopback_only()
        }),
        fixture.trial("target::limits_reach_the_container", |_| {
            limits_reach_the_container()
        }),
        fixture.trial("target::a_kept_target_is_reused_or_refused", |_| {
            a_kept_target()
        }),
        fixture.trial("target::clean_spares_the_living", clean_spares_the_living),
        fixture.trial("target::a_missing_image_says_make_image", |_| {
            a_missing_image()
        }),
        fixture.trial("target::a_reserved_setting_is_refused", |_| {
            a_reserved_setting()
        }),
        fixture.trial("target::local_says_that_it_is_not_built", |_| {
            local_is_not_built()
        }),
    ]
}

/// What a target leaves on this machine unless it is removed.
struct Traces {
    container: String,
    volumes: Vec<String>,
    directory: Option<PathBuf>,
}

impl Traces {
    async fn of(target: &Target) -> anyhow::Result<Self> {
        let id = target.container_id().context("a container")?.to_owned();
        let container = inspect(&id).await?;
        let labels = container.config.and_then(|config| config.labels);
        Ok(Self {
            container: id,
            volumes: container
                .mounts
                .into_iter()
                .flatten()
                .filter_map(|mount| mount.name)
                .collect(),
            directory: labels.and_then(|labels| labels.get("highwater.socket").map(PathBuf::from)),
        })
    }

    async fn ensure_gone(&self) -> anyhow::Result<()> {
        let docker = docker().await?;
        ensure!(
            docker
                .inspect_container(&self.container, None)
                .await
                .is_err()
        );
        ensure!(!self.volumes.is_empty(), "the data lies in a volume");
        for volume in &self.volumes {
            ensure!(
                docker.inspect_volume(volume).await.is_err(),
                "{volume} is left"
            );
        }
        if let Some(directory) = &self.directory {
            ensure!(!directory.exists(), "{} is left", directory.display());
        }
        Ok(())
    }
}

async fn start(plan: &TargetPlan, run: &RunLabel) -> Result<Target, TargetError> {
    Target::provision(plan, run, None, &token(), &|_| ()).await
}

/// Containers with a run's label, in any state, and its socket directories.
async fn left_of(run: &RunLabel) -> anyhow::Result<usize> {
    let filters = HashMap::from([("label", vec![format!("highwater.run={run}")])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let containers = docker().await?.list_containers(Some(options)).await?.len();
    Ok(containers + directories_of(run)?)
}

fn directories_of(run: &RunLabel) -> anyhow::Result<usize> {
    let is_of_run = |path: &Path| {
        std::fs::read_to_string(path.join("run")).is_ok_and(|label| label == run.as_str())
    };
    let count = std::fs::read_dir(std::env::temp_dir())?
        .filter_map(Result::ok)
        .filter(|entry| is_of_run(&entry.path()))
        .count();
    Ok(count)
}

async fn removal_leaves_nothing() -> anyhow::Result<()> {
    let run = own_run();
    let target = start(&plan(&[]), &run).await?;
    let traces = Traces::of(&target).await?;
    target.remove().await?;
    traces.ensure_gone().await?;
    ensure!(left_of(&run).await? == 0);
    Ok(())
}

async fn a_dropped_target() -> anyhow::Result<()> {
    let run = own_run();
    let target = start(&plan(&[]), &run).await?;
    let traces = Traces::of(&target).await?;
    // Outside any runtime, as in a panic that unwinds through `main`.
    std::thread::spawn(move || drop(target))
        .join()
        .map_err(|_| anyhow::anyhow!("the drop panicked"))?;
    traces.ensure_gone().await
}

async fn a_failed_start() -> anyhow::Result<()> {
    let run = own_run();
    match start(&plan(&[("no_such_setting", "1")]), &run).await {
        Err(TargetError::ServerExited { code, log }) => {
            ensure!(code != 0);
            ensure!(log.contains("no_such_setting"), "{log}");
        }
        other => bail!("the server must not start: {other:?}"),
    }
    ensure!(left_of(&run).await? == 0);
    Ok(())
}

async fn an_interrupted_start() -> anyhow::Result<()> {
    for milliseconds in [0, 60, 250, 700] {
        let run = own_run();
        let cancel = token();
        let guard = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            guard.cancel();
        });
        match Target::provision(&plan(&[]), &run, None, &cancel, &|_| ()).await {
            Err(TargetError::Cancelled) => (),
            // The server was faster.
            Ok(target) => target.remove().await?,
            Err(other) => bail!("{other}"),
        }
        ensure!(left_of(&run).await? == 0, "left after {milliseconds} ms");
    }
    Ok(())
}

async fn a_sweep_leaves_nothing() -> anyhow::Result<()> {
    let run = own_run();
    let target = start(&plan(&[]), &run).await?;
    let traces = Traces::of(&target).await?;
    ensure!(target::sweep(&run).await? == 1);
    traces.ensure_gone().await?;
    ensure!(target::sweep(&run).await? == 0);
    target
        .remove()
        .await
        .context("removing what is gone is no error")
}

async fn loopback_only() -> anyhow::Result<()> {
    let run = own_run();
    let port = Some(Transport::LoopbackPort);
    let never = token();
    let target = Target::provision_over(port, &plan(&[]), &run, None, &never, &|_| ()).await?;
    let published: Vec<_> = inspect(target.container_id().context("a container")?)
        .await?
        .network_settings
        .and_then(|network| network.ports)
        .into_iter()
        .flatten()
        .filter_map(|(_, bindings)| bindings)
        .flatten()
        .collect();
    let facts = target.facts().await;
    target.remove().await?;
    ensure!(published.len() == 1, "{published:?}");
    ensure!(
        published[0].host_ip.as_deref() == Some("127.0.0.1"),
        "{published:?}"
    );
    ensure!(facts?.transport == port.context("a transport")?);
    Ok(())
}

async fn limits_reach_the_container() -> anyhow::Result<()> {
    let limited = TargetPlan {
        cpus: Some(1.5),
        cpuset: Some("0".into()),
        memory: Some(Bytes::from_mib(700)),
        shm_size: Bytes::from_mib(100),
        ..plan(&[("shared_buffers", "96MB")])
    };
    let target = start(&limited, &own_run()).await?;
    let facts = target.facts().await;
    target.remove().await?;
    let facts = facts?;
    let limits = facts.limits.context("limits")?;
    ensure!(limits.cpus == Some(1.5), "{limits:?}");
    ensure!(limits.cpuset.as_deref() == Some("0"), "{limits:?}");
    ensure!(limits.memory_bytes == Some(700 << 20), "{limits:?}");
    ensure!(limits.shm_bytes == 100 << 20, "{limits:?}");
    ensure!(facts.settings["shared_buffers"] == "96MB");
    Ok(())
}

async fn a_kept_target() -> anyhow::Result<()> {
    let scenario = format!("trial-{}", RunLabel::unique());
    let key = |schema: &str| {
        KeepKey::new(
            &scenario,
            BTreeMap::from([("schema".to_owned(), schema.to_owned())]),
        )
    };
    let never = token();
    let provision = async |key: KeepKey| {
        let run = own_run();
        let target = Target::provision(&plan(&[]), &run, Some(&key), &never, &|_| ()).await;
        // Every exit path sweeps, and a kept target survives it.
        target::sweep(&run).await.map(|_| target)
    };
    let first = provision(key("a")).await??;
    let traces = Traces::of(&first).await?;
    first.remove().await?;

    let second = provision(key("a")).await??;
    ensure!(second.container_id() == Some(traces.container.as_str()));
    let other = provision(key("b")).await?;
    ensure!(second.facts().await.is_ok());
    second.discard().await?;
    traces.ensure_gone().await?;
    match other {
        Err(TargetError::KeptDiffers { differs, .. }) => {
            ensure!(differs == "schema: kept a, asked b", "{differs}");
        }
        other => bail!("a kept target of another schema was accepted: {other:?}"),
    }
    Ok(())
}

async fn clean_spares_the_living(fixture: Fixture) -> anyhow::Result<()> {
    let docker = docker().await?;
    let target = fixture.target();
    let image = inspect(target.container_id().context("a container")?)
        .await?
        .image;
    let labels = [
        ("highwater", "1"),
        ("highwater.run", "dead"),
        ("highwater.owner", "another-boot/pid:[1]/1/1"),
    ];
    let body = ContainerCreateBody {
        image,
        labels: Some(
            labels
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        ),
        ..ContainerCreateBody::default()
    };
    let dead = docker.create_container(None, body).await?.id;
    let cleaned = target::clean(false).await?;
    ensure!(cleaned.removed.contains(&dead), "{cleaned:?}");
    ensure!(docker.inspect_container(&dead, None).await.is_err());
    ensure!(
        cleaned
            .live
            .iter()
            .any(|id| Some(id.as_str()) == target.container_id())
    );
    target.facts().await?;
    Ok(())
}

async fn a_missing_image() -> anyhow::Result<()> {
    let missing = TargetPlan {
        image: Some("highwater/no-such-image:0".into()),
        ..plan(&[])
    };
    let error = start(&missing, &own_run())
        .await
        .err()
        .context("no image")?;
    ensure!(matches!(error, TargetError::ImageMissing { .. }), "{error}");
    ensure!(error.to_string().contains("make image"), "{error}");
    Ok(())
}

async fn a_reserved_setting() -> anyhow::Result<()> {
    let reserved = plan(&[("listen_addresses", "*")]);
    let error = start(&reserved, &own_run())
        .await
        .err()
        .context("refused")?;
    ensure!(
        matches!(error, TargetError::ReservedSetting { .. }),
        "{error}"
    );
    Ok(())
}

async fn local_is_not_built() -> anyhow::Result<()> {
    let local = TargetPlan {
        choice: TargetChoice::Local,
        start_timeout: Span::from_secs(1),
        ..plan(&[])
    };
    let error = start(&local, &own_run()).await.err().context("refused")?;
    ensure!(error.to_string().contains("not yet built"), "{error}");
    Ok(())
}
