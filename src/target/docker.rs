//! The few questions that are put to the Docker daemon beside testcontainers.
//!
//! Input: labels and ids. Output: plain data. Knows nothing of PostgreSQL. The client is the one
//! that testcontainers uses, so `DOCKER_HOST` and its kin mean the same to both.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::StreamExt;

use super::TargetError;
use super::error::bollard::Docker;
use super::error::bollard::errors::Error;
use super::error::bollard::models::ContainerSummaryStateEnum;
use super::error::bollard::query_parameters::{
    ListContainersOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
};
use super::keep::LABEL_KEEP;
use super::owner::{LABEL_OWNER, LABEL_SOCKET, Owner};

/// How long a daemon may take to say that it is there.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a removal may take that another client has begun.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(30);

/// A container that Highwater made, in any state.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Docker's id.
    pub(super) id: String,
    /// Whether its first process runs.
    pub(super) running: bool,
    /// All labels.
    pub(super) labels: HashMap<String, String>,
}

impl Found {
    /// The process that made it.
    pub(super) fn owner(&self) -> Option<Owner> {
        self.labels
            .get(LABEL_OWNER)
            .and_then(|text| Owner::parse(text))
    }

    /// The scenario that it is kept for.
    pub(super) fn keep(&self) -> Option<&str> {
        self.labels.get(LABEL_KEEP).map(String::as_str)
    }

    /// The host's directory that holds its socket.
    pub(super) fn socket(&self) -> Option<PathBuf> {
        self.labels.get(LABEL_SOCKET).map(PathBuf::from)
    }
}

/// A client of a daemon that answers.
pub(super) async fn connect() -> Result<Docker, TargetError> {
    let no_docker = |cause: String| TargetError::NoDocker { cause };
    let docker = testcontainers::core::client::docker_client_instance()
        .await
        .map_err(|error| no_docker(error.to_string()))?;
    match tokio::time::timeout(PING_TIMEOUT, docker.ping()).await {
        Ok(Ok(_)) => Ok(docker),
        Ok(Err(error)) => Err(no_docker(error.to_string())),
        Err(_) => Err(no_docker(format!("no answer within {PING_TIMEOUT:?}"))),
    }
}

/// The containers, running or not, that have a label: `name` or `name=value`.
pub(super) async fn list(docker: &Docker, label: &str) -> Result<Vec<Found>, TargetError> {
    let filters = HashMap::from([("label", vec![label])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let containers = docker
        .list_containers(Some(options))
        .await
        .map_err(TargetError::docker("list containers"))?;
    Ok(containers
        .into_iter()
        .filter_map(|container| {
            Some(Found {
                id: container.id?,
                running: container.state == Some(ContainerSummaryStateEnum::RUNNING),
                labels: container.labels.unwrap_or_default(),
            })
        })
        .collect())
}

/// Removes a container and its anonymous volumes, and waits until it is gone. That it is gone
/// already is no error.
pub(super) async fn remove(docker: &Docker, id: &str) -> Result<(), TargetError> {
    let options = RemoveContainerOptionsBuilder::new()
        .force(true)
        .v(true)
        .build();
    match docker.remove_container(id, Some(options)).await {
        Ok(()) => Ok(()),
        Err(error) if status(&error) == Some(404) => Ok(()),
        // Another client removes it at this moment.
        Err(error) if status(&error) == Some(409) => gone(docker, id).await,
        Err(error) => Err(TargetError::docker("remove the container")(error)),
    }
}

/// The last lines of a container's log; a sentence instead where it cannot be read.
pub(super) async fn log_tail(docker: &Docker, id: &str, lines: u32) -> String {
    let options = LogsOptionsBuilder::new()
        .stdout(true)
        .stderr(true)
        .tail(&lines.to_string())
        .build();
    let chunks: Vec<_> = docker.logs(id, Some(options)).collect().await;
    let text: String = chunks
        .into_iter()
        .filter_map(Result::ok)
        .map(|chunk| String::from_utf8_lossy(&chunk.into_bytes()).into_owned())
        .collect();
    if text.trim().is_empty() {
        return "(the log is empty)".to_owned();
    }
    text.trim_end().to_owned()
}

/// The HTTP status of a daemon's refusal.
pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

async fn gone(docker: &Docker, id: &str) -> Result<(), TargetError> {
    let deadline = tokio::time::Instant::now() + REMOVAL_TIMEOUT;
    loop {
        match docker.inspect_container(id, None).await {
            Err(error) if status(&error) == Some(404) => return Ok(()),
            Err(error) => return Err(TargetError::docker("remove the container")(error)),
            Ok(_) if tokio::time::Instant::now() > deadline => {
                return Err(TargetError::Docker {
                    action: "remove the container",
                    cause: format!("it is still there after {REMOVAL_TIMEOUT:?}"),
                });
            }
            Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
