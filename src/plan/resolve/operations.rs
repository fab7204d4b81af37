//! `[operations]`: calls, rates and parameters.

use std::ops::Range;

use serde_spanned::Spanned;

use super::check::Checker;
use super::drive::rate_scale;
use crate::plan::{
    Call, DatasetPlan, DrivePlan, Model, OperationPlan, Parameter, Parameters, PlanError, Refusal,
};
use crate::scenario::{Hint, Key, OperationSection, Sections};
use crate::units::{Rate, Span};

/// Characters of a name: it heads a column and tags an interval log.
const LONGEST_NAME: usize = 64;

/// Rows of one answer.
const MOST_ROWS: i64 = 1_000_000;

/// Rows to skip.
const MOST_OFFSET: i64 = 1_000_000_000;

/// Resolves every operation, in the scenario's order.
pub(super) fn resolve(
    checker: Checker<'_>,
    sections: &Sections,
    drive: &DrivePlan,
    dataset: &DatasetPlan,
) -> Result<Vec<OperationPlan>, PlanError> {
    if sections.operations.is_empty() {
        return Err(checker.refuse_whole(Refusal::NoOperations));
    }
    let scale = rate_scale(checker, &sections.drive.rate_scale)?;
    sections
        .operations
        .iter()
        .map(|(name, written)| {
            let call = call(checker, name, written)?;
            refuse_unused(checker, call, written)?;
            Ok(OperationPlan {
                name: name.get_ref().clone(),
                call,
                rate: rate(checker, name, written, drive.model, scale)?,
                weight: weight(checker, written, drive.model)?,
                parameters: parameters(checker, call, written, dataset)?,
            })
        })
        .collect()
}

fn call(
    checker: Checker<'_>,
    name: &Spanned<String>,
    written: &OperationSection,
) -> Result<Call, PlanError> {
    let told = written.call.as_ref().unwrap_or(name);
    let call = Call::by_name(told.get_ref()).ok_or_else(|| {
        let known = Call::ALL.iter().map(|(_, known, _)| *known);
        let refusal = Refusal::UnknownCall {
            name: told.get_ref().clone(),
            hint: Hint::new(told.get_ref(), known),
        };
        checker.refuse(&told.span(), refusal)
    })?;
    if is_name(name.get_ref()) {
        return Ok(call);
    }
    let refusal = Refusal::BadName {
        name: name.get_ref().clone(),
    };
    Err(checker.refuse(&name.span(), refusal))
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.".contains(&b))
}

fn rate(
    checker: Checker<'_>,
    name: &Spanned<String>,
    written: &OperationSection,
    model: Model,
    scale: f64,
) -> Result<Option<Rate>, PlanError> {
    match (&written.rate, model) {
        (Some(rate), Model::Open) => rate.get_ref().scaled(scale).map(Some).ok_or_else(|| {
            let rate_as_written = rate.get_ref().per_second();
            let refusal = Refusal::Unscalable {
                rate: rate_as_written,
                scale,
            };
            checker.refuse(&rate.span(), refusal)
        }),
        (Some(rate), Model::Closed) => Err(other_model(
            checker,
            "rate",
            &rate.span(),
            Model::Open,
            model,
        )),
        (None, Model::Open) => {
            let operation = name.get_ref().clone();
            Err(checker.refuse(&name.span(), Refusal::NoRate { operation }))
        }
        (None, Model::Closed) => Ok(None),
    }
}

fn weight(
    checker: Checker<'_>,
    written: &OperationSection,
    model: Model,
) -> Result<u32, PlanError> {
    match &written.weight {
        Some(weight) if model == Model::Open => Err(other_model(
            checker,
            "weight",
            &weight.span(),
            Model::Closed,
            model,
        )),
        _ => checker.within("weight", &written.weight, &(1..=1_000_000), 1),
    }
}

fn other_model(
    checker: Checker<'_>,
    key: &'static str,
    span: &Range<usize>,
    needs: Model,
    chosen: Model,
) -> PlanError {
    checker.refuse(span, Refusal::OtherModel { key, needs, chosen })
}

fn refuse_unused(
    checker: Checker<'_>,
    call: Call,
    written: &OperationSection,
) -> Result<(), PlanError> {
    for (parameter, span) in given(written) {
        let Some(span) = span.filter(|_| !call.uses(parameter)) else {
            continue;
        };
        let used: Vec<_> = call.parameters().iter().map(|used| used.key()).collect();
        let refusal = Refusal::UnusedParameter {
            call: call.name(),
            parameter: parameter.key(),
            used: used.join(", "),
        };
        return Err(checker.refuse(&span, refusal));
    }
    Ok(())
}

/// Every parameter with the place where it is given, if it is.
fn given(written: &OperationSection) -> [(Parameter, Option<Range<usize>>); 8] {
    fn span<T>(key: &Key<T>) -> Option<Range<usize>> {
        key.as_ref().map(Spanned::span)
    }
    [
        (Parameter::Window, span(&written.window)),
        (Parameter::Limit, span(&written.limit)),
        (Parameter::Offset, span(&written.offset)),
        (Parameter::Search, span(&written.search)),
        (Parameter::Bucket, span(&written.bucket)),
        (Parameter::At, span(&written.at)),
        (Parameter::Draw, span(&written.draw)),
        (Parameter::UnknownShare, span(&written.unknown_share)),
    ]
}

fn parameters(
    checker: Checker<'_>,
    call: Call,
    written: &OperationSection,
    dataset: &DatasetPlan,
) -> Result<Parameters, PlanError> {
    let default = call.default_parameters();
    let window = window(checker, &written.window, default.window, dataset)?;
    Ok(Parameters {
        window,
        limit: checker.within("limit", &written.limit, &(1..=MOST_ROWS), default.limit)?,
        offset: checker.within(
            "offset",
            &written.offset,
            &(0..=MOST_OFFSET),
            default.offset,
        )?,
        search: search(checker, &written.search, default.search)?,
        bucket: bucket(checker, call, written, default.bucket, window)?,
        at: super::value(written.at.as_ref(), default.at),
        draw: super::value(written.draw.as_ref(), default.draw),
        unknown_share: checker.share(
            "unknown_share",
            &written.unknown_share,
            default.unknown_share,
        )?,
    })
}

fn window(
    checker: Checker<'_>,
    written: &Key<Span>,
    default: Span,
    dataset: &DatasetPlan,
) -> Result<Span, PlanError> {
    let window = checker.above_zero("window", written, default)?;
    match written {
        Some(key) if window.0 > dataset.length() => {
            let days = dataset.days;
            Err(checker.refuse(&key.span(), Refusal::WindowTooLong { window, days }))
        }
        _ => Ok(window),
    }
}

fn search(
    checker: Checker<'_>,
    written: &Key<String>,
    default: String,
) -> Result<String, PlanError> {
    match written {
        Some(key) if key.get_ref().is_empty() => Err(checker.refuse(
            &key.span(),
            Refusal::Empty {
                key: "search",
                wanted: "write the text to look for, which is matched anywhere and without case",
            },
        )),
        _ => Ok(super::value(written.as_ref(), default)),
    }
}

/// Whole seconds, and whole buckets in a window: the store counts buckets in seconds, and a part of
/// one at the end would average fewer points than its neighbours.
fn bucket(
    checker: Checker<'_>,
    call: Call,
    written: &OperationSection,
    default: Span,
    window: Span,
) -> Result<Span, PlanError> {
    let bucket = checker.above_zero("bucket", &written.bucket, default)?;
    let whole = bucket.0.subsec_nanos() == 0 && window.as_ns().is_multiple_of(bucket.as_ns());
    let at = written.bucket.as_ref().map(Spanned::span);
    let at = at.or_else(|| written.window.as_ref().map(Spanned::span));
    match at {
        Some(span) if call.uses(Parameter::Bucket) && !whole => {
            Err(checker.refuse(&span, Refusal::BadBucket { bucket, window }))
        }
        _ => Ok(bucket),
    }
}
