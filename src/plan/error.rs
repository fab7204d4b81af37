//! What a plan refuses.

use crate::scenario::{Hint, Model, Place};
use crate::units::Span;

/// A scenario that can be read but not run, with the place that says so.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {refusal}{}", place.excerpt())]
pub struct PlanError {
    /// Where it was written.
    pub place: Box<Place>,
    /// What is wrong.
    pub refusal: Box<Refusal>,
}

/// Why a scenario is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A number outside its range.
    #[error("`{key}` = {value} is out of range: write {low} to {high}")]
    OutOfRange {
        /// The key.
        key: &'static str,
        /// What was written.
        value: String,
        /// The least that is allowed.
        low: String,
        /// The most that is allowed.
        high: String,
    },
    /// Traces come in whole blocks.
    #[error(
        "`traces` = {value} is not a multiple of 64, the size of a block: write {below} or {above}"
    )]
    NotWholeBlocks {
        /// What was written.
        value: u64,
        /// The multiple below.
        below: u64,
        /// The multiple above.
        above: u64,
    },
    /// A text that must say something says nothing.
    #[error("`{key}` is empty: {wanted}")]
    Empty {
        /// The key.
        key: &'static str,
        /// What to write.
        wanted: &'static str,
    },
    /// The data's end is not an instant.
    #[error(
        "`end` = {value} names no instant: write a date with time and zone, such as 2026-06-01T00:00:00Z"
    )]
    NoInstant {
        /// What was written.
        value: String,
    },
    /// More chunks than a planner handles.
    #[error(
        "{chunks} chunks a table are more than {most}: lengthen `chunk_interval` or shorten `days`"
    )]
    TooManyChunks {
        /// Chunks of each hypertable.
        chunks: u64,
        /// The most that is allowed.
        most: u64,
    },
    /// A scenario without load.
    #[error(
        "no operations: add a table such as [operations.\"trace.list\"]; `highwater list` shows what can be called"
    )]
    NoOperations,
    /// An operation whose name is no call and that names none.
    #[error(
        "no operation `{name}`: {hint} (`highwater list` shows all; a label of your own needs `call = \"...\"`)"
    )]
    UnknownCall {
        /// What was written.
        name: String,
        /// The nearest right name.
        hint: Hint,
    },
    /// A label that tables and file formats cannot carry.
    #[error("`{name}` is no name for an operation: use up to 64 of a-z, 0-9, `_`, `-` and `.`")]
    BadName {
        /// What was written.
        name: String,
    },
    /// The open model needs a rate.
    #[error(
        "operation `{operation}` has no rate, and the open model needs one: write `rate = 100.0` (arrivals per second), or `model = \"closed\"` in [drive]"
    )]
    NoRate {
        /// The operation.
        operation: String,
    },
    /// A key that the chosen model does not read.
    #[error(
        "`{key}` is read only in the {needs} model, and this scenario drives the {chosen} one: take it out, or write `model = \"{needs}\"` in [drive]"
    )]
    OtherModel {
        /// The key.
        key: &'static str,
        /// The model that reads it.
        needs: Model,
        /// The model of this scenario.
        chosen: Model,
    },
    /// A rate that the scale makes impossible.
    #[error(
        "rate {rate} times `rate_scale` {scale} is no rate: the product must be above 0 and at most 1e9 per second"
    )]
    Unscalable {
        /// Arrivals per second as written.
        rate: f64,
        /// What multiplies it.
        scale: f64,
    },
    /// A parameter that the call ignores.
    #[error("{call} does not use `{parameter}`; it uses {used}")]
    UnusedParameter {
        /// The call.
        call: &'static str,
        /// The key.
        parameter: &'static str,
        /// The keys that it uses.
        used: String,
    },
    /// A window that the data cannot hold.
    #[error(
        "a window of {window} is longer than the data, {days} days: shorten it, or raise `days` in [dataset]"
    )]
    WindowTooLong {
        /// The window.
        window: Span,
        /// Days of data.
        days: u32,
    },
    /// A bucket that no window holds.
    #[error(
        "a bucket of {bucket} does not divide the window of {window} into whole buckets: write a whole number of seconds that does"
    )]
    BadBucket {
        /// The bucket.
        bucket: Span,
        /// The window.
        window: Span,
    },
    /// One key contradicts another.
    #[error("`{key}` = {value} is {relation} `{other}` = {limit}: {advice}")]
    Contradiction {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// How they stand to each other.
        relation: &'static str,
        /// The other key.
        other: &'static str,
        /// Its value.
        limit: String,
        /// What to do.
        advice: &'static str,
    },
    /// An objective for what is not called.
    #[error("objective for `{operation}`, which this scenario does not call: {hint}")]
    ObjectiveWithoutOperation {
        /// The name in `[objectives]`.
        operation: String,
        /// The nearest operation of the scenario.
        hint: Hint,
    },
    /// An objective that limits nothing.
    #[error(
        "objective for `{operation}` limits nothing: write p50, p90, p95, p99, p999 or error_share"
    )]
    EmptyObjective {
        /// The operation.
        operation: String,
    },
    /// A lower percentile with a higher limit.
    #[error(
        "{higher} = {limit} is below {lower} = {lower_limit}: a percentile is never below a lower one, so one of the two says nothing"
    )]
    PercentileOrder {
        /// The higher percentile.
        higher: String,
        /// Its limit.
        limit: Span,
        /// The lower one.
        lower: String,
        /// Its limit.
        lower_limit: Span,
    },
    /// A target that cannot be told.
    #[error(
        "`{word}` is no target: write auto, docker, local or postgres://user@host/database{hint}"
    )]
    UnknownTarget {
        /// What was typed, without what may be a secret.
        word: String,
        /// The nearest word, with its lead-in; empty where none is near.
        hint: String,
    },
    /// A target URL that cannot be read; its text stays hidden, it may hold a password.
    #[error(
        "the target's URL cannot be read ({says}): write postgres://user:password@host:5432/database, with special characters percent-encoded"
    )]
    BadUrl {
        /// The parser's words.
        says: String,
    },
}
