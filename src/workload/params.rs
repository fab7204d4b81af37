//! The parameters of a call: a pure function of (seed, operation, index) and the data set.
//!
//! Input: an operation's plan and the data set. Output: identifiers, services, series, ranges and
//! cursors by index. Nothing is stored for each call, so a call and its check draw the same.
//! Knows nothing of repositories but the types of their arguments.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::dataset::{Dataset, TraceId};
use crate::plan::{Call, Draw, OperationPlan, Parameters, WindowEnd};
use crate::stats::draw::Stream;
use crate::store::{Cursor, TimeRange};

/// Sets these streams apart from the schedule's and the data set's of the same seed.
const STREAM: u64 = 0x7061_7261_6D73;

/// Draws the parameters of one operation's calls.
#[derive(Debug, Clone)]
pub struct Draws {
    dataset: Dataset,
    parameters: Parameters,
    traces: u64,
    /// The last instant that a window may end at.
    end: DateTime<Utc>,
    window: TimeDelta,
    /// Minutes that a window may end before `end`; 1 where it always ends there.
    ends: u64,
    ids: Stream,
    unknown: Stream,
    windows: Stream,
    cursors: Stream,
}

/// The trace that a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawnTrace {
    /// The one at this index of the data set.
    Known(u64),
    /// The one that does not exist, of this number.
    Absent(u64),
}

impl Draws {
    /// The draws of `plan`, which stands at `operation` of the plan's order.
    pub fn new(dataset: &Dataset, seed: u64, operation: usize, plan: &OperationPlan) -> Self {
        let data = dataset.plan();
        let streams = Stream::new(seed, STREAM).child(operation as u64);
        let parameters = plan.parameters.clone();
        let window = TimeDelta::from_std(parameters.window.0).unwrap_or(TimeDelta::MAX);
        // The newest point is looked for where the data ends: a lookback has no other end.
        let latest =
            parameters.at == WindowEnd::Latest || plan.call == Call::MetricGetLatestDataPoint;
        let slack = data.length().saturating_sub(parameters.window.0);
        let ends = if latest { 1 } else { slack.as_secs() / 60 + 1 };
        Self {
            dataset: dataset.clone(),
            traces: data.traces,
            end: data.end,
            window,
            ends,
            ids: streams.child(0),
            unknown: streams.child(1),
            windows: streams.child(2),
            cursors: streams.child(3),
            parameters,
        }
    }

    /// The plan's own parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Whether every call has the same range.
    pub fn range_is_fixed(&self) -> bool {
        self.ends == 1
    }

    /// The trace of call `index`.
    pub fn trace(&self, index: u64) -> DrawnTrace {
        let share = self.parameters.unknown_share;
        if self.traces == 0 || (share > 0.0 && self.unknown.open01(index) < share) {
            return DrawnTrace::Absent(index);
        }
        DrawnTrace::Known(self.trace_index(index))
    }

    fn trace_index(&self, index: u64) -> u64 {
        match self.parameters.draw {
            Draw::Uniform => self.ids.below(index, self.traces),
            // Popular traces lie anywhere in the data: their ranks are scattered.
            Draw::Zipf => {
                let rank = self.rank(index, self.traces);
                self.ids.child(u64::MAX).below(rank, self.traces)
            }
            Draw::Latest => self.traces - 1 - self.rank(index, self.traces),
        }
    }

    /// A rank in `0..n` by Zipf's law with exponent 1, from its continuous inverse: rank k has
    /// probability ln((k + 2) / (k + 1)) / ln(n + 1), which is 1 / k to within its normalisation.
    fn rank(&self, index: u64, n: u64) -> u64 {
        let spread = libm::log1p(n as f64);
        let rank = libm::expm1(self.ids.open01(index) * spread) as u64;
        rank.min(n.saturating_sub(1))
    }

    /// `traces.trace_id` of a drawn trace.
    pub fn trace_id(&self, trace: DrawnTrace) -> TraceId {
        match trace {
            DrawnTrace::Known(index) => self.dataset.trace_id(index),
            DrawnTrace::Absent(number) => self.dataset.absent_trace_id(number),
        }
    }

    /// `traces.id` of a drawn trace.
    pub fn row_id(&self, trace: DrawnTrace) -> Uuid {
        match trace {
            DrawnTrace::Known(index) => self.dataset.trace_row_id(index),
            DrawnTrace::Absent(number) => self.dataset.absent_uuid(number),
        }
    }

    /// The rank of the service of call `index`. Zipf is the popularity that the data has.
    pub fn service(&self, index: u64) -> u32 {
        match self.parameters.draw {
            Draw::Uniform => {
                let services = u64::from(self.dataset.plan().services);
                self.ids.below(index, services) as u32
            }
            Draw::Zipf => {
                let trace = self.ids.below(index, self.traces);
                self.dataset.trace_service(trace)
            }
            Draw::Latest => self.dataset.trace_service(self.trace_index(index)),
        }
    }

    /// The series of call `index`; the newest is the last.
    pub fn series(&self, index: u64) -> u32 {
        let series = u64::from(self.dataset.plan().series);
        let drawn = match self.parameters.draw {
            Draw::Uniform => self.ids.below(index, series),
            Draw::Zipf => self.rank(index, series),
            Draw::Latest => series.saturating_sub(1) - self.rank(index, series),
        };
        drawn as u32
    }

    /// The time range of call `index`: half open, ending at a whole minute before the data's end.
    pub fn range(&self, index: u64) -> TimeRange {
        let minutes = self.windows.below(index, self.ends);
        let end = self.end - TimeDelta::minutes(minutes.cast_signed());
        TimeRange::before(end, self.window)
    }

    /// The cursor of call `index`: a trace within its range, or the range's end where there is
    /// none.
    pub fn cursor(&self, index: u64) -> Cursor {
        let range = self.range(index);
        let first = self.dataset.traces_before(range.start());
        let within = self.dataset.traces_before(range.end()) - first;
        if within == 0 {
            return Cursor {
                time: range.end(),
                id: Uuid::nil(),
            };
        }
        let trace = first + self.cursors.below(index, within);
        Cursor {
            time: self.dataset.trace_start(trace),
            id: self.dataset.trace_row_id(trace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::DatasetPlan;
    use crate::units::Span;
    use std::collections::HashMap;

    fn dataset() -> Dataset {
        Dataset::new(&DatasetPlan {
            seed: 1,
            days: 2,
            end: DateTime::from_timestamp(1_750_000_000, 0).unwrap(),
            services: 10,
            traces: 64 * 100,
            spans_per_trace: 4,
            logs_per_trace: 3,
            series: 20,
            point_interval: Span::from_secs(60),
            error_permille: 20,
            threads: 1,
        })
    }

    fn draws(draw: Draw, unknown_share: f64, at: WindowEnd) -> Draws {
        let plan = OperationPlan {
            name: "test".to_owned(),
            call: Call::TraceList,
            rate: None,
            weight: 1,
            parameters: Parameters {
                window: Span::from_secs(3_600),
                limit: 10,
                offset: 0,
                search: String::new(),
                bucket: Span::from_secs(300),
                at,
                draw,
                unknown_share,
            },
        };
        Draws::new(&dataset(), 7, 3, &plan)
    }

    fn known(draws: &Draws, n: u64) -> Vec<u64> {
        let traces = (0..n).map(|i| draws.trace(i));
        traces
            .filter_map(|trace| match trace {
                DrawnTrace::Known(index) => Some(index),
                DrawnTrace::Absent(_) => None,
            })
            .collect()
    }

    #[test]
    fn a_call_draws_the_same_again_and_another_operation_does_not() {
        let (one, again) = (
            draws(Draw::Uniform, 0.1, WindowEnd::Uniform),
            draws(Draw::Uniform, 0.1, WindowEnd::Uniform),
        );
        assert!((0..500).all(|i| one.trace(i) == again.trace(i)
            && one.range(i) == again.range(i)
            && one.cursor(i) == again.cursor(i)));
        let plan = OperationPlan {
            name: String::new(),
            call: Call::TraceList,
            rate: None,
            weight: 1,
            parameters: one.parameters().clone(),
        };
        let other = Draws::new(&dataset(), 7, 4, &plan);
        assert!(
            (0..500)
                .filter(|i| one.trace(*i) == other.trace(*i))
                .count()
                < 5
        );
    }

    #[test]
    fn the_share_of_unknown_ids_is_the_one_asked_for() {
        let found = known(&draws(Draw::Uniform, 0.25, WindowEnd::Latest), 20_000).len();
        assert!((14_700..15_300).contains(&found), "{found}");
        let all = known(&draws(Draw::Uniform, 0.0, WindowEnd::Latest), 1_000).len();
        assert_eq!(all, 1_000);
    }

    #[test]
    fn zipf_makes_the_first_rank_the_likeliest_by_its_law() {
        let n = 100_000;
        let mut counts: HashMap<u64, u64> = HashMap::new();
        for index in known(&draws(Draw::Zipf, 0.0, WindowEnd::Latest), n) {
            *counts.entry(index).or_default() += 1;
        }
        // Rank 0 has probability ln(2) / ln(6,401) = 0.0791.
        let top = counts.values().max().copied().unwrap() as f64 / n as f64;
        assert!((top - 0.0791).abs() < 0.004, "{top}");
        let newest = known(&draws(Draw::Latest, 0.0, WindowEnd::Latest), n);
        let last = newest.iter().filter(|i| **i == 6_399).count() as f64 / n as f64;
        assert!((last - 0.0791).abs() < 0.004, "{last}");
        assert!(newest.iter().all(|i| *i < 6_400));
    }

    #[test]
    fn windows_lie_inside_the_data_and_end_on_whole_minutes() {
        let data = dataset();
        let uniform = draws(Draw::Uniform, 0.0, WindowEnd::Uniform);
        let ends: std::collections::HashSet<_> = (0..5_000)
            .map(|i| {
                let range = uniform.range(i);
                assert!(range.start() >= data.plan().start() && range.end() <= data.plan().end);
                assert_eq!(range.length(), TimeDelta::hours(1));
                assert_eq!((data.plan().end - range.end()).num_seconds() % 60, 0);
                range.end()
            })
            .collect();
        assert!(ends.len() > 1_800, "{}", ends.len());
        let latest = draws(Draw::Uniform, 0.0, WindowEnd::Latest);
        assert!(latest.range_is_fixed() && latest.range(9).end() == data.plan().end);
    }

    #[test]
    fn services_are_drawn_as_popular_as_they_are() {
        let zipf = draws(Draw::Zipf, 0.0, WindowEnd::Latest);
        let uniform = draws(Draw::Uniform, 0.0, WindowEnd::Latest);
        let first = |d: &Draws| (0..20_000).filter(|i| d.service(*i) == 0).count() as f64 / 2e4;
        let data = dataset();
        let share = (0..6_400).filter(|i| data.trace_service(*i) == 0).count() as f64 / 6_400.0;
        assert!((first(&zipf) - share).abs() < 0.02, "{share}");
        assert!((first(&uniform) - 0.1).abs() < 0.01);
    }
}
