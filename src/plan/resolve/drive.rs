//! `[drive]` and `[pool]`.

use super::check::{Checker, MOMENT, YEAR, out_of_range, refuse_flag, value};
use crate::plan::{DrivePlan, Flags, Model, PlanError, PoolPlan, Refusal, defaults};
use crate::scenario::{DriveSection, Key, PoolSection, Sections};
use crate::units::Span;
use serde_spanned::Spanned;

/// Threads that run calls.
const MOST_WORKERS: u64 = 1_024;

/// Connections; PostgreSQL forks a process for each.
const MOST_CONNECTIONS: u64 = 10_000;

/// Callers of the closed model.
const MOST_CALLERS: u64 = 1_000_000;

/// Resolves `[drive]` with its `[pool]`.
pub(super) fn resolve(
    checker: Checker<'_>,
    sections: &Sections,
    flags: &Flags,
) -> Result<DrivePlan, PlanError> {
    let written = &sections.drive;
    let model = value(written.model.as_ref(), defaults::MODEL);
    refuse_other_model(checker, written, model)?;
    let connections = checker.count(
        "connections",
        &written.connections,
        MOST_CONNECTIONS,
        defaults::CONNECTIONS,
    )?;
    let timeout = checker.above_zero("timeout", &written.timeout, defaults::TIMEOUT)?;
    Ok(DrivePlan {
        model,
        arrivals: value(written.arrivals.as_ref(), defaults::ARRIVALS),
        access: value(written.access.as_ref(), defaults::ACCESS),
        workers: workers(checker, &written.workers, connections, flags.cores)?,
        connections,
        callers: checker.count("callers", &written.callers, MOST_CALLERS, connections)?,
        think_time: span(
            checker,
            "think_time",
            &written.think_time,
            defaults::THINK_TIME,
        )?,
        warm_up: span(checker, "warm_up", &written.warm_up, defaults::WARM_UP)?,
        duration: duration(checker, &written.duration, flags.duration)?,
        drain: span(checker, "drain", &written.drain, timeout)?,
        timeout,
        pool: pool(checker, &sections.pool, connections)?,
    })
}

/// What multiplies every rate.
pub(super) fn rate_scale(checker: Checker<'_>, written: &Key<f64>) -> Result<f64, PlanError> {
    checker.within("rate_scale", written, &(1e-6..=1e6), 1.0)
}

/// Keys of the model that was not chosen: ignored, they would promise what does not happen.
fn refuse_other_model(
    checker: Checker<'_>,
    written: &DriveSection,
    chosen: Model,
) -> Result<(), PlanError> {
    let keys = [
        (
            "arrivals",
            Model::Open,
            written.arrivals.as_ref().map(Spanned::span),
        ),
        (
            "rate_scale",
            Model::Open,
            written.rate_scale.as_ref().map(Spanned::span),
        ),
        (
            "callers",
            Model::Closed,
            written.callers.as_ref().map(Spanned::span),
        ),
        (
            "think_time",
            Model::Closed,
            written.think_time.as_ref().map(Spanned::span),
        ),
    ];
    for (key, needs, span) in keys {
        if let Some(span) = span.filter(|_| needs != chosen) {
            let refusal = Refusal::OtherModel { key, needs, chosen };
            return Err(checker.refuse(&span, refusal));
        }
    }
    Ok(())
}

fn workers(
    checker: Checker<'_>,
    written: &Key<u64>,
    connections: usize,
    cores: usize,
) -> Result<usize, PlanError> {
    let workers = checker.count(
        "workers",
        written,
        MOST_WORKERS,
        cores.clamp(1, connections),
    )?;
    match written {
        Some(key) if workers > connections => Err(checker.refuse(
            &key.span(),
            Refusal::Contradiction {
                key: "workers",
                value: workers.to_string(),
                relation: "above",
                other: "connections",
                limit: connections.to_string(),
                advice: "a worker without a connection does nothing; take fewer workers",
            },
        )),
        _ => Ok(workers),
    }
}

fn duration(
    checker: Checker<'_>,
    written: &Key<Span>,
    flag: Option<Span>,
) -> Result<Span, PlanError> {
    let range = MOMENT..=YEAR;
    match flag {
        Some(typed) if !range.contains(&typed) => Err(refuse_flag(
            format!("--duration {typed}"),
            out_of_range("duration", &typed, &range),
        )),
        Some(typed) => Ok(typed),
        None => checker.above_zero("duration", written, defaults::DURATION),
    }
}

fn span(
    checker: Checker<'_>,
    key: &'static str,
    written: &Key<Span>,
    default: Span,
) -> Result<Span, PlanError> {
    checker.within(key, written, &(Span::from_secs(0)..=YEAR), default)
}

fn pool(
    checker: Checker<'_>,
    written: &PoolSection,
    connections: usize,
) -> Result<PoolPlan, PlanError> {
    let default = defaults::POOL_MIN.min(connections) as u64;
    let min = checker.within("min", &written.min, &(0..=connections as u64), default)?;
    Ok(PoolPlan {
        min: usize::try_from(min).unwrap_or(usize::MAX),
        acquire_timeout: checker.above_zero(
            "acquire_timeout",
            &written.acquire_timeout,
            defaults::ACQUIRE_TIMEOUT,
        )?,
        idle_timeout: checker.above_zero(
            "idle_timeout",
            &written.idle_timeout,
            defaults::IDLE_TIMEOUT,
        )?,
        max_lifetime: checker.above_zero(
            "max_lifetime",
            &written.max_lifetime,
            defaults::MAX_LIFETIME,
        )?,
        test_before_acquire: value(
            written.test_before_acquire.as_ref(),
            defaults::TEST_BEFORE_ACQUIRE,
        ),
    })
}
