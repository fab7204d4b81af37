//! The binary as a person runs it, on a small scenario, in a directory of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use highwater::archive::RunRecord;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Two operations at a modest rate on 20,000 rows; measures 2 s.
const SCENARIO: &str = r#"
description = "small enough for a test"

[dataset]
days = 1
services = 5
traces = 1_024
spans_per_trace = 8
logs_per_trace = 4
series = 4
point_interval = "60s"

[drive]
model = "open"
arrivals = "poisson"
access = "pool"
connections = 4
warm_up = "500ms"
duration = "2s"
drain = "5s"
timeout = "5s"

[operations."trace.get_by_trace_id"]
rate = 300.0

[operations."metric.query_time_series"]
rate = 100.0
window = "6h"
bucket = "5m"

[objectives."trace.get_by_trace_id"]
p95 = "2s"
"#;

/// A directory with a scenario and room for archives.
pub(crate) struct Desk {
    directory: TempDir,
    scenario: String,
}

impl Desk {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Self::with(SCENARIO)
    }

    /// With callers that wait for their answers instead of a schedule.
    pub(crate) fn closed(callers: u32) -> anyhow::Result<Self> {
        let is_open = |line: &&str| !line.starts_with("rate") && !line.starts_with("arrivals");
        let closed: String = SCENARIO
            .lines()
            .filter(is_open)
            .flat_map(|line| [line, "\n"])
            .collect();
        let model = format!("model = \"closed\"\ncallers = {callers}");
        Self::with(&closed.replace("model = \"open\"", &model))
    }

    fn with(scenario: &str) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        std::fs::write(directory.path().join("small.toml"), scenario)?;
        Ok(Self {
            directory,
            scenario: "small.toml".into(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// `highwater run small.toml --out out`, with more arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
        command
            .current_dir(self.path())
            .args(["run", &self.scenario, "--out", "out"])
            .args(arguments)
            .env_remove("HIGHWATER_TARGET")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> anyhow::Result<Ran> {
        Ran::of(self.command(arguments).output()?)
    }

    /// The archives, oldest first.
    pub(crate) fn archives(&self) -> anyhow::Result<Vec<PathBuf>> {
        let Ok(entries) = std::fs::read_dir(self.path().join("out")) else {
            return Ok(Vec::new());
        };
        let mut paths = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<anyhow::Result<Vec<_>>>()?;
        paths.retain(|path| path.is_dir());
        paths.sort();
        Ok(paths)
    }

    /// The only archive's `run.json`.
    pub(crate) fn record(&self) -> anyhow::Result<RunRecord> {
        let archives = self.archives()?;
        ensure!(archives.len() == 1, "one archive, not {archives:?}");
        let text = std::fs::read_to_string(archives[0].join("run.json"))?;
        serde_json::from_str(&text).context("run.json")
    }
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> anyhow::Result<Self> {
        Ok(Self {
            code: output.status.code().context("it was killed by a signal")?,
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// Fails with everything that was printed unless it ended with `code`.
    pub(crate) fn ended_with(self, code: i32) -> anyhow::Result<Self> {
        ensure!(
            self.code == code,
            "exit {} instead of {code}: {self:#?}",
            self.code
        );
        Ok(self)
    }

    /// Fails unless stderr holds every one of `parts`.
    pub(crate) fn says(self, parts: &[&str]) -> anyhow::Result<Self> {
        for part in parts {
            ensure!(
                self.stderr.contains(part),
                "{part:?} is not in: {}",
                self.stderr
            );
        }
        Ok(self)
    }
}

/// A run that is under way.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: String,
}

impl Running {
    pub(crate) fn start(desk: &Desk, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut child = desk
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().context("stderr")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            lines,
            seen: String::new(),
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of stderr that holds `part`.
    pub(crate) fn wait_for(&mut self, part: &str) -> anyhow::Result<()> {
        loop {
            let line = self
                .lines
                .recv_timeout(Duration::from_mins(2))
                .with_context(|| format!("{part:?} never came; it said:\n{}", self.seen))?;
            self.seen.push_str(&line);
            self.seen.push('\n');
            if line.contains(part) {
                return Ok(());
            }
        }
    }

    /// Presses Ctrl-C and waits for the end.
    pub(crate) fn interrupt(mut self) -> anyhow::Result<Ran> {
        let pid = Pid::from_raw(i32::try_from(self.child.id())?).context("a process id")?;
        kill_process(pid, Signal::INT)?;
        let mut stdout = String::new();
        self.child
            .stdout
            .take()
            .context("stdout")?
            .read_to_string(&mut stdout)?;
        let status = self.child.wait()?;
        self.seen.extend(self.lines.iter().map(|line| line + "\n"));
        Ok(Ran {
            code: status.code().context("killed by a signal")?,
            stdout,
            stderr: self.seen,
        })
    }
}

/// Containers, in whatever state, that the process of this id made.
pub(crate) fn containers_of(pid: u32) -> anyhow::Result<String> {
    let filter = format!("label=highwater.pid={pid}");
    let output = Command::new("docker")
        .args(["ps", "-aq", "--filter", &filter])
        .output()?;
    ensure!(output.status.success(), "docker ps failed");
    Ok(String::from_utf8(output.stdout)?)
}
