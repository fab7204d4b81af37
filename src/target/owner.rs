//! Who made a container, and whether that run still lives.
//!
//! Input: labels. Output: [`RunLabel`], [`Owner`] and [`Liveness`]. A process id alone would be
//! taken for another process after a reboot or a wrap-around, so the boot, the process-id namespace
//! and the start time go with it.

use std::fmt;
use std::fs;

/// The label of every container that Highwater made.
pub(super) const LABEL: &str = "highwater";
/// The run that made the container.
pub(super) const LABEL_RUN: &str = "highwater.run";
/// The process id of that run, for people.
pub(super) const LABEL_PID: &str = "highwater.pid";
/// The [`Owner`] of the container.
pub(super) const LABEL_OWNER: &str = "highwater.owner";
/// The directory on the host in which the server's socket lies.
pub(super) const LABEL_SOCKET: &str = "highwater.socket";

/// Names one run, on the labels of all that it creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLabel(String);

impl RunLabel {
    /// The label of the run of this id.
    pub fn new(run_id: impl Into<String>) -> Self {
        Self(run_id.into())
    }

    /// A label that no other run has.
    pub fn unique() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// The label's value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether the run that owns something still lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Liveness {
    /// The process is there, with the start time that was noted.
    Live,
    /// It is gone.
    Dead,
    /// It ran in another process-id namespace, such as a container, where nobody here can look.
    Unknown,
}

/// One process of one boot of one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    boot: String,
    namespace: String,
    pid: u32,
    /// Clock ticks after the boot; 0 where the system does not tell.
    started: u64,
}

impl Owner {
    /// This process.
    pub(super) fn current() -> Self {
        let pid = std::process::id();
        Self {
            boot: boot(),
            namespace: namespace(),
            pid,
            started: start_time(pid).unwrap_or(0),
        }
    }

    /// The owner that [`Owner::to_string`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('/');
        let owner = Self {
            boot: parts.next()?.to_owned(),
            namespace: parts.next()?.to_owned(),
            pid: parts.next()?.parse().ok()?,
            started: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(owner)
    }

    /// Looks for the process.
    pub(super) fn liveness(&self) -> Liveness {
        if self.boot != boot() {
            return Liveness::Dead;
        }
        if self.namespace != namespace() {
            return Liveness::Unknown;
        }
        let lives = match start_time(self.pid) {
            Some(started) => started == self.started,
            None => self.started == 0 && answers_signals(self.pid),
        };
        if lives {
            Liveness::Live
        } else {
            Liveness::Dead
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            boot,
            namespace,
            pid,
            started,
        } = self;
        write!(f, "{boot}/{namespace}/{pid}/{started}")
    }
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or_else(|_| "unknown".to_owned(), |id| id.trim().to_owned())
}

fn namespace() -> String {
    fs::read_link("/proc/self/ns/pid").map_or_else(
        |_| "unknown".to_owned(),
        |link| link.to_string_lossy().into_owned(),
    )
}

/// Field 22 of `/proc/PID/stat`, counted behind the command's name, which may hold spaces
/// (proc(5)).
fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    after_name.split(' ').nth(19)?.parse().ok()
}

fn answers_signals(pid: u32) -> bool {
    i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_survives_its_label() {
        let owner = Owner::current();
        assert_eq!(Owner::parse(&owner.to_string()), Some(owner.clone()));
        assert_eq!(owner.liveness(), Liveness::Live);
    }

    #[test]
    fn a_reused_process_id_is_dead() {
        let mut owner = Owner::current();
        owner.started += 1;
        assert_eq!(owner.liveness(), Liveness::Dead);
    }

    #[test]
    fn another_boot_is_dead_and_another_namespace_unknown() {
        let mut owner = Owner::current();
        owner.namespace = "pid:[1]".into();
        assert_eq!(owner.liveness(), Liveness::Unknown);
        owner.boot = "another".into();
        assert_eq!(owner.liveness(), Liveness::Dead);
    }

    #[test]
    fn garbage_is_no_owner() {
        for text in ["", "a/b/c/d", "a/b/1", "a/b/1/2/3"] {
            assert_eq!(Owner::parse(text), None, "{text}");
        }
    }
}
