//! A pinned point read through the whole drive, beside `pgbench -S -M prepared`: the same server,
//! the same socket, the same number of clients, in paired rounds.

use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, ensure};
use highwater::commands::ready::{Ready, Session};
use highwater::drive::{self, Load, Watcher};
use highwater::observe::cpu::process_cpu_ns;
use highwater::plan::{Access, Model, Plan};
use highwater::target::Transport;
use highwater::units::Span;
use highwater::workload::RepositoryWorkload;
use sqlx::ConnectOptions;

const CLIENTS: usize = 8;
const SECONDS: u64 = 5;
const ROUNDS: usize = 3;

/// Client CPU microseconds a call and calls a second.
#[derive(Clone, Copy)]
struct Cost {
    cpu_us: f64,
    per_second: f64,
}

struct Silent;

impl Watcher for Silent {}

/// Prints both sides and their ratio. Without pgbench, or without a socket, says so.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
pub(crate) fn beside_pgbench(plan: &Plan, ready: &Ready, session: &Session) -> anyhow::Result<()> {
    let has_pgbench = Command::new("pgbench").arg("--version").output().is_ok();
    if !has_pgbench || ready.target.transport() != Transport::UnixSocket {
        println!("point read beside pgbench: left out, it takes pgbench and a unix socket");
        return Ok(());
    }
    let pgbench = Pgbench::new(ready, session)?;
    println!(
        "pinned point read beside pgbench -S -M prepared, {CLIENTS} clients, {SECONDS} s a round:"
    );
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let theirs = pgbench.run()?;
        let ours = ours(plan, ready, session)?;
        ratios.push((
            ours.cpu_us / theirs.cpu_us,
            ours.per_second / theirs.per_second,
        ));
        println!(
            "  round {round}: pgbench {:.1} us of CPU a call at {:.0}/s, highwater {:.1} us at {:.0}/s",
            theirs.cpu_us, theirs.per_second, ours.cpu_us, ours.per_second
        );
    }
    let median = |pick: fn(&(f64, f64)) -> f64| {
        let mut values: Vec<f64> = ratios.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!(
        "  median of the rounds: {:.2}x of pgbench's CPU a call, {:.2}x of its calls a second",
        median(|ratio| ratio.0),
        median(|ratio| ratio.1)
    );
    Ok(())
}

/// `trace.get_by_trace_id` in a closed loop over pinned connections, answers checked.
fn ours(plan: &Plan, ready: &Ready, session: &Session) -> anyhow::Result<Cost> {
    let mut plan = plan.clone();
    plan.operations
        .retain(|operation| operation.name == "trace.get_by_trace_id");
    plan.drive.model = Model::Closed;
    plan.drive.access = Access::Pinned;
    plan.drive.workers = 2;
    plan.drive.connections = CLIENTS;
    plan.drive.callers = CLIENTS;
    plan.drive.warm_up = Span::default();
    plan.drive.duration = Span::from_secs(SECONDS);
    let options = ready.target.connect_options();
    let edition = ready.target.edition();
    let workload = RepositoryWorkload::pinned(options, edition, &plan, &ready.dataset);
    let load = Load::of(&plan);
    let before_ns = process_cpu_ns();
    let handle = session.runtime.handle();
    let driven = drive::run(
        &load,
        Arc::new(workload),
        handle,
        &mut Silent,
        &session.cancel,
    )?;
    let cpu_us = (process_cpu_ns() - before_ns) as f64 / 1e3;
    let counts = driven.operations[0].record.counts;
    ensure!(counts.ok == counts.total(), "calls failed: {counts:?}");
    Ok(Cost {
        cpu_us: cpu_us / counts.ok as f64,
        per_second: counts.ok as f64 / driven.times.measure.as_secs_f64(),
    })
}

/// A database of pgbench's own on the same server.
struct Pgbench {
    socket: String,
    user: String,
}

impl Pgbench {
    const DATABASE: &'static str = "highwater_pgbench";

    fn new(ready: &Ready, session: &Session) -> anyhow::Result<Self> {
        let options = ready.target.connect_options();
        let socket = options
            .get_socket()
            .context("a socket directory")?
            .display()
            .to_string();
        let user = options.get_username().to_owned();
        session.runtime.block_on(async {
            let mut connection = options.connect().await?;
            sqlx::raw_sql("CREATE DATABASE highwater_pgbench")
                .execute(&mut connection)
                .await
        })?;
        let pgbench = Self { socket, user };
        let made = pgbench
            .command(&["-i", "-q", "-s", "5"])
            .stderr(Stdio::null())
            .status()?;
        ensure!(made.success(), "pgbench could not make its tables");
        Ok(pgbench)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("pgbench");
        command
            .args(["-h", &self.socket, "-U", &self.user])
            .args(arguments)
            .arg(Self::DATABASE);
        command
    }

    fn run(&self) -> anyhow::Result<Cost> {
        let (clients, seconds) = (CLIENTS.to_string(), SECONDS.to_string());
        let arguments = [
            "-n", "-S", "-M", "prepared", "-c", &clients, "-j", "2", "-T", &seconds,
        ];
        let before = children_cpu_us()?;
        let output = self.command(&arguments).output()?;
        let cpu_us = children_cpu_us()? - before;
        let text = String::from_utf8(output.stdout)?;
        let number = |head: &str| {
            let rest = text.lines().find_map(|line| line.strip_prefix(head))?;
            rest.split_whitespace().next()?.parse::<f64>().ok()
        };
        let calls = number("number of transactions actually processed: ")
            .with_context(|| format!("pgbench said: {text}"))?;
        let per_second = number("tps = ").context("pgbench's tps")?;
        Ok(Cost {
            cpu_us: cpu_us / calls,
            per_second,
        })
    }
}

/// CPU time of children that ended, in microseconds: fields 16 and 17 of `/proc/self/stat`, in
/// ticks of 10 ms.
fn children_cpu_us() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let after = text.rsplit(')').next().context("/proc/self/stat")?;
    let ticks: f64 = after
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(|field| field.parse().unwrap_or(0.0))
        .sum();
    Ok(ticks * 10_000.0)
}
