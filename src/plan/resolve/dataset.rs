//! `[dataset]` and `[schema]`.

use chrono::{DateTime, Utc};

use super::check::{Checker, value};
use crate::plan::{DatasetPlan, Flags, PlanError, Refusal, SchemaPlan, defaults};
use crate::scenario::{DatasetSection, Key, SchemaSection};
use crate::units::Span;
use serde_spanned::Spanned;
use toml::value::Datetime;

/// Ten years of days.
const MOST_DAYS: u32 = 3_650;

/// A hundred billion traces: more than any disk here holds, and far from overflow.
const MOST_TRACES: u64 = 100_000_000_000;

/// Chunks of each hypertable: planning 336 takes 34 ms already.
const MOST_CHUNKS: u64 = 10_000;

/// Threads of a fill.
const MOST_THREADS: u64 = 1_024;

/// Resolves `[dataset]`.
pub(super) fn resolve(
    checker: Checker<'_>,
    written: &DatasetSection,
    flags: &Flags,
) -> Result<DatasetPlan, PlanError> {
    let days = checker.within("days", &written.days, &(1..=MOST_DAYS), defaults::DAYS)?;
    let length = Span::from_secs(u64::from(days) * 86_400);
    let points = Span::from_millis(1)..=length;
    Ok(DatasetPlan {
        seed: value(written.seed.as_ref(), defaults::DATASET_SEED),
        days,
        end: end(checker, &written.end)?,
        services: checker.within(
            "services",
            &written.services,
            &(1..=10_000),
            defaults::SERVICES,
        )?,
        traces: traces(checker, &written.traces)?,
        spans_per_trace: checker.within(
            "spans_per_trace",
            &written.spans_per_trace,
            &(1..=1_000),
            defaults::SPANS_PER_TRACE,
        )?,
        logs_per_trace: checker.within(
            "logs_per_trace",
            &written.logs_per_trace,
            &(0..=1_000),
            defaults::LOGS_PER_TRACE,
        )?,
        series: checker.within(
            "series",
            &written.series,
            &(1..=1_000_000),
            defaults::SERIES,
        )?,
        point_interval: checker.within(
            "point_interval",
            &written.point_interval,
            &points,
            defaults::POINT_INTERVAL,
        )?,
        error_permille: checker.within(
            "error_permille",
            &written.error_permille,
            &(0..=1_000),
            defaults::ERROR_PERMILLE,
        )?,
        threads: checker.count(
            "threads",
            &written.threads,
            MOST_THREADS,
            flags.cores.max(1),
        )?,
    })
}

/// Resolves `[schema]`.
pub(super) fn schema(
    checker: Checker<'_>,
    written: &SchemaSection,
    dataset: &DatasetPlan,
) -> Result<SchemaPlan, PlanError> {
    let chunk_interval = checker.within(
        "chunk_interval",
        &written.chunk_interval,
        &(Span::from_secs(1)..=super::check::YEAR),
        defaults::CHUNK_INTERVAL,
    )?;
    let plan = SchemaPlan { chunk_interval };
    let chunks = plan.chunks(dataset);
    if let Some(written) = written
        .chunk_interval
        .as_ref()
        .filter(|_| chunks > MOST_CHUNKS)
    {
        let refusal = Refusal::TooManyChunks {
            chunks,
            most: MOST_CHUNKS,
        };
        return Err(checker.refuse(&written.span(), refusal));
    }
    Ok(plan)
}

fn traces(checker: Checker<'_>, written: &Key<u64>) -> Result<u64, PlanError> {
    let block = DatasetPlan::BLOCK;
    let range = block..=MOST_TRACES;
    let traces = checker.within("traces", written, &range, defaults::TRACES)?;
    let (Some(written), true) = (written, !traces.is_multiple_of(block)) else {
        return Ok(traces);
    };
    let below = traces / block * block;
    let refusal = Refusal::NotWholeBlocks {
        value: traces,
        below,
        above: below + block,
    };
    Err(checker.refuse(&written.span(), refusal))
}

fn end(checker: Checker<'_>, written: &Key<Datetime>) -> Result<DateTime<Utc>, PlanError> {
    let Some(written) = written else {
        return Ok(defaults::end());
    };
    instant(written).ok_or_else(|| {
        let value = written.get_ref().to_string();
        checker.refuse(&written.span(), Refusal::NoInstant { value })
    })
}

/// The instant, where it has date, time and zone and lies in 2000-2100, which the data set's
/// arithmetic and every format hold.
fn instant(written: &Spanned<Datetime>) -> Option<DateTime<Utc>> {
    let text = written.get_ref().to_string();
    let instant = DateTime::parse_from_rfc3339(&text).ok()?.to_utc();
    (946_684_800..=4_102_444_800)
        .contains(&instant.timestamp())
        .then_some(instant)
}
