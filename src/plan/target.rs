//! Where the database comes from and how its tables are made.

use std::collections::BTreeMap;

use serde::Serialize;

use super::DatasetPlan;
use crate::units::{Bytes, Span};

/// Which kind of target was asked for.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetChoice {
    /// A container when a Docker daemon answers.
    Auto,
    /// A container, or an error.
    Docker,
    /// Server binaries of this machine.
    Local,
    /// A server that somebody else runs. The URL may hold a password: it is never serialised.
    External(#[serde(skip)] url::Url),
}

impl std::fmt::Debug for TargetChoice {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Auto => "Auto",
            Self::Docker => "Docker",
            Self::Local => "Local",
            Self::External(_) => "External(..)",
        })
    }
}

/// Where the database comes from and what it may use.
#[derive(Debug, Clone, Serialize)]
pub struct TargetPlan {
    /// The kind.
    pub choice: TargetChoice,
    /// The container image; `None` takes the pinned public one, else the one built from Debian's packages.
    pub image: Option<String>,
    /// CPUs the container may use; `None` is no limit.
    pub cpus: Option<f64>,
    /// CPU numbers the container is held to, such as `0-1`; `None` is no limit.
    pub cpuset: Option<String>,
    /// Memory the container may use; `None` is no limit.
    pub memory: Option<Bytes>,
    /// `/dev/shm` of the container; parallel queries need more than Docker's 64 MiB.
    pub shm_size: Bytes,
    /// Server settings, by name; read back from `pg_settings` after the start.
    pub server: BTreeMap<String, String>,
    /// Leave the target up and reuse its data set next time.
    pub keep: bool,
    /// Use an external database although it holds other things.
    pub allow_existing: bool,
    /// How long a server may take until it answers.
    pub start_timeout: Span,
}

/// How the tables are made.
#[derive(Debug, Clone, Serialize)]
pub struct SchemaPlan {
    /// The time that one chunk of a hypertable covers.
    pub chunk_interval: Span,
}

impl SchemaPlan {
    /// Chunks of each hypertable that holds the whole of `dataset`, where its end is a chunk's end.
    pub fn chunks(&self, dataset: &DatasetPlan) -> u64 {
        let length = u64::try_from(dataset.length().as_nanos()).unwrap_or(u64::MAX);
        length.div_ceil(self.chunk_interval.as_ns().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_target_is_shown_without_its_password() {
        let url = "postgres://me:hunter2@db.example/bench".parse().unwrap();
        let choice = TargetChoice::External(url);
        assert_eq!(format!("{choice:?}"), "External(..)");
        assert!(!serde_json::to_string(&choice).unwrap().contains("hunter2"));
    }
}
