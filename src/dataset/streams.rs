//! The names of the data set's random streams. A number, once used, keeps its meaning: changing
//! one changes every row that draws from it, and so needs a new generator version.

pub(super) const CURVE: u64 = 1;
pub(super) const START: u64 = 2;
pub(super) const BURST: u64 = 3;
pub(super) const FAILED: u64 = 4;
pub(super) const SPAN_WEIGHT: u64 = 5;
pub(super) const LOG_WEIGHT: u64 = 6;
pub(super) const DETACHED: u64 = 7;
pub(super) const NAMES: u64 = 8;
pub(super) const SERVICE: u64 = 9;
pub(super) const TRACE: u64 = 10;
pub(super) const TRACE_ROW_ID: u64 = 11;
pub(super) const TRACE_ID: u64 = 12;
pub(super) const SPAN: u64 = 13;
pub(super) const SPAN_ROW_ID: u64 = 14;
pub(super) const SPAN_ID: u64 = 15;
pub(super) const LOG: u64 = 16;
pub(super) const LOG_ROW_ID: u64 = 17;
pub(super) const METRIC_ROW_ID: u64 = 18;
pub(super) const POINT: u64 = 19;
pub(super) const POINT_ROW_ID: u64 = 20;
pub(super) const PHASE: u64 = 21;
