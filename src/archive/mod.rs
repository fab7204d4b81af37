//! The archive: a run on disk, the only format that Highwater persists.
//!
//! Input: the numbers, verdicts and facts of a run. Output: a directory with `run.json`
//! (`highwater.run/1`), `series.json` (`highwater.series/1`), `intervals.hlog` and the page, and a
//! line in `history.jsonl` (`highwater.history/1`). Its types are its own, so that a change inside
//! the program cannot change what others read. Knows nothing of how numbers came about or how they
//! are shown.

pub mod assemble;
mod format;
mod history;
mod intervals;
mod latency;
mod read;
mod schema;
mod series;
mod verdicts;
mod write;

#[cfg(test)]
pub(crate) mod sample;

pub use crate::record::Part;
pub use format::{
    DatasetRecord, Facts, OperationRecord, PhaseRecord, ResourceRecord, RunRecord, RunSchema,
};
pub use history::{History, HistoryError, HistoryLine, HistoryOperation, HistorySchema, facts_key};
pub use intervals::{IntervalError, IntervalLog, MAX_VALUE_DIVISOR};
pub use latency::{HistogramError, Latencies, LatencyRecord};
pub use read::{ReadError, read_run, read_series};
pub use schema::run_schema;
pub use series::{
    Columns, OperationColumns, OperationSecond, PartSecond, Second, Series, SeriesSchema,
    SeriesWriter,
};
pub use verdicts::{
    ObjectiveCheck, ObjectiveVerdict, Objectives, Validity, ValidityCheck, ValidityVerdict,
};
pub use write::{ArchiveError, ArchiveWriter};
