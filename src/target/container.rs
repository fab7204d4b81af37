//! A server in a container of its own.
//!
//! Input: the id of a container that runs. Output: a [`Container`], how to connect to its server,
//! and its removal. Removal is explicit: testcontainers' own drop needs a runtime, and a start that
//! fails leaves its container behind, so it has no say once a container runs. Knows nothing of plans.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::TargetError;
use super::docker::{self, Found};
use super::error::bollard::Docker;
use super::error::bollard::models::ContainerInspectResponse;
use super::host::{CgroupVersion, cgroup_version};
use super::image::Image;
use super::provision::Transport;
use super::request::{DATABASE, PORT};
use super::socket_dir::SocketDir;

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

impl Container {
    /// The container of this id, which is removed with this value.
    pub(super) fn adopt(docker: &Docker, id: String, image: &Image) -> Self {
        Self {
            docker: docker.clone(),
            id,
            image: image.clone(),
            socket: None,
            kept: false,
            armed: true,
        }
    }

    /// A container that an earlier run kept.
    pub(super) fn kept(docker: &Docker, found: &Found, image: &Image) -> Self {
        let mut container = Self::adopt(docker, found.id.clone(), image);
        container.outlive_run();
        container.socket = found.socket().map(SocketDir::existing);
        container
    }

    /// Leaves the container up when this value goes.
    pub(super) fn outlive_run(&mut self) {
        self.kept = true;
    }

    /// Removes this directory together with the container.
    pub(super) fn own_socket(&mut self, socket: Option<SocketDir>) {
        self.socket = socket;
    }

    /// The daemon's client.
    pub(super) fn docker(&self) -> &Docker {
        &self.docker
    }

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
        self.docker
            .inspect_container(&self.id, None)
            .await
            .map_err(TargetError::docker("look at the container"))
    }

    /// How to connect to its server, and by which transport: through `socket`, else by the port
    /// that is published. The password is the one that the container was made with.
    pub(super) async fn connect_options(
        &self,
        socket: Option<&SocketDir>,
    ) -> Result<(PgConnectOptions, Transport), TargetError> {
        let inspected = self.inspect().await?;
        let options = PgConnectOptions::new_without_pgpass()
            .username(DATABASE)
            .database(DATABASE)
            .password(password(&inspected))
            .ssl_mode(PgSslMode::Disable);
        Ok(match socket.or(self.socket.as_ref()) {
            Some(directory) => (
                options.port(5432).socket(directory.path()),
                Transport::UnixSocket,
            ),
            None => (
                options.host("127.0.0.1").port(published_port(&inspected)?),
                Transport::LoopbackPort,
            ),
        })
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

fn password(inspected: &ContainerInspectResponse) -> &str {
    inspected
        .config
        .iter()
        .flat_map(|config| config.env.iter().flatten())
        .find_map(|variable| variable.strip_prefix("POSTGRES_PASSWORD="))
        .unwrap_or_default()
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
