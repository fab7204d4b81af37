//! Whole runs: what they print, archive and leave behind, and how they end.

use std::fs;
use std::io::BufReader;
use std::process::Command;

use anyhow::{Context, ensure};
use highwater::archive::{History, ObjectiveVerdict, RunRecord, ValidityVerdict};
use libtest_mimic::Trial;

use crate::command::{Desk, Running, containers_of};
use crate::fixture::Fixture;

pub(crate) fn trials(fixture: &Fixture) -> Vec<Trial> {
    let trial = |name: &str, body: fn() -> anyhow::Result<()>| {
        fixture.trial(name, move |_| async move { body() })
    };
    vec![
        trial(
            "run_archives_what_it_measured",
            run_archives_what_it_measured,
        ),
        trial("run_is_pinned_and_closed_too", run_is_pinned_and_closed_too),
        trial(
            "run_without_samples_is_unknown",
            run_without_samples_is_unknown,
        ),
        trial(
            "run_with_fsync_off_is_suspect",
            run_with_fsync_off_is_suspect,
        ),
        trial(
            "run_overloaded_misses_its_objective",
            run_overloaded_misses_its_objective,
        ),
        trial("image_missing", image_missing),
        trial("interrupted_while_filling", interrupted_while_filling),
        trial("interrupted_while_warming_up", interrupted_while_warming_up),
        trial("interrupted_while_measuring", interrupted_while_measuring),
        trial("disk_full_while_archiving", disk_full_while_archiving),
    ]
}

/// Counts add up, nothing is wrong, and no answer went unchecked.
fn is_sound(record: &RunRecord) -> anyhow::Result<()> {
    for operation in &record.operations {
        let accounted = operation.ok + operation.lost();
        ensure!(operation.scheduled == accounted, "{operation:?}");
        ensure!(operation.wrong_answers == Some(0) && operation.empty_answers == Some(0));
        ensure!(operation.latency_ns.response.count >= operation.ok);
        ensure!(operation.rows > 0, "{} decoded rows", operation.name);
    }
    Ok(())
}

fn run_archives_what_it_measured() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let ran = desk.run(&[])?.ended_with(0)?.says(&["filled", "measure"])?;
    ensure!(
        ran.stdout.contains("trace.get_by_trace_id"),
        "{}",
        ran.stdout
    );
    ensure!(ran.stdout.contains("report.html"), "{}", ran.stdout);
    let record = desk.record()?;
    is_sound(&record)?;
    // 2 s at 300/s: five standard deviations of a Poisson count on either side.
    let scheduled = record.operations[0].scheduled as f64;
    ensure!(
        (scheduled - 600.0).abs() < 5.0 * 600_f64.sqrt(),
        "{scheduled}"
    );
    ensure!(record.objectives.verdict == ObjectiveVerdict::Pass);
    ensure!(
        record
            .resources
            .server_cpu_seconds
            .is_some_and(|seconds| seconds > 0.0)
    );
    let archive = desk.archives()?.remove(0);
    let log = fs::read(archive.join("intervals.hlog"))?;
    let counted = interval_samples(&log, "trace.get_by_trace_id.response")?;
    ensure!(
        counted == record.operations[0].latency_ns.response.count,
        "{counted}"
    );
    let page = fs::read_to_string(archive.join("report.html"))?;
    ensure!(page.contains("<svg") && !page.contains("src=\"http"));
    serde_json::from_str::<serde_json::Value>(&fs::read_to_string(archive.join("series.json"))?)?;
    desk.run(&["--quiet"])?.ended_with(0)?;
    ensure!(
        History::of(&desk.path().join("out")).read()?.len() == 2,
        "a line for each run"
    );
    Ok(())
}

/// Samples of one tag in an interval log, read by the stock reader.
fn interval_samples(log: &[u8], tag: &str) -> anyhow::Result<u64> {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    let mut samples = 0;
    for entry in IntervalLogIterator::new(log) {
        let entry = entry.map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let LogEntry::Interval(interval) = entry else {
            continue;
        };
        if interval.tag().is_some_and(|found| found.as_str() == tag) {
            let bytes = base64::Engine::decode(
                &base64::engine::general_purpose::STANDARD,
                interval.encoded_histogram(),
            )?;
            let histogram: hdrhistogram::Histogram<u64> =
                Deserializer::new().deserialize(&mut BufReader::new(bytes.as_slice()))?;
            samples += histogram.len();
        }
    }
    Ok(samples)
}

fn run_is_pinned_and_closed_too() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    desk.run(&["--set", "drive.access=pinned"])?.ended_with(0)?;
    is_sound(&desk.record()?)?;
    let desk = Desk::closed(8)?;
    desk.run(&[])?.ended_with(0)?;
    let record = desk.record()?;
    is_sound(&record)?;
    ensure!(record.pacing_ns.is_none(), "a closed loop has no schedule");
    Ok(())
}

fn run_without_samples_is_unknown() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let rare = r#"operations."trace.get_by_trace_id".rate=20.0"#;
    desk.run(&["--set", rare])?.ended_with(4)?;
    let record = desk.record()?;
    ensure!(record.objectives.verdict == ObjectiveVerdict::Unknown);
    ensure!(verdict_of(&record, "samples")? == ValidityVerdict::Suspect);
    Ok(())
}

fn verdict_of(record: &RunRecord, check: &str) -> anyhow::Result<ValidityVerdict> {
    let found = record
        .validity
        .checks
        .iter()
        .find(|known| known.name == check);
    Ok(found.with_context(|| format!("no check {check}"))?.verdict)
}

fn run_with_fsync_off_is_suspect() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    desk.run(&["--set", "server.fsync=off"])?.ended_with(0)?;
    let record = desk.record()?;
    ensure!(verdict_of(&record, "durability")? == ValidityVerdict::Suspect);
    ensure!(record.validity.verdict >= ValidityVerdict::Suspect);
    Ok(())
}

/// One connection cannot serve 20,000 series a second: the objective is missed, the backlog is named,
/// and service stays what it is.
fn run_overloaded_misses_its_objective() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let arguments = [
        r#"operations."metric.query_time_series".rate=20000.0"#,
        r#"objectives."trace.get_by_trace_id".p95="500ms""#,
        "drive.connections=1",
        "pool.min=1",
        "drive.timeout=1s",
        "drive.drain=1s",
    ];
    let set: Vec<&str> = arguments
        .into_iter()
        .flat_map(|argument| ["--set", argument])
        .collect();
    desk.run(&set)?.ended_with(1)?;
    let record = desk.record()?;
    ensure!(verdict_of(&record, "achieved_rate")? == ValidityVerdict::Suspect);
    ensure!(record.objectives.verdict == ObjectiveVerdict::Fail);
    let series = &record.operations[1];
    ensure!(
        series.timed_out + series.unfinished > series.ok,
        "{series:?}"
    );
    let (wait, service) = (&series.latency_ns.wait, &series.latency_ns.service);
    ensure!(
        wait.p50 > service.p99,
        "the backlog is not the query's time: {series:?}"
    );
    Ok(())
}

fn interrupted_while_filling() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let large = ["--set", "dataset.traces=1048576", "--set", "dataset.days=7"];
    let mut running = Running::start(&desk, &large)?;
    running.wait_for("target ready")?;
    ends_clean(&desk, running)?;
    ensure!(desk.record()?.operations.is_empty(), "nothing was measured");
    Ok(())
}

fn interrupted_while_warming_up() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let mut running = Running::start(&desk, &["--set", "drive.warm_up=60s"])?;
    running.wait_for("warming up")?;
    ends_clean(&desk, running)?;
    ensure!(
        desk.record()?
            .operations
            .iter()
            .all(|operation| operation.scheduled == 0)
    );
    Ok(())
}

fn interrupted_while_measuring() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let mut running = Running::start(&desk, &["--duration", "60s"])?;
    running.wait_for("measure")?;
    running.wait_for("measure")?;
    ends_clean(&desk, running)?;
    let record = desk.record()?;
    is_sound(&record)?;
    ensure!(
        record.operations[0].scheduled > 300,
        "two seconds were measured"
    );
    ensure!(
        History::of(&desk.path().join("out")).read()?.is_empty(),
        "it did not finish"
    );
    Ok(())
}

/// Ctrl-C ends a run with 130, a partial archive and nothing else.
fn ends_clean(desk: &Desk, running: Running) -> anyhow::Result<()> {
    let pid = running.pid();
    running.interrupt()?.ended_with(130)?;
    let left = containers_of(pid)?;
    ensure!(left.is_empty(), "containers were left: {left}");
    ensure!(desk.record()?.interrupted);
    Ok(())
}

/// On a file system of 48 KiB the interval log does not fit; the table is printed all the same.
fn disk_full_while_archiving() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let out = desk.path().join("out");
    fs::create_dir(&out)?;
    let mut script = Command::new("unshare");
    script.args([
        "--mount",
        "sh",
        "-c",
        "mount -t tmpfs -o size=48k tmpfs out && exec \"$@\"",
        "sh",
    ]);
    let inner = desk.command(&[]);
    script
        .arg(inner.get_program())
        .args(inner.get_args())
        .current_dir(desk.path());
    let output = script.env("NO_COLOR", "1").output()?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(3),
        "{:?}: {stderr}",
        output.status
    );
    ensure!(stderr.contains("disk full while archiving"), "{stderr}");
    ensure!(
        stdout.contains("trace.get_by_trace_id"),
        "the table: {stdout}"
    );
    Ok(())
}

fn image_missing() -> anyhow::Result<()> {
    let desk = Desk::new()?;
    let ran = desk
        .run(&["--image", "highwater/no-such-image:1"])?
        .ended_with(3)?;
    ran.says(&["highwater/no-such-image:1", "make image"])?;
    ensure!(
        desk.archives()?.is_empty(),
        "nothing was measured, nothing is left"
    );
    Ok(())
}
