//! A directory of the host in which the server puts its unix socket.
//!
//! The parent is 0700, so only this user can reach the socket, whose server trusts local
//! connections; the child is 0777, because the server's user inside the container is another one.
//! The path is short: a socket's path has 107 bytes at most (unix(7)).

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::TargetError;
use super::owner::{Liveness, Owner, RunLabel};

/// The longest path of a directory that leaves room for `/s/.s.PGSQL.65535` in 107 bytes.
const MAX_PATH: usize = 107 - "/s/.s.PGSQL.65535".len();
const PREFIX: &str = "highwater-";
const OWNER_FILE: &str = "owner";
const RUN_FILE: &str = "run";

/// A directory of the host, and in it the one that is mounted in the container.
#[derive(Debug)]
pub(super) struct SocketDir {
    parent: PathBuf,
}

impl SocketDir {
    /// Makes one, owned by this process and labelled with `run`.
    pub(super) fn create(run: &RunLabel) -> Result<Self, TargetError> {
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let parent = base().join(format!("{PREFIX}{}", &unique[..12]));
        let made = Self {
            parent: parent.clone(),
        };
        made.fill(run).map_err(|source| {
            // What was made so far is of no use; the error that is reported is the first one.
            let _ = fs::remove_dir_all(&parent);
            TargetError::SocketDirectory {
                action: "make the socket directory",
                path: parent,
                source,
            }
        })?;
        Ok(made)
    }

    /// The directory that an earlier run made.
    pub(super) fn existing(parent: impl Into<PathBuf>) -> Self {
        Self {
            parent: parent.into(),
        }
    }

    /// The directory that only this user can enter.
    pub(super) fn parent(&self) -> &Path {
        &self.parent
    }

    /// The directory that holds the socket, on the host.
    pub(super) fn path(&self) -> PathBuf {
        self.parent.join("s")
    }

    /// Removes it with all that is in it. That it is gone already is no error; what does not look
    /// like a socket directory stays.
    pub(super) fn remove(&self) -> Result<(), TargetError> {
        // The path may come from a container's label, which anybody can write.
        let named = self
            .parent
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        if !named.starts_with(PREFIX) || !self.path().is_dir() {
            return Ok(());
        }
        match fs::remove_dir_all(&self.parent) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(TargetError::SocketDirectory {
                    action: "remove the socket directory",
                    path: self.parent.clone(),
                    source,
                })
            }
            _ => Ok(()),
        }
    }

    fn fill(&self, run: &RunLabel) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(&self.parent)?;
        fs::write(self.parent.join(OWNER_FILE), Owner::current().to_string())?;
        fs::write(self.parent.join(RUN_FILE), run.as_str())?;
        fs::create_dir(self.path())?;
        // After the creation, because the umask applies to the mode of a new directory.
        fs::set_permissions(self.path(), Permissions::from_mode(0o777))
    }
}

/// The socket directories of this user, with their run and whether that lives.
pub(super) fn all() -> Vec<(SocketDir, String, Liveness)> {
    let user = rustix::process::geteuid().as_raw();
    let Ok(entries) = fs::read_dir(base()) else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .filter(|entry| {
            entry
                .metadata()
                .is_ok_and(|data| data.is_dir() && (user == 0 || data.uid() == user))
        })
        .filter_map(|entry| {
            let path = entry.path();
            // Without a readable owner it is not ours to judge.
            let owner = Owner::parse(&fs::read_to_string(path.join(OWNER_FILE)).ok()?)?;
            let run = fs::read_to_string(path.join(RUN_FILE)).ok()?;
            Some((SocketDir::existing(path), run, owner.liveness()))
        })
        .collect()
}

/// The system's directory for temporary files, or `/tmp` where that has too long a path.
fn base() -> PathBuf {
    let base = std::env::temp_dir();
    if base.as_os_str().len() + 1 + PREFIX.len() + 12 <= MAX_PATH {
        base
    } else {
        PathBuf::from("/tmp")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn only_its_owner_enters_and_the_server_may_write() {
        let run = RunLabel::unique();
        let directory = SocketDir::create(&run).unwrap();
        assert_eq!(mode(directory.parent()), 0o700);
        assert_eq!(mode(&directory.path()), 0o777);
        assert!(directory.path().join(".s.PGSQL.65535").as_os_str().len() <= 107);
        assert!(all().iter().any(|(found, label, liveness)| {
            found.parent() == directory.parent()
                && label == run.as_str()
                && *liveness == Liveness::Live
        }));
        directory.remove().unwrap();
        assert!(!directory.parent().exists());
        directory.remove().unwrap();
    }
}
