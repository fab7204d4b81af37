//! What is written and shown while a run is under way: intervals, series, CPU, a line a second.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use crate::archive::{
    ArchiveError, ArchiveWriter, Columns, IntervalError, IntervalLog, OperationSecond, PartSecond,
    Second, SeriesWriter,
};
use crate::commands::print;
use crate::drive::{Interval, Watcher};
use crate::observe::{CpuMeter, CpuUse};
use crate::plan::{Model, Plan};
use crate::record::{LatencyHistogram, OperationRecord, Part};
use crate::report::{Progress, progress_line};
use crate::units::Quantile;

/// The file of merged intervals.
const INTERVALS: &str = "intervals.hlog";
/// The file of seconds.
const SERIES: &str = "series.json";

type Out = BufWriter<File>;

/// Looks on at one run.
pub struct Live {
    names: Vec<String>,
    open: bool,
    duration: Duration,
    quiet: bool,
    streams: Option<(Out, Out)>,
    log: Option<IntervalLog<Out>>,
    series: Option<SeriesWriter<Out>>,
    /// The first error of a file; what comes after it is not written, and the run goes on.
    broken: Option<(&'static str, io::Error)>,
    server_cgroup: Option<PathBuf>,
    meter: Option<CpuMeter>,
    used: Option<CpuUse>,
    phase: (&'static str, Instant),
    scheduled: u64,
    ended: u64,
    missed: u64,
}

/// What a run left behind.
pub struct Seen {
    /// CPU time while measuring; `None` when nothing was measured.
    pub cpu: Option<CpuUse>,
    /// What the page draws over time.
    pub columns: Columns,
}

impl Live {
    /// Opens the files of `archive`.
    pub fn new(
        plan: &Plan,
        archive: &mut ArchiveWriter,
        server_cgroup: Option<PathBuf>,
        quiet: bool,
    ) -> Result<Self, ArchiveError> {
        let streams = Some((archive.stream(INTERVALS)?, archive.stream(SERIES)?));
        Ok(Self {
            names: plan
                .operations
                .iter()
                .map(|operation| operation.name.clone())
                .collect(),
            open: plan.drive.model == Model::Open,
            duration: plan.drive.duration.0,
            quiet,
            streams,
            log: None,
            series: None,
            broken: None,
            server_cgroup,
            meter: None,
            used: None,
            phase: ("connect", Instant::now()),
            scheduled: 0,
            ended: 0,
            missed: 0,
        })
    }

    /// Closes the files. An error of one of them comes after everything else was saved.
    pub fn finish(mut self, archive: &mut ArchiveWriter) -> (Seen, Option<ArchiveError>) {
        if !self.quiet {
            print::progress_end();
        }
        self.end_measuring();
        if self.log.is_none() {
            self.begin_files();
        }
        if let Some(log) = self.log.take()
            && let Err(error) = log.finish()
        {
            self.fail(INTERVALS, error);
        }
        let mut columns = Columns::new(self.names.iter().cloned());
        if let Some(series) = self.series.take() {
            columns = series.columns().clone();
            if let Err(error) = series.finish() {
                self.fail(SERIES, error);
            }
        }
        let error = self
            .broken
            .take()
            .map(|(name, source)| archive.failed(name, source, None));
        (
            Seen {
                cpu: self.used,
                columns,
            },
            error,
        )
    }

    fn begin_files(&mut self) {
        let Some((log, series)) = self.streams.take() else {
            return;
        };
        let now = SystemTime::now();
        match IntervalLog::begin(log, now) {
            Ok(log) => self.log = Some(log),
            Err(error) => self.fail(INTERVALS, error),
        }
        match SeriesWriter::begin(series, now.into(), &self.names) {
            Ok(series) => self.series = Some(series),
            Err(error) => self.fail(SERIES, error),
        }
    }

    fn end_measuring(&mut self) {
        if let Some(meter) = self.meter.take() {
            self.used = Some(meter.end());
        }
    }

    fn fail(&mut self, file: &'static str, error: io::Error) {
        self.broken.get_or_insert((file, error));
    }

    fn write(&mut self, interval: &Interval<'_>) {
        if self.broken.is_some() {
            return;
        }
        if let Err(error) = self.write_intervals(interval) {
            self.fail(INTERVALS, error);
        }
        // The end of a drain in which nothing ended is no part of the picture.
        let is_over = interval.draining
            && interval
                .operations
                .iter()
                .all(|record| record.counts.total() == 0);
        if is_over {
            return;
        }
        let second = second(interval);
        if let Some(series) = &mut self.series
            && let Err(error) = series.write(&second)
        {
            self.fail(SERIES, error);
        }
    }

    fn write_intervals(&mut self, interval: &Interval<'_>) -> io::Result<()> {
        let Some(log) = &mut self.log else {
            return Ok(());
        };
        for (name, record) in self.names.iter().zip(interval.operations) {
            for part in Part::ALL
                .into_iter()
                .filter(|part| record.part(*part).count() > 0)
            {
                let tag = tag(name, part);
                let histogram = record.part(part).as_hdr();
                log.write(&tag, interval.offset, interval.length, histogram)
                    .map_err(|error| match error {
                        IntervalError::Io(error) => error,
                        other => io::Error::other(other),
                    })?;
            }
        }
        Ok(())
    }

    fn show(&mut self, interval: &Interval<'_>) {
        let counts = interval.operations.iter().map(|record| record.counts);
        let (mut ok, mut missed) = (0, 0);
        for counts in counts {
            ok += counts.ok;
            missed += counts.missed();
        }
        self.scheduled += interval.scheduled.iter().sum::<u64>();
        self.ended += ok + missed;
        self.missed += missed;
        if self.quiet {
            return;
        }
        let seconds = interval.length.as_secs_f64().max(1e-3);
        let (phase, began) = self.phase;
        let progress = Progress {
            phase,
            elapsed: began.elapsed(),
            total: self.duration,
            offered_per_second: self
                .open
                .then(|| interval.scheduled.iter().sum::<u64>() as f64 / seconds),
            achieved_per_second: ok as f64 / seconds,
            in_flight: self.scheduled.saturating_sub(self.ended + interval.waiting),
            backlog: interval.waiting,
            p99_ns: merged(interval.operations).at(Quantile::P99),
            failed: self.missed,
        };
        print::progress(&progress_line(&progress));
    }
}

impl Watcher for Live {
    fn warming_up(&mut self, warm_up: Duration) {
        self.phase = ("warm-up", Instant::now());
        if !self.quiet {
            print::progress(&format!("warming up for {:.0} s", warm_up.as_secs_f64()));
        }
    }

    fn measuring(&mut self) {
        self.begin_files();
        self.meter = Some(CpuMeter::begin(self.server_cgroup.clone()));
        self.phase = ("measure", Instant::now());
    }

    fn interval(&mut self, interval: &Interval<'_>) {
        self.write(interval);
        self.show(interval);
    }

    fn draining(&mut self) {
        self.end_measuring();
        self.phase.0 = "drain";
    }
}

/// `operation.part`, without the characters that the interval log reserves.
fn tag(operation: &str, part: Part) -> String {
    let plain = operation.replace([',', ' ', '\t', '\r', '\n'], "_");
    format!("{plain}.{}", part.name())
}

fn second(interval: &Interval<'_>) -> Second {
    let operations = interval.operations.iter().zip(interval.scheduled);
    Second {
        second: interval.offset.as_secs_f64().round() as u64,
        operations: operations
            .map(|(record, scheduled)| OperationSecond {
                offered: *scheduled,
                achieved: record.counts.ok,
                response: PartSecond::of(record.response.as_hdr()),
                lag: PartSecond::of(record.lag.as_hdr()),
                wait: PartSecond::of(record.wait.as_hdr()),
                service: PartSecond::of(record.service.as_hdr()),
            })
            .collect(),
    }
}

fn merged(operations: &[OperationRecord]) -> LatencyHistogram {
    let mut merged = LatencyHistogram::new();
    for record in operations {
        merged.merge(&record.response);
    }
    merged
}

/// Whether stderr is a terminal, on which a line can be written over.
pub fn is_terminal() -> bool {
    io::stderr().is_terminal()
}
