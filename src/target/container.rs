//! A server in a container of its own, through testcontainers.
//!
//! Input: a target plan. Output: a [`Container`] whose server is ready, and how to connect to it.
//! Removal is explicit: testcontainers' own drop needs a runtime, and a start that fails leaves its
//! container behind, so the container is taken out of its hands as soon as it runs.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use testcontainers::runners::AsyncRunner;
use tokio_util::sync::CancellationToken;

use super::docker::{self, Found};
use super::error::bollard::Docker;
use super::error::bollard::models::ContainerInspectResponse;
use super::host::{CgroupVersion, cgroup_version};
use super::image::{self, Image};
use super::keep::{KeepKey, LABEL_KEEP};
use super::owner::{LABEL, LABEL_OWNER, LABEL_PID, LABEL_RUN, LABEL_SOCKET, Owner, RunLabel};
use super::provision::{Progress, Transport};
use super::ready::Awaited;
use super::request::{self, Access, DATABASE, PORT};
use super::socket_dir::SocketDir;
use super::{TargetError, sweep};
use crate::plan::TargetPlan;

/// Names one start among those of a run, so that a start that failed removes only its own.
const LABEL_START: &str = "highwater.start";
/// How long an interrupted start may take to come to its end, so that it can be removed.
const START_GRACE: Duration = Duration::from_secs(15);
/// How long the last resort, a removal while dropping, may take.
const DROP_GRACE: Duration = Duration::from_secs(20);

/// A running container. Dropping it removes it as well, but `remove` is what reports an error.
pub(super) struct Container {
    docker: Docker,
    id: String,
    image: Image,
    socket: Option<SocketDir>,
    /// Whether it outlives its run.
    kept: bool,
    /// Whether it is this value's duty to remove it.
    armed: bool,
}

/// What a start needs to know.
pub(super) struct Start<'a> {
    /// The plan.
    pub(super) plan: &'a TargetPlan,
    /// The run that the container belongs to.
    pub(super) run: &'a RunLabel,
    /// What it is kept for; `None` removes it at the end.
    pub(super) keep: Option<&'a KeepKey>,
    /// The transport that was asked for; `None` decides by the host.
    pub(super) transport: Option<Transport>,
    /// Ends the start.
    pub(super) cancel: &'a CancellationToken,
    /// News for people.
    pub(super) progress: Progress<'a>,
}

/// A container, how to connect to its server, and by which transport.
pub(super) type Provisioned = (Container, PgConnectOptions, Transport);

impl Start<'_> {
    /// Finds the kept container or starts a new one, and waits until its server is ready.
    pub(super) async fn provision(&self) -> Result<Provisioned, TargetError> {
        // Before anything is started: a setting that cannot be used is the plan's fault.
        request::settings(self.plan)?;
        let docker = docker::connect().await?;
        let image = tokio::select! {
            () = self.cancel.cancelled() => return Err(TargetError::Cancelled),
            image = image::choose(&docker, self.plan.image.as_deref(), self.progress) => image?,
        };
        let key = self.keep.map(|key| key.clone().with_image(&image));
        if let Some(key) = &key
            && let Some(found) = self.find_kept(&docker, key, &image).await?
        {
            return Ok(found);
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => host_transport(&docker).await?,
        };
        match self.start(&docker, &image, key.as_ref(), transport).await {
            Err(TargetError::SocketUnreachable) if self.transport.is_none() => {
                (self.progress)("the server's socket does not reach this host; using a port");
                let port = Transport::LoopbackPort;
                self.start(&docker, &image, key.as_ref(), port).await
            }
            result => result,
        }
    }

    async fn find_kept(
        &self,
        docker: &Docker,
        key: &KeepKey,
        image: &Image,
    ) -> Result<Option<Provisioned>, TargetError> {
        let label = format!("{LABEL_KEEP}={}", key.scenario());
        let Some(found) = docker::list(docker, &label).await?.into_iter().next() else {
            return Ok(None);
        };
        if !found.running {
            (self.progress)("the kept target does not run any more; starting a new one");
            sweep::remove_labelled(docker, &label).await?;
            return Ok(None);
        }
        key.check(&found)?;
        (self.progress)(&format!("using the kept target {}", &found.id[..12]));
        let provisioned = kept(docker, &found, image).await?;
        self.wait(&provisioned).await?;
        Ok(Some(provisioned))
    }

    async fn start(
        &self,
        docker: &Docker,
        image: &Image,
        key: Option<&KeepKey>,
        transport: Transport,
    ) -> Result<Provisioned, TargetError> {
        let socket = match transport {
            Transport::UnixSocket => Some(SocketDir::create(self.run)?),
            _ => None,
        };
        let mark = (LABEL_START, uuid::Uuid::new_v4().simple().to_string());
        let label = format!("{}={}", mark.0, mark.1);
        let started = self
            .run_container(docker, image, key, socket.as_ref(), mark)
            .await;
        match self.ready(started).await {
            Ok((mut container, options, _)) => {
                container.kept = key.is_some();
                container.socket = socket;
                Ok((container, options, transport))
            }
            Err(error) => {
                sweep::remove_labelled(docker, &label).await?;
                socket.as_ref().map_or(Ok(()), SocketDir::remove)?;
                Err(error)
            }
        }
    }

    /// A container that does not become ready is removed here, while it can be awaited.
    async fn ready(
        &self,
        started: Result<Provisioned, TargetError>,
    ) -> Result<Provisioned, TargetError> {
        let provisioned = started?;
        match self.wait(&provisioned).await {
            Ok(()) => Ok(provisioned),
            Err(error) => {
                provisioned.0.remove(true).await?;
                Err(error)
            }
        }
    }

    async fn run_container(
        &self,
        docker: &Docker,
        image: &Image,
        key: Option<&KeepKey>,
        socket: Option<&SocketDir>,
        mark: (&'static str, String),
    ) -> Result<Provisioned, TargetError> {
        let password = uuid::Uuid::new_v4().simple().to_string();
        let access = socket.map_or(Access::Port, Access::Socket);
        let labels = self.labels(key, socket, mark);
        let request = request::request(self.plan, image, labels, &access, &password)?;
        (self.progress)(&format!("starting {}", image.reference));
        let id = self.create(request).await?;
        let inspected = inspect(docker, &id).await?;
        let options = connect_options(&inspected, socket, &password)?;
        let container = Container {
            docker: docker.clone(),
            id,
            image: image.clone(),
            socket: None,
            kept: false,
            armed: true,
        };
        let transport = if socket.is_some() {
            Transport::UnixSocket
        } else {
            Transport::LoopbackPort
        };
        Ok((container, options, transport))
    }

    /// Creates and starts. An interruption lets the daemon finish first: a request that is cut off
    /// half way could create a container after everything was swept.
    async fn create(
        &self,
        request: testcontainers::ContainerRequest<testcontainers::GenericImage>,
    ) -> Result<String, TargetError> {
        let mut start = tokio::spawn(async move {
            request.start().await.map(|container| {
                let id = container.id().to_owned();
                // From here on `Container` removes it; a second remover would only get in its way.
                std::mem::forget(container);
                id
            })
        });
        let failed = |cause: String| TargetError::Docker {
            action: "start the container",
            cause,
        };
        let finished = tokio::select! {
            () = self.cancel.cancelled() => {
                // What it came to does not matter: it is removed by its label.
                let _ = tokio::time::timeout(START_GRACE, &mut start).await;
                return Err(TargetError::Cancelled);
            }
            finished = &mut start => finished,
        };
        finished
            .map_err(|panic| failed(panic.to_string()))?
            .map_err(|error| failed(chain(&error)))
    }

    fn labels(
        &self,
        key: Option<&KeepKey>,
        socket: Option<&SocketDir>,
        mark: (&'static str, String),
    ) -> Vec<(String, String)> {
        let mut labels = vec![
            (LABEL, "1".to_owned()),
            (LABEL_RUN, self.run.to_string()),
            (LABEL_PID, std::process::id().to_string()),
            (LABEL_OWNER, Owner::current().to_string()),
            mark,
        ];
        if let Some(socket) = socket {
            labels.push((LABEL_SOCKET, socket.parent().to_string_lossy().into_owned()));
        }
        labels.extend(key.into_iter().flat_map(KeepKey::labels));
        labels
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    async fn wait(&self, provisioned: &Provisioned) -> Result<(), TargetError> {
        let (container, options, transport) = provisioned;
        Awaited {
            docker: &container.docker,
            id: &container.id,
            options,
            by_socket: *transport == Transport::UnixSocket,
            timeout: self.plan.start_timeout.0,
        }
        .ready(self.cancel)
        .await
    }
}

impl Container {
    /// Docker's id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What it was made from.
    pub(super) fn image(&self) -> &Image {
        &self.image
    }

    /// What the daemon knows of it.
    pub(super) async fn inspect(&self) -> Result<ContainerInspectResponse, TargetError> {
        inspect(&self.docker, &self.id).await
    }

    /// The directory of the control group that accounts the server's CPU time; `None` where this
    /// host cannot see it.
    pub(super) async fn cgroup(&self) -> Option<PathBuf> {
        let pid = self.inspect().await.ok()?.state?.pid?;
        let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        cgroup_candidates(&text, cgroup_version())
            .into_iter()
            .find(|path| path.is_dir())
    }

    /// Removes container, volumes and socket directory, and waits for it; a kept one stays unless
    /// `even_if_kept`.
    pub(super) async fn remove(mut self, even_if_kept: bool) -> Result<(), TargetError> {
        if self.kept && !even_if_kept {
            return Ok(());
        }
        docker::remove(&self.docker, &self.id).await?;
        self.armed = false;
        self.socket.as_ref().map_or(Ok(()), SocketDir::remove)
    }
}

impl Drop for Container {
    /// The last resort, for a panic: a thread with a runtime of its own, because there may be none
    /// here any more.
    fn drop(&mut self) {
        if !self.armed || self.kept {
            return;
        }
        let (docker, id) = (self.docker.clone(), self.id.clone());
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let removal =
                async { tokio::time::timeout(DROP_GRACE, docker::remove(&docker, &id)).await };
            // Nobody is left to hear of an error; `highwater clean` finds what stays.
            let _ = runtime.block_on(removal);
            std::io::Result::Ok(())
        });
        let _ = removal.join();
        let _ = self.socket.as_ref().map(SocketDir::remove);
    }
}

async fn inspect(docker: &Docker, id: &str) -> Result<ContainerInspectResponse, TargetError> {
    docker
        .inspect_container(id, None)
        .await
        .map_err(TargetError::docker("look at the container"))
}

/// A container that an earlier run kept, with the password that it was made with.
async fn kept(docker: &Docker, found: &Found, image: &Image) -> Result<Provisioned, TargetError> {
    let inspected = inspect(docker, &found.id).await?;
    let socket = found.socket().map(SocketDir::existing);
    let password = inspected
        .config
        .as_ref()
        .and_then(|config| config.env.as_ref())
        .into_iter()
        .flatten()
        .find_map(|variable| variable.strip_prefix("POSTGRES_PASSWORD="))
        .unwrap_or_default()
        .to_owned();
    let options = connect_options(&inspected, socket.as_ref(), &password)?;
    let transport = match socket {
        Some(_) => Transport::UnixSocket,
        None => Transport::LoopbackPort,
    };
    let container = Container {
        docker: docker.clone(),
        id: found.id.clone(),
        image: image.clone(),
        socket,
        kept: true,
        armed: true,
    };
    Ok((container, options, transport))
}

fn connect_options(
    inspected: &ContainerInspectResponse,
    socket: Option<&SocketDir>,
    password: &str,
) -> Result<PgConnectOptions, TargetError> {
    let options = PgConnectOptions::new_without_pgpass()
        .username(DATABASE)
        .database(DATABASE)
        .password(password)
        .ssl_mode(PgSslMode::Disable);
    Ok(match socket {
        Some(directory) => options.port(5432).socket(directory.path()),
        None => options.host("127.0.0.1").port(published_port(inspected)?),
    })
}

fn published_port(inspected: &ContainerInspectResponse) -> Result<u16, TargetError> {
    inspected
        .network_settings
        .as_ref()
        .and_then(|network| network.ports.as_ref()?.get(PORT)?.as_ref()?.first())
        .and_then(|binding| binding.host_port.as_ref()?.parse().ok())
        .ok_or_else(|| TargetError::Docker {
            action: "publish the server's port on 127.0.0.1",
            cause: "the container has no such port".to_owned(),
        })
}

/// A socket works where the daemon shares this kernel.
async fn host_transport(docker: &Docker) -> Result<Transport, TargetError> {
    let info = docker
        .info()
        .await
        .map_err(TargetError::docker("describe itself"))?;
    let system = info.operating_system.unwrap_or_default();
    Ok(if cfg!(target_os = "linux") && system != "Docker Desktop" {
        Transport::UnixSocket
    } else {
        Transport::LoopbackPort
    })
}

/// Where the CPU time of a process is accounted, from its `/proc/PID/cgroup` (cgroups(7)): lines of
/// `hierarchy:controllers:path`, of which version 2 has one, `0::path`.
fn cgroup_candidates(text: &str, version: CgroupVersion) -> Vec<PathBuf> {
    let lines = text.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        Some((parts.next()?, parts.next()?.trim_start_matches('/')))
    });
    let root = PathBuf::from("/sys/fs/cgroup");
    match version {
        CgroupVersion::V2 => lines
            .filter(|(controllers, _)| controllers.is_empty())
            .map(|(_, path)| root.join(path))
            .collect(),
        CgroupVersion::V1 => lines
            .filter(|(controllers, _)| controllers.split(',').any(|name| name == "cpuacct"))
            .flat_map(|(controllers, path)| {
                // The mount is named after all controllers of the hierarchy, or linked by one.
                [controllers, "cpuacct", "cpu,cpuacct"].map(|mount| root.join(mount).join(path))
            })
            .collect(),
        CgroupVersion::None => Vec::new(),
    }
}

/// An error with its sources: testcontainers' outermost message often says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_group_is_found_in_both_versions() {
        let v1 = "9:name=systemd:/docker/1\n2:cpu,cpuacct:/docker/1\n1:memory:/docker/1\n0::/\n";
        assert!(
            cgroup_candidates(v1, CgroupVersion::V1)
                .contains(&PathBuf::from("/sys/fs/cgroup/cpu,cpuacct/docker/1"))
        );
        let v2 = "0::/system.slice/docker-1.scope\n";
        assert_eq!(
            cgroup_candidates(v2, CgroupVersion::V2),
            [PathBuf::from("/sys/fs/cgroup/system.slice/docker-1.scope")]
        );
        assert!(cgroup_candidates(v2, CgroupVersion::None).is_empty());
    }
}
