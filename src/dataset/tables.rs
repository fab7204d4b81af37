//! The tables that the data set fills, one after the other.
//!
//! Input: a table and a range of its rows. Output: the rows as binary COPY. Knows nothing of
//! connections.

use std::ops::Range;

use super::key::Dataset;
use super::spans::Spans;
use super::{logs, metrics, points, spans, traces};
use crate::plan::DatasetPlan;

/// A table of the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// `traces`
    Traces,
    /// `trace_spans`
    Spans,
    /// `metrics`
    Metrics,
    /// `metric_data_points`
    Points,
    /// `log_records`
    Logs,
}

impl Table {
    /// Every table, in the order in which they are filled.
    pub const ALL: [Self; 5] = [
        Self::Traces,
        Self::Spans,
        Self::Metrics,
        Self::Points,
        Self::Logs,
    ];

    /// Its name in the schema.
    pub fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Spans => "trace_spans",
            Self::Metrics => "metrics",
            Self::Points => "metric_data_points",
            Self::Logs => "log_records",
        }
    }

    /// How many rows `plan` gives it.
    pub fn rows(self, plan: &DatasetPlan) -> u64 {
        match self {
            Self::Traces => plan.traces,
            Self::Spans => plan.spans(),
            Self::Metrics => u64::from(plan.series),
            Self::Points => plan.points(),
            Self::Logs => plan.logs(),
        }
    }

    /// Rows that are generated and sent at once: about 300 KiB of COPY.
    pub(super) fn batch_rows(self) -> u64 {
        match self {
            Self::Traces | Self::Spans | Self::Metrics => 512,
            Self::Points => 2048,
            Self::Logs => 640,
        }
    }

    /// The statement that takes its rows.
    pub(super) fn copy_statement(self) -> &'static str {
        match self {
            Self::Traces => traces::COPY,
            Self::Spans => spans::COPY,
            Self::Metrics => metrics::COPY,
            Self::Points => points::COPY,
            Self::Logs => logs::COPY,
        }
    }
}

/// Makes rows; one for each thread, so that its working memory is reused.
#[derive(Debug)]
pub struct Generator {
    dataset: Dataset,
    spans: Spans,
}

impl Generator {
    /// A generator of `dataset`'s rows.
    pub fn new(dataset: &Dataset) -> Self {
        Self {
            dataset: dataset.clone(),
            spans: Spans::default(),
        }
    }

    /// Appends the rows `range` of `table` to `out`, as binary COPY without header and trailer.
    /// The same range gives the same bytes however it is cut. Rows past the table's end are left
    /// out.
    pub fn append(&mut self, table: Table, range: Range<u64>, out: &mut Vec<u8>) {
        let range = range.start..range.end.min(table.rows(self.dataset.plan()));
        match table {
            Table::Traces => traces::append(&self.dataset, range, out),
            Table::Spans => self.spans.append(&self.dataset, range, out),
            Table::Metrics => metrics::append(&self.dataset, range, out),
            Table::Points => points::append(&self.dataset, range, out),
            Table::Logs => logs::append(&self.dataset, range, out),
        }
    }
}
