//! Which image the server comes from.
//!
//! Input: what was asked for, and what the daemon has. Output: an [`Image`] that is on this
//! machine. At most one pull is tried, and none when an image is there.

use std::time::Duration;

use futures_util::StreamExt;

use super::docker::status;
use super::error::bollard::Docker;
use super::error::bollard::query_parameters::CreateImageOptionsBuilder;
use super::{Progress, TargetError};

/// The public image, pinned: PostgreSQL 17 with TimescaleDB's community edition.
pub const PUBLIC_IMAGE: &str = "timescale/timescaledb:2.24.0-pg17";
/// The image that `make image` builds from Debian's packages: the Apache edition.
pub const BUILT_IMAGE: &str = "highwater/timescaledb:2.19-pg17";

/// How long a registry may be silent before the pull is given up.
const PULL_SILENCE: Duration = Duration::from_secs(20);

/// An image that is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    /// Name and tag.
    pub(super) reference: String,
    /// `sha256:...`
    pub(super) id: String,
}

impl Image {
    /// Name and tag apart, as testcontainers wants them.
    pub(super) fn name_and_tag(&self) -> (String, String) {
        let reference = &self.reference;
        // A colon before the last slash belongs to the registry's port.
        let path = reference.rfind('/').map_or(0, |slash| slash + 1);
        match reference[path..].rfind(':') {
            Some(colon) => (
                reference[..path + colon].to_owned(),
                reference[path + colon + 1..].to_owned(),
            ),
            None => (reference.clone(), "latest".to_owned()),
        }
    }
}

/// The image that was asked for; else the public one, the built one, the public one pulled.
pub(super) async fn choose(
    docker: &Docker,
    asked: Option<&str>,
    progress: Progress<'_>,
) -> Result<Image, TargetError> {
    let candidates = match asked {
        Some(reference) => vec![reference],
        None => vec![PUBLIC_IMAGE, BUILT_IMAGE],
    };
    for reference in &candidates {
        if let Some(image) = find(docker, reference).await? {
            return Ok(image);
        }
    }
    let wanted = candidates[0];
    progress(&format!("pulling the image {wanted}"));
    if let Err(cause) = pull(docker, wanted).await {
        let missing = if asked.is_none() { BUILT_IMAGE } else { wanted };
        return Err(TargetError::image_missing(missing, cause));
    }
    find(docker, wanted)
        .await?
        .ok_or_else(|| TargetError::image_missing(wanted, "it is not there after a pull".into()))
}

async fn find(docker: &Docker, reference: &str) -> Result<Option<Image>, TargetError> {
    match docker.inspect_image(reference).await {
        Ok(found) => Ok(Some(Image {
            reference: reference.to_owned(),
            id: found.id.unwrap_or_default(),
        })),
        Err(error) if status(&error) == Some(404) => Ok(None),
        Err(error) => Err(TargetError::docker("look for the image")(error)),
    }
}

async fn pull(docker: &Docker, reference: &str) -> Result<(), String> {
    let options = CreateImageOptionsBuilder::new()
        .from_image(reference)
        .build();
    let mut news = docker.create_image(Some(options), None, None);
    loop {
        match tokio::time::timeout(PULL_SILENCE, news.next()).await {
            Err(_) => return Err(format!("the registry was silent for {PULL_SILENCE:?}")),
            Ok(None) => return Ok(()),
            Ok(Some(Err(error))) => return Err(error.to_string()),
            Ok(Some(Ok(info))) => {
                if let Some(message) = info.error_detail.and_then(|detail| detail.message) {
                    return Err(message);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(reference: &str) -> (String, String) {
        Image {
            reference: reference.to_owned(),
            id: String::new(),
        }
        .name_and_tag()
    }

    #[test]
    fn references_split_at_the_tag() {
        for (reference, name, tag) in [
            ("a/b:1", "a/b", "1"),
            ("a/b", "a/b", "latest"),
            ("host:5000/a/b", "host:5000/a/b", "latest"),
            ("host:5000/a/b:2", "host:5000/a/b", "2"),
            ("a/b@sha256:ff", "a/b@sha256", "ff"),
        ] {
            assert_eq!(split(reference), (name.to_owned(), tag.to_owned()));
        }
    }
}
