//! What machine this is.
//!
//! Output: [`HostFacts`] of the machine that generates the load. With a container it is the
//! server's machine too; with an external server it is not.

use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The machine that generates the load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostFacts {
    /// The CPU's model name; `unknown` where the system does not tell.
    pub cpu: String,
    /// CPUs that this process may run on.
    pub logical_cpus: u32,
    /// Main memory, in bytes; 0 where the system does not tell.
    pub memory_bytes: u64,
    /// Name and release of the kernel, such as `Linux 6.1.0`.
    pub kernel: String,
    /// The version of the control groups by which containers are limited and measured.
    pub cgroup: CgroupVersion,
}

/// The version of the control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CgroupVersion {
    /// A hierarchy for each controller.
    V1,
    /// One hierarchy.
    V2,
    /// The system has none.
    None,
}

impl HostFacts {
    /// Reads `/proc` and asks the kernel.
    pub(super) fn read() -> Self {
        let system = rustix::system::uname();
        Self {
            cpu: cpu_model(&read("/proc/cpuinfo")).unwrap_or_else(|| "unknown".to_owned()),
            logical_cpus: std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
            memory_bytes: memory_bytes(&read("/proc/meminfo")).unwrap_or(0),
            kernel: format!(
                "{} {}",
                system.sysname().to_string_lossy(),
                system.release().to_string_lossy()
            ),
            cgroup: cgroup_version(),
        }
    }
}

/// The version that is mounted at `/sys/fs/cgroup`; a hybrid set-up measures by version 1.
pub(super) fn cgroup_version() -> CgroupVersion {
    if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
        CgroupVersion::V2
    } else if Path::new("/sys/fs/cgroup").exists() {
        CgroupVersion::V1
    } else {
        CgroupVersion::None
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn cpu_model(cpuinfo: &str) -> Option<String> {
    field(cpuinfo, "model name").map(str::to_owned)
}

fn memory_bytes(meminfo: &str) -> Option<u64> {
    let kib: u64 = field(meminfo, "MemTotal")?
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()?;
    Some(kib * 1024)
}

/// The value of the first line `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_files_are_read() {
        let cpuinfo =
            "processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC 7B13\n\nprocessor\t: 1\n";
        assert_eq!(cpu_model(cpuinfo).as_deref(), Some("AMD EPYC 7B13"));
        assert_eq!(cpu_model("Processor : ARMv7"), None);
        assert_eq!(memory_bytes("MemTotal:  2 kB\nMemFree: 1 kB\n"), Some(2048));
        assert_eq!(memory_bytes("MemTotal: x kB"), None);
    }

    #[test]
    fn this_host_has_cpus_and_a_kernel() {
        let host = HostFacts::read();
        assert!(host.logical_cpus >= 1);
        assert!(host.kernel.contains(' '), "{}", host.kernel);
    }
}
