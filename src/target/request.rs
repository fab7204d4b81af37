//! What testcontainers is asked to start.
//!
//! Input: a plan, an image, labels. Output: a container request. Knows nothing of what happens to
//! the container afterwards.

use std::collections::{BTreeMap, HashMap};

use testcontainers::{ContainerRequest, GenericImage, ImageExt};

use super::TargetError;
use super::error::bollard::models::{HostConfig, Mount, MountType, PortBinding};
use super::image::Image;
use super::socket_dir::SocketDir;
use crate::plan::TargetPlan;
use crate::units::Bytes;

/// The database, and the user that owns it.
pub(super) const DATABASE: &str = "highwater";
/// The server's port, inside the container.
pub(super) const PORT: &str = "5432/tcp";

/// The directory of the socket inside the container. The official image's entrypoint takes over
/// and re-modes `/var/run/postgresql`, so the mount is elsewhere.
const SOCKET_MOUNT: &str = "/highwater";
const DATA_DIRECTORY: &str = "/var/lib/postgresql/data";

/// Settings by which the harness reaches the server.
const RESERVED: [&str; 6] = [
    "data_directory",
    "hba_file",
    "listen_addresses",
    "password_encryption",
    "port",
    "unix_socket_directories",
];

/// How the server is reached from the host.
#[derive(Debug)]
pub(super) enum Access<'a> {
    /// By a socket in this directory; no port is published.
    Socket(&'a SocketDir),
    /// By a port of 127.0.0.1 that the daemon chooses.
    Port,
}

/// The settings that the server is started with, by name.
pub(super) fn settings(plan: &TargetPlan) -> Result<BTreeMap<String, String>, TargetError> {
    if let Some(name) = plan
        .server
        .keys()
        .find(|name| RESERVED.contains(&name.as_str()))
    {
        return Err(TargetError::ReservedSetting { name: name.clone() });
    }
    Ok(plan.server.clone())
}

/// The request for a server of this plan.
pub(super) fn request(
    plan: &TargetPlan,
    image: &Image,
    labels: Vec<(String, String)>,
    access: &Access<'_>,
    password: &str,
) -> Result<ContainerRequest<GenericImage>, TargetError> {
    let (name, tag) = image.name_and_tag();
    let host = host_config(plan, access);
    Ok(GenericImage::new(name, tag)
        .with_cmd(command(&settings(plan)?, access))
        .with_labels(labels)
        .with_env_var("POSTGRES_USER", DATABASE)
        .with_env_var("POSTGRES_DB", DATABASE)
        .with_env_var("POSTGRES_PASSWORD", password)
        .with_env_var("PGDATA", DATA_DIRECTORY)
        // A cluster that the machine's crash corrupts while it is created is removed anyway; its
        // server syncs as always. The sync takes seconds on a busy disk.
        .with_env_var("POSTGRES_INITDB_ARGS", "--no-sync")
        // `[server]` owns the settings that the official image would compute.
        .with_env_var("NO_TS_TUNE", "true")
        .with_env_var("TIMESCALEDB_TELEMETRY", "off")
        .with_startup_timeout(plan.start_timeout.0)
        .with_host_config_modifier(move |config| apply(&host, config)))
}

fn command(settings: &BTreeMap<String, String>, access: &Access<'_>) -> Vec<String> {
    let mut words = vec!["postgres".to_owned()];
    let mut set = |name: &str, value: &str| {
        words.extend(["-c".to_owned(), format!("{name}={value}")]);
    };
    for (name, value) in settings {
        set(name, value);
    }
    if let Access::Socket(_) = access {
        let directories = format!("/var/run/postgresql,{SOCKET_MOUNT}");
        set("unix_socket_directories", &directories);
    }
    words
}

fn host_config(plan: &TargetPlan, access: &Access<'_>) -> HostConfig {
    let mut mounts = vec![Mount {
        target: Some(DATA_DIRECTORY.to_owned()),
        // Without a source the volume is anonymous: it goes with its container.
        typ: Some(MountType::VOLUME),
        ..Mount::default()
    }];
    if let Access::Socket(directory) = access {
        mounts.push(Mount {
            target: Some(SOCKET_MOUNT.to_owned()),
            source: Some(directory.path().to_string_lossy().into_owned()),
            typ: Some(MountType::BIND),
            ..Mount::default()
        });
    }
    HostConfig {
        mounts: Some(mounts),
        port_bindings: Some(bindings(access)),
        publish_all_ports: Some(false),
        nano_cpus: plan.cpus.map(|cpus| (cpus * 1e9).round() as i64),
        cpuset_cpus: plan.cpuset.clone(),
        memory: plan.memory.map(bytes),
        // The same number forbids swap: a server that swaps is not what was asked for.
        memory_swap: plan.memory.map(bytes),
        shm_size: Some(bytes(plan.shm_size)),
        ..HostConfig::default()
    }
}

/// A size as the daemon counts it; no machine has more than fits.
fn bytes(size: Bytes) -> i64 {
    i64::try_from(size.0).unwrap_or(i64::MAX)
}

fn bindings(access: &Access<'_>) -> HashMap<String, Option<Vec<PortBinding>>> {
    match access {
        Access::Socket(_) => HashMap::new(),
        Access::Port => HashMap::from([(
            PORT.to_owned(),
            Some(vec![PortBinding {
                host_ip: Some("127.0.0.1".to_owned()),
                host_port: Some("0".to_owned()),
            }]),
        )]),
    }
}

/// Testcontainers publishes every port that an image exposes, on all interfaces, unless this takes
/// it back.
fn apply(ours: &HostConfig, config: &mut HostConfig) {
    let theirs = std::mem::take(config);
    *config = HostConfig {
        mounts: ours.mounts.clone(),
        port_bindings: ours.port_bindings.clone(),
        publish_all_ports: ours.publish_all_ports,
        nano_cpus: ours.nano_cpus,
        cpuset_cpus: ours.cpuset_cpus.clone(),
        memory: ours.memory,
        memory_swap: ours.memory_swap,
        shm_size: ours.shm_size,
        ..theirs
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plan::TargetChoice;
    use crate::units::Span;

    fn plan(server: &[(&str, &str)]) -> TargetPlan {
        TargetPlan {
            choice: TargetChoice::Docker,
            image: None,
            cpus: Some(1.5),
            cpuset: None,
            memory: Some(Bytes::from_mib(512)),
            shm_size: Bytes::from_mib(64),
            server: server
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>(),
            keep: false,
            allow_existing: false,
            start_timeout: Span::from_secs(30),
        }
    }

    #[test]
    fn the_plans_settings_are_the_servers() {
        let found = settings(&plan(&[("jit", "off")])).unwrap();
        assert_eq!(
            found,
            BTreeMap::from([("jit".to_owned(), "off".to_owned())])
        );
    }

    #[test]
    fn nothing_makes_writes_cheaper_unasked() {
        let found = crate::plan::defaults::server(20);
        for name in ["fsync", "synchronous_commit", "full_page_writes"] {
            assert!(!found.contains_key(name), "{name}");
        }
    }

    #[test]
    fn settings_of_the_harness_are_refused() {
        let error = settings(&plan(&[("port", "1")])).unwrap_err().to_string();
        assert!(error.contains("`port`"), "{error}");
    }

    #[test]
    fn a_published_port_is_taken_back() {
        let mut config = HostConfig {
            publish_all_ports: Some(true),
            privileged: Some(false),
            ..HostConfig::default()
        };
        apply(&host_config(&plan(&[]), &Access::Port), &mut config);
        assert_eq!(config.publish_all_ports, Some(false));
        assert_eq!(config.privileged, Some(false));
        assert_eq!(config.nano_cpus, Some(1_500_000_000));
        let bindings = config.port_bindings.unwrap();
        let binding = &bindings[PORT].as_ref().unwrap()[0];
        assert_eq!(binding.host_ip.as_deref(), Some("127.0.0.1"));
    }
}
