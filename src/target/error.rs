//! What can go wrong between a plan and a database that answers.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::image::BUILT_IMAGE;

/// Why there is no target. No message ever holds a password.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No daemon answers and nothing else was asked for.
    #[error(
        "no Docker daemon answers ({cause}); three ways out: start Docker (`make setup` does, on \
         Debian and Ubuntu), or use a server of your own with \
         `--target postgres://user@host/database`, or server binaries of this machine with \
         `--target local` (not yet built)"
    )]
    NoDocker {
        /// What the client said.
        cause: String,
    },
    /// `--target local` was asked for.
    #[error(
        "`--target local` is not yet built; start Docker, or use `--target postgres://user@host/database`"
    )]
    LocalNotBuilt,
    /// The image is neither here nor to be had.
    #[error("the image {image} is not on this machine and cannot be pulled ({cause}); {advice}")]
    ImageMissing {
        /// Its reference.
        image: String,
        /// What the registry, or the way to it, said.
        cause: String,
        /// What to do next.
        advice: String,
    },
    /// The daemon refused something.
    #[error("Docker could not {action}: {cause}")]
    Docker {
        /// What it was asked for, such as `start the container`.
        action: &'static str,
        /// What it said.
        cause: String,
    },
    /// A setting that the harness needs for itself.
    #[error(
        "the server setting `{name}` belongs to the harness, which reaches the server by it; \
         remove it from [server]"
    )]
    ReservedSetting {
        /// Its name.
        name: String,
    },
    /// The server ended before it answered.
    #[error(
        "the server ended with exit code {code} before it answered; its last lines:\n{log}\n\
         check [server] and the image"
    )]
    ServerExited {
        /// Of its first process; -1 when unknown.
        code: i64,
        /// The end of its log.
        log: String,
    },
    /// The server did not answer in time.
    #[error(
        "the server did not answer within {waited:?} ({cause}); its last lines:\n{log}\n\
         raise `start_timeout`, or look whether the host is short of memory or disk"
    )]
    NotReady {
        /// How long it was waited for.
        waited: Duration,
        /// What the last attempt said.
        cause: String,
        /// The end of its log.
        log: String,
    },
    /// The server answers inside its container but its socket does not reach this host.
    #[error(
        "the server's socket does not reach this host; set HIGHWATER_TRANSPORT=port to use a \
         port on 127.0.0.1"
    )]
    SocketUnreachable,
    /// A kept target was filled for something else.
    #[error(
        "the kept target of `{scenario}` has the digest {kept}, this run asks for {asked} \
         (different: {differs}); `highwater clean --kept` removes it"
    )]
    KeptDiffers {
        /// The scenario's name.
        scenario: String,
        /// The digest on the target's label.
        kept: String,
        /// The digest of what was asked.
        asked: String,
        /// Which parts differ, with both values.
        differs: String,
    },
    /// The directory for the server's socket cannot be made or used.
    #[error("cannot {action} {}: {source}; set TMPDIR to a directory that can be written", path.display())]
    SocketDirectory {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A URL that is no PostgreSQL URL.
    #[error(
        "the target's URL cannot be used: {cause}; write postgres://user:password@host:port/database"
    )]
    Url {
        /// What is wrong with it.
        cause: String,
    },
    /// Nothing answers there.
    #[error(
        "no server answers at {server} ({cause}); check host and port, and that the server runs"
    )]
    Unreachable {
        /// Host, port and database.
        server: String,
        /// What the system said.
        cause: String,
    },
    /// The server refuses the user or the password.
    #[error(
        "the server at {server} refuses the user ({cause}); check user and password in the URL, \
         or in ~/.pgpass, and the server's pg_hba.conf"
    )]
    Refused {
        /// Host, port and database.
        server: String,
        /// What the server said.
        cause: String,
    },
    /// No such database.
    #[error("the server at {server} has no such database ({cause}); create it with `createdb`")]
    NoDatabase {
        /// Host, port and database.
        server: String,
        /// What the server said.
        cause: String,
    },
    /// The connection cannot be encrypted as asked.
    #[error(
        "TLS with the server at {server} failed ({cause}); check `sslmode` and `sslrootcert` in \
         the URL, and `ssl` on the server"
    )]
    Tls {
        /// Host, port and database.
        server: String,
        /// What failed.
        cause: String,
    },
    /// PostgreSQL, but not TimescaleDB.
    #[error("{server} is PostgreSQL without TimescaleDB ({found}); {advice}")]
    NoTimescaledb {
        /// Host, port and database.
        server: String,
        /// What was found instead.
        found: &'static str,
        /// What to do next.
        advice: &'static str,
    },
    /// The database belongs to somebody.
    #[error(
        "the database at {server} holds {count} relations that are not Highwater's ({examples}); \
         give Highwater a database of its own, or allow this one with --allow-existing: only the \
         schema `highwater` is written to"
    )]
    NotEmpty {
        /// Host, port and database.
        server: String,
        /// How many tables, views and sequences.
        count: usize,
        /// Some of their names.
        examples: String,
    },
    /// A query of the harness itself failed.
    #[error("cannot {action} on {server}: {source}")]
    Query {
        /// What it was to find out or do.
        action: &'static str,
        /// Host, port and database.
        server: String,
        /// Why not.
        source: sqlx::Error,
    },
    /// The run was interrupted.
    #[error("interrupted while the target was provisioned; nothing is left behind")]
    Cancelled,
}

impl TargetError {
    /// A refusal of the daemon.
    pub(super) fn docker(action: &'static str) -> impl FnOnce(bollard::errors::Error) -> Self {
        move |cause| Self::Docker {
            action,
            cause: cause.to_string(),
        }
    }

    /// An image that cannot be had, with the way to it.
    pub(super) fn image_missing(image: &str, cause: String) -> Self {
        let advice = if image == BUILT_IMAGE {
            "build it with `make image`".to_owned()
        } else {
            format!(
                "build one from Debian's packages with `make image` and use `--image {BUILT_IMAGE}`, \
                 or pull this one where the registry can be reached"
            )
        };
        Self::ImageMissing {
            image: image.to_owned(),
            cause,
            advice,
        }
    }
}

/// The one path by which this module reaches Docker's client library.
pub(super) use testcontainers::bollard;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_image_names_the_way_to_one() {
        let ours = TargetError::image_missing(BUILT_IMAGE, "no such host".into()).to_string();
        assert!(ours.ends_with("build it with `make image`"), "{ours}");
        let other = TargetError::image_missing("x/y:1", "no such host".into()).to_string();
        assert!(other.contains("`make image`"), "{other}");
    }

    #[test]
    fn without_docker_three_ways_out_are_named() {
        let text = TargetError::NoDocker {
            cause: "connection refused".into(),
        }
        .to_string();
        for way in [
            "start Docker",
            "postgres://",
            "--target local",
            "not yet built",
        ] {
            assert!(text.contains(way), "{way} is missing in: {text}");
        }
    }
}
