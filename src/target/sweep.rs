//! Removal of what runs left behind.
//!
//! [`sweep()`] removes what one run made and is called on every exit path of that run; [`clean()`]
//! removes what dead runs left and spares the living. Both also remove socket directories.

use super::TargetError;
use super::docker::{self, Found};
use super::error::bollard::Docker;
use super::owner::{LABEL, LABEL_RUN, Liveness, RunLabel};
use super::socket_dir::{self, SocketDir};

/// What [`clean()`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Ids of the containers that were removed, with their volumes.
    pub removed: Vec<String>,
    /// Ids of the containers of runs that live.
    pub live: Vec<String>,
    /// Ids of the containers whose run cannot be seen from here, such as one in a container.
    pub unknown: Vec<String>,
    /// Scenarios whose targets are kept.
    pub kept: Vec<String>,
    /// Socket directories that were removed beyond those of the containers.
    pub directories: usize,
    /// Why no container was looked for; `None` when a daemon answered.
    pub no_docker: Option<String>,
}

/// Removes every container and socket directory of a run; kept targets stay. Returns how many
/// containers went. Without a Docker daemon there are none.
pub async fn sweep(run: &RunLabel) -> Result<usize, TargetError> {
    let Ok(docker) = docker::connect().await else {
        remove_directories(|label, _| label == run.as_str(), &[])?;
        return Ok(0);
    };
    let found = docker::list(&docker, &format!("{LABEL_RUN}={run}")).await?;
    let (kept, ours): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|found| found.keep().is_some());
    for container in &ours {
        discard(&docker, container).await?;
    }
    remove_directories(|label, _| label == run.as_str(), &kept)?;
    Ok(ours.len())
}

/// Removes what dead runs left. Kept targets stay unless `kept`; targets of live runs always stay.
pub async fn clean(kept: bool) -> Result<Cleaned, TargetError> {
    let mut cleaned = Cleaned::default();
    let docker = match docker::connect().await {
        Ok(docker) => docker,
        Err(error) => {
            // The containers may exist although their daemon is down, so their directories stay.
            cleaned.no_docker = Some(error.to_string());
            return Ok(cleaned);
        }
    };
    let mut spared = Vec::new();
    for container in docker::list(&docker, LABEL).await? {
        let list = match fate(&container, kept) {
            Fate::Remove => {
                discard(&docker, &container).await?;
                cleaned.removed.push(container.id);
                continue;
            }
            Fate::Live => &mut cleaned.live,
            Fate::Unknown => &mut cleaned.unknown,
            Fate::Kept => &mut cleaned.kept,
        };
        list.push(container.keep().unwrap_or(&container.id).to_owned());
        spared.push(container);
    }
    cleaned.directories = remove_directories(|_, liveness| liveness == Liveness::Dead, &spared)?;
    Ok(cleaned)
}

/// Removes the containers with a label, whatever else they are.
pub(super) async fn remove_labelled(docker: &Docker, label: &str) -> Result<(), TargetError> {
    for container in docker::list(docker, label).await? {
        discard(docker, &container).await?;
    }
    Ok(())
}

enum Fate {
    Remove,
    Live,
    Unknown,
    Kept,
}

fn fate(container: &Found, kept: bool) -> Fate {
    let liveness = container
        .owner()
        .map_or(Liveness::Unknown, |owner| owner.liveness());
    match (container.keep(), liveness) {
        (Some(_), _) if !kept => Fate::Kept,
        (_, Liveness::Live) => Fate::Live,
        (None, Liveness::Unknown) => Fate::Unknown,
        _ => Fate::Remove,
    }
}

async fn discard(docker: &Docker, container: &Found) -> Result<(), TargetError> {
    docker::remove(docker, &container.id).await?;
    match container.socket() {
        Some(directory) => SocketDir::existing(directory).remove(),
        None => Ok(()),
    }
}

/// Removes the socket directories that `dead` says are dead and that no spared container uses.
fn remove_directories(
    dead: impl Fn(&str, Liveness) -> bool,
    spared: &[Found],
) -> Result<usize, TargetError> {
    let mut removed = 0;
    for (directory, run, liveness) in socket_dir::all() {
        let used = spared
            .iter()
            .any(|container| container.socket().as_deref() == Some(directory.parent()));
        if dead(&run, liveness) && !used {
            directory.remove()?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::target::keep::LABEL_KEEP;
    use crate::target::owner::{LABEL_OWNER, Owner};

    fn container(labels: &[(&str, &str)]) -> Found {
        Found {
            id: "1".into(),
            running: true,
            labels: labels
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<HashMap<_, _>>(),
        }
    }

    #[test]
    fn only_what_is_surely_dead_is_removed() {
        let live = Owner::current().to_string();
        let dead = "another-boot/pid:[1]/1/1";
        let kept = [(LABEL_OWNER, dead), (LABEL_KEEP, "quickstart")];
        assert!(matches!(
            fate(&container(&[(LABEL_OWNER, dead)]), false),
            Fate::Remove
        ));
        assert!(matches!(
            fate(&container(&[(LABEL_OWNER, &live)]), true),
            Fate::Live
        ));
        assert!(matches!(fate(&container(&[]), true), Fate::Unknown));
        assert!(matches!(fate(&container(&kept), false), Fate::Kept));
        assert!(matches!(fate(&container(&kept), true), Fate::Remove));
    }
}
