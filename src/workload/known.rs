//! How many rows an answer must have, from the data set alone.
//!
//! Input: a range and what is asked for. Output: a count, or `None` where it would cost more than
//! it is worth: the check of a call runs on a worker that has calls to make. Counts of fixed ranges
//! are kept. Knows nothing of repositories.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::dataset::Dataset;
use crate::store::{Cursor, TimeRange};

/// Rows that a count may look at where its range comes once: below a millisecond of work.
const AFFORDABLE_ROWS: u64 = 50_000;

/// Counts kept at most; then they are forgotten together.
const KEPT_COUNTS: usize = 4_096;

/// Known answers, by what was asked.
#[derive(Debug)]
pub struct Known {
    dataset: Dataset,
    /// `metrics.id` of each series.
    series_ids: Vec<Uuid>,
    /// The series of each service, by rank.
    series_of: HashMap<u32, Vec<u32>>,
    counts: RwLock<HashMap<(Question, TimeRange, u64), u64>>,
}

/// What is counted, apart from the range.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// Traces of the service at this rank.
    ServiceTraces(u32),
    /// Failed traces.
    ErrorTraces,
    /// Log records of the service at this rank.
    ServiceLogs(u32),
    /// Log records at ERROR or above.
    ErrorLogs,
    /// Log records of which the operation at this place searches the text.
    Search(usize),
}

impl Known {
    /// Nothing counted yet.
    pub fn new(dataset: &Dataset) -> Self {
        let mut series_ids = Vec::new();
        let mut series_of: HashMap<u32, Vec<u32>> = HashMap::new();
        for series in 0..dataset.plan().series {
            let metric = dataset.metric(series);
            series_ids.push(metric.id);
            series_of.entry(metric.service).or_default().push(series);
        }
        Self {
            dataset: dataset.clone(),
            series_ids,
            series_of,
            counts: RwLock::default(),
        }
    }

    /// The data set that answers are known of.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// `metrics.id` of `series`; nil where there is no such series.
    pub fn series_id(&self, series: u32) -> Uuid {
        self.series_ids
            .get(series as usize)
            .copied()
            .unwrap_or_default()
    }

    /// Whether any series of the service at `rank` has a point in `range`.
    pub fn service_has_points(&self, rank: u32, range: TimeRange) -> bool {
        let series = self.series_of.get(&rank).map_or(&[][..], Vec::as_slice);
        series
            .iter()
            .any(|s| self.dataset.points_in(*s, range.start(), range.end()) > 0)
    }

    /// Rows of `range` that `question` asks for, or `at_most` where there are more. `fixed` says
    /// that the range comes again; `text` is what a search looks for.
    pub fn count(
        &self,
        question: Question,
        range: TimeRange,
        at_most: u64,
        fixed: bool,
        text: &str,
    ) -> Option<u64> {
        if !fixed {
            let affordable = self.rows_to_look_at(&question, range) <= AFFORDABLE_ROWS;
            return affordable.then(|| self.look(&question, range, at_most, text));
        }
        let key = (question, range, at_most);
        let kept = self.counts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = kept.get(&key) {
            return Some(*count);
        }
        drop(kept);
        let count = self.look(&key.0, range, at_most, text);
        let mut kept = self.counts.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_COUNTS {
            kept.clear();
        }
        kept.insert(key, count);
        Some(count)
    }

    /// Traces of the service at `rank` in `range` that come after `cursor`, or `at_most` where
    /// there are more; `None` where it is not affordable, or where another trace starts in the
    /// cursor's microsecond and the ids decide.
    pub fn count_after(
        &self,
        rank: u32,
        range: TimeRange,
        cursor: Cursor,
        at_most: u64,
    ) -> Option<u64> {
        let next = cursor.time + TimeDelta::microseconds(1);
        if self.dataset.trace_rows_in(cursor.time, next) > 1 {
            return None;
        }
        let before = TimeRange::new(range.start(), cursor.time.max(range.start())).ok()?;
        self.count(Question::ServiceTraces(rank), before, at_most, false, "")
    }

    fn rows_to_look_at(&self, question: &Question, range: TimeRange) -> u64 {
        let traces = self.dataset.trace_rows_in(range.start(), range.end());
        match question {
            Question::ServiceTraces(_) | Question::ErrorTraces => traces,
            Question::ServiceLogs(_) | Question::ErrorLogs | Question::Search(_) => {
                traces * u64::from(self.dataset.plan().logs_per_trace)
            }
        }
    }

    fn look(&self, question: &Question, range: TimeRange, at_most: u64, text: &str) -> u64 {
        let (data, from, to): (_, DateTime<Utc>, DateTime<Utc>) =
            (&self.dataset, range.start(), range.end());
        match question {
            Question::ServiceTraces(rank) => data.count_service_traces(*rank, from, to, at_most),
            Question::ErrorTraces => data.count_error_traces(from, to, at_most),
            Question::ServiceLogs(rank) => data.count_service_logs(*rank, from, to, at_most),
            Question::ErrorLogs => data.count_error_logs(from, to, at_most),
            Question::Search(_) => data.count_log_matches(text, from, to, at_most),
        }
    }
}
