//! The start of a container: the kept one found, or a new one through testcontainers.
//!
//! Input: a plan, a run, and what the container is kept for. Output: a [`Container`] whose server is
//! ready, and how to connect to it. A start that fails or is interrupted leaves nothing behind.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerRequest, GenericImage};
use tokio_util::sync::CancellationToken;

use super::container::Container;
use super::docker;
use super::error::bollard::Docker;
use super::image::{self, Image};
use super::keep::{KeepKey, LABEL_KEEP};
use super::owner::{LABEL, LABEL_OWNER, LABEL_PID, LABEL_RUN, LABEL_SOCKET, Owner, RunLabel};
use super::provision::{Progress, Transport};
use super::ready::Awaited;
use super::request::{self, Access};
use super::socket_dir::SocketDir;
use super::{TargetError, sweep};
use crate::plan::TargetPlan;

/// Names one start among those of a run, so that a start that failed removes only its own.
const LABEL_START: &str = "highwater.start";
/// How long an interrupted start may take to come to its end, so that it can be removed.
const START_GRACE: Duration = Duration::from_secs(15);

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
        let container = Container::kept(docker, &found, image);
        let (options, transport) = container.connect_options(None).await?;
        let provisioned = (container, options, transport);
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
        let mark = uuid::Uuid::new_v4().simple().to_string();
        let label = format!("{LABEL_START}={mark}");
        let labels = self.labels(key, socket.as_ref(), mark);
        match self.ready(docker, image, labels, socket.as_ref()).await {
            Ok(mut provisioned) => {
                provisioned.0.own_socket(socket);
                if key.is_some() {
                    provisioned.0.outlive_run();
                }
                Ok(provisioned)
            }
            Err(error) => {
                sweep::remove_labelled(docker, &label).await?;
                socket.as_ref().map_or(Ok(()), SocketDir::remove)?;
                Err(error)
            }
        }
    }

    /// Starts a container and waits for its server. One that does not become ready is removed here,
    /// where it can be awaited.
    async fn ready(
        &self,
        docker: &Docker,
        image: &Image,
        labels: Vec<(String, String)>,
        socket: Option<&SocketDir>,
    ) -> Result<Provisioned, TargetError> {
        let password = uuid::Uuid::new_v4().simple().to_string();
        let access = socket.map_or(Access::Port, Access::Socket);
        let request = request::request(self.plan, image, labels, &access, &password)?;
        (self.progress)(&format!("starting {}", image.reference));
        let container = Container::adopt(docker, self.create(request).await?, image);
        let (options, transport) = container.connect_options(socket).await?;
        let provisioned = (container, options, transport);
        match self.wait(&provisioned).await {
            Ok(()) => Ok(provisioned),
            Err(error) => {
                provisioned.0.remove(true).await?;
                Err(error)
            }
        }
    }

    /// Creates and starts. An interruption lets the daemon finish first: a request that is cut off
    /// half way could create a container after everything was swept.
    async fn create(&self, request: ContainerRequest<GenericImage>) -> Result<String, TargetError> {
        if self.cancel.is_cancelled() {
            return Err(TargetError::Cancelled);
        }
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
        mark: String,
    ) -> Vec<(String, String)> {
        let mut labels = vec![
            (LABEL, "1".to_owned()),
            (LABEL_RUN, self.run.to_string()),
            (LABEL_PID, std::process::id().to_string()),
            (LABEL_OWNER, Owner::current().to_string()),
            (LABEL_START, mark),
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
            docker: container.docker(),
            id: container.id(),
            options,
            by_socket: *transport == Transport::UnixSocket,
            timeout: self.plan.start_timeout.0,
        }
        .ready(self.cancel)
        .await
    }
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
