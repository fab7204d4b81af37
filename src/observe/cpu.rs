//! CPU time of the generator (this process) and of the server (its control group).

use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// Reads CPU clocks at the beginning of a window and at its end.
#[derive(Debug)]
pub struct CpuMeter {
    server_cgroup: Option<PathBuf>,
    began: Instant,
    generator_ns: u64,
    server_ns: Option<u64>,
}

/// CPU time used between two readings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CpuUse {
    /// Length of the window in seconds.
    pub wall_seconds: f64,
    /// CPU seconds of this process, all threads.
    pub generator_seconds: f64,
    /// CPU seconds of the server's control group; `None` where it cannot be seen.
    pub server_seconds: Option<f64>,
}

impl CpuMeter {
    /// Takes the first reading. `server_cgroup` is the server's control group directory, of
    /// version 1 (`cpuacct`) or 2.
    pub fn begin(server_cgroup: Option<PathBuf>) -> Self {
        let server_ns = server_cgroup.as_deref().and_then(cgroup_cpu_ns);
        Self {
            server_cgroup,
            began: Instant::now(),
            generator_ns: process_cpu_ns(),
            server_ns,
        }
    }

    /// Takes the second.
    pub fn end(&self) -> CpuUse {
        let server_now = self.server_cgroup.as_deref().and_then(cgroup_cpu_ns);
        CpuUse {
            wall_seconds: self.began.elapsed().as_secs_f64(),
            generator_seconds: process_cpu_ns().saturating_sub(self.generator_ns) as f64 / 1e9,
            server_seconds: server_now
                .zip(self.server_ns)
                .map(|(now, before)| now.saturating_sub(before) as f64 / 1e9),
        }
    }
}

/// CPU time of this process in nanoseconds, user and system, all threads.
pub fn process_cpu_ns() -> u64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as u64 * 1_000_000_000 + spent.tv_nsec as u64
}

/// CPU time of a control group in nanoseconds: `cpuacct.usage` of version 1, `usage_usec` in
/// `cpu.stat` of version 2.
fn cgroup_cpu_ns(directory: &Path) -> Option<u64> {
    if let Ok(text) = std::fs::read_to_string(directory.join("cpuacct.usage")) {
        return text.trim().parse().ok();
    }
    let text = std::fs::read_to_string(directory.join("cpu.stat")).ok()?;
    let usec: u64 = text
        .lines()
        .find_map(|line| line.strip_prefix("usage_usec "))?
        .parse()
        .ok()?;
    Some(usec * 1_000)
}

/// The most memory this process ever held, in bytes: `VmHWM` of `/proc/self/status`; `None` where
/// there is no such file.
pub fn peak_memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_versions_of_control_groups() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(
            directory.path().join("cpu.stat"),
            "usage_usec 1500\nuser_usec 1000\n",
        )
        .unwrap();
        assert_eq!(cgroup_cpu_ns(directory.path()), Some(1_500_000));
        std::fs::write(directory.path().join("cpuacct.usage"), "2500000\n").unwrap();
        assert_eq!(cgroup_cpu_ns(directory.path()), Some(2_500_000));
        assert_eq!(cgroup_cpu_ns(Path::new("/nonexistent")), None);
    }

    #[test]
    fn work_costs_cpu_time_and_a_missing_group_is_unknown() {
        let meter = CpuMeter::begin(None);
        let before = process_cpu_ns();
        while process_cpu_ns() - before < 5_000_000 {
            std::hint::black_box((0..10_000_u64).sum::<u64>());
        }
        let used = meter.end();
        assert!(used.generator_seconds >= 0.005, "{used:?}");
        assert_eq!(used.server_seconds, None);
    }

    #[test]
    fn this_process_holds_memory() {
        assert!(peak_memory_bytes().is_none_or(|bytes| bytes > 1 << 20));
    }
}
