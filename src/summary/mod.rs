//! Recording -> numbers.
//!
//! Input: what was driven. Output: [`Summary`], rates, counts and quantiles of each operation,
//! read from merged histograms. Knows nothing of objectives.

use std::time::Duration;

use crate::drive::{Driven, OperationTotal};
use crate::record::{LatencyHistogram, Part};

/// The numbers of a run.
#[derive(Debug, Clone)]
pub struct Summary {
    /// In the plan's order.
    pub operations: Vec<OperationSummary>,
    /// How long the measured window was.
    pub measured: Duration,
}

/// The numbers of one operation.
#[derive(Debug, Clone)]
pub struct OperationSummary {
    /// What was recorded.
    pub total: OperationTotal,
    /// Arrivals due per second of the window.
    pub offered_per_second: f64,
    /// Calls that succeeded before the window ended, per second of it. Below the offered rate by
    /// what was still under way, and by what failed.
    pub achieved_per_second: f64,
    /// The mean number of connections that its calls held: held time over the window, which is
    /// rate times mean hold by Little's law.
    pub busy_connections: f64,
}

impl Summary {
    /// Summarises a run.
    pub fn of(driven: &Driven) -> Self {
        let measured = driven.times.measure;
        let operations = driven
            .operations
            .iter()
            .map(|total| OperationSummary::of(total, measured))
            .collect();
        Self {
            operations,
            measured,
        }
    }

    /// The summary of a run that measured nothing.
    pub fn empty() -> Self {
        Self {
            operations: Vec::new(),
            measured: Duration::ZERO,
        }
    }

    /// Arrivals of all operations.
    pub fn scheduled(&self) -> u64 {
        self.operations
            .iter()
            .map(|operation| operation.total.scheduled)
            .sum()
    }

    /// Arrivals due per second, all operations.
    pub fn offered_per_second(&self) -> f64 {
        self.operations
            .iter()
            .map(|operation| operation.offered_per_second)
            .sum()
    }

    /// Successful calls per second, all operations.
    pub fn achieved_per_second(&self) -> f64 {
        self.operations
            .iter()
            .map(|operation| operation.achieved_per_second)
            .sum()
    }

    /// The lag of all operations together: the harness's own delay.
    pub fn lag(&self) -> LatencyHistogram {
        let mut merged = LatencyHistogram::new();
        for operation in &self.operations {
            merged.merge(&operation.total.record.lag);
        }
        merged
    }
}

impl OperationSummary {
    fn of(total: &OperationTotal, measured: Duration) -> Self {
        let per_second = |count: f64| match measured.as_secs_f64() {
            seconds if seconds > 0.0 => count / seconds,
            _ => 0.0,
        };
        Self {
            offered_per_second: per_second(total.scheduled as f64),
            achieved_per_second: per_second(total.ok_in_window as f64),
            busy_connections: per_second(total.record.hold_ns as f64 / 1e9),
            total: total.clone(),
        }
    }

    /// Share of the arrivals that brought no right answer in time, 0-1; 0 without arrivals.
    pub fn missed_share(&self) -> f64 {
        match self.total.scheduled {
            0 => 0.0,
            scheduled => self.total.record.counts.missed() as f64 / scheduled as f64,
        }
    }

    /// The histogram of a part.
    pub fn part(&self, part: Part) -> &LatencyHistogram {
        self.total.record.part(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{OperationRecord, Outcome, Sample};
    use crate::workload::{Answer, AnswerVerdict};

    fn call(held_ns: u64, outcome: Outcome) -> Sample {
        Sample {
            operation: 0,
            scheduled_ns: 0,
            handed_ns: 10,
            started_ns: Some(20),
            finished_ns: 20 + held_ns,
            released_ns: 20 + held_ns,
            outcome,
        }
    }

    #[test]
    fn rates_and_busy_connections_are_over_the_window() {
        let mut record = OperationRecord::default();
        let answer = Answer {
            rows: 3,
            verdict: AnswerVerdict::Right,
        };
        for _ in 0..90 {
            record.record(&call(50_000_000, Outcome::Ok(answer)));
        }
        for _ in 0..10 {
            record.record(&call(100_000_000, Outcome::TimedOut));
        }
        let total = OperationTotal {
            name: "x".into(),
            scheduled: 100,
            ok_in_window: 80,
            record,
        };
        let summary = OperationSummary::of(&total, Duration::from_secs(2));
        assert_eq!(
            (summary.offered_per_second, summary.achieved_per_second),
            (50.0, 40.0)
        );
        assert!((summary.missed_share() - 0.1).abs() < 1e-12);
        // (90 x 50 ms + 10 x 100 ms) / 2 s.
        assert!((summary.busy_connections - 2.75).abs() < 1e-9);
        assert_eq!(summary.total.record.counts.rows, 270);
    }

    #[test]
    fn an_empty_window_has_no_rates() {
        let total = OperationTotal {
            name: "x".into(),
            scheduled: 0,
            ok_in_window: 0,
            record: OperationRecord::default(),
        };
        let summary = OperationSummary::of(&total, Duration::ZERO);
        assert_eq!(
            (summary.offered_per_second, summary.missed_share()),
            (0.0, 0.0)
        );
    }
}
