//! The charts: all operations together, then each by its parts and over time.

use hdrhistogram::Histogram;
use maud::{Markup, PreEscaped, html};

use crate::archive::{HistogramError, OperationRecord, Part, RunRecord};
use crate::report::charts::{
    Limit, Line, PALETTE, parts_over_time, percentiles, rate_over_time, response_over_time,
};
use crate::report::words;
use crate::units::{Quantile, Span};

use super::Page;

/// Operations that the chart of all of them shows: more curves than colours tell nothing.
const TOGETHER: usize = PALETTE.len();
const SMALL: (f64, f64) = (560.0, 290.0);
const WIDE: (f64, f64) = (1_140.0, 380.0);

/// Every chart of the page.
pub(super) fn operations(page: &Page<'_>) -> Result<Markup, HistogramError> {
    let run = page.run;
    let together = together(run)?;
    let each = run
        .operations
        .iter()
        .map(|operation| one(page, operation))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        (together)
        section {
            h2 { "Each operation" }
            @for operation in each { (operation) }
        }
    })
}

fn together(run: &RunRecord) -> Result<Markup, HistogramError> {
    if run.operations.len() < 2 {
        return Ok(html! {});
    }
    let mut slowest: Vec<&OperationRecord> = run.operations.iter().collect();
    slowest.sort_by_key(|operation| std::cmp::Reverse(operation.latency_ns.response.p99));
    let left_out = slowest.len().saturating_sub(TOGETHER);
    slowest.truncate(TOGETHER);
    let decoded = slowest
        .iter()
        .map(|operation| operation.latency_ns.response.decode())
        .collect::<Result<Vec<_>, _>>()?;
    let lines: Vec<Line<'_>> = slowest
        .iter()
        .zip(&decoded)
        .zip(PALETTE)
        .map(|((operation, histogram), colour)| Line {
            name: operation.name.clone(),
            histogram,
            colour: Some(colour),
        })
        .collect();
    // Seven pixels a character is more than any of the page's fonts takes at twelve.
    let longest = lines.iter().map(|line| line.name.chars().count()).max();
    let margin = 90.0 + 6.6 * longest.unwrap_or(0) as f64;
    let chart = percentiles(WIDE, margin, "Response of all operations", &lines, &[]);
    Ok(html! {
        section {
            h2 { "Response by percentile" }
            figure.wide { (PreEscaped(chart)) }
            @if left_out > 0 {
                p.note { "The " (TOGETHER) " operations with the highest P99; " (left_out) " more below." }
            }
        }
    })
}

fn one(page: &Page<'_>, operation: &OperationRecord) -> Result<Markup, HistogramError> {
    let over_time = page.columns.and_then(|columns| {
        let found = columns.operation(&operation.name)?;
        Some((found, columns.width_s, columns.seconds))
    });
    let parts = parts(page.run, operation)?;
    Ok(html! {
        article {
            h3 { (operation.name) }
            p.note { (facts(operation)) }
            div.charts {
                figure { figcaption { "By percentile, response and its parts" } (PreEscaped(parts)) }
                @if let Some((found, width_s, seconds)) = over_time {
                    figure {
                        figcaption { "Response over time" (each("the worst", width_s)) }
                        (PreEscaped(response_over_time(SMALL, found, width_s)))
                    }
                    figure {
                        figcaption { "P99 of response and its parts over time" (each("the worst", width_s)) }
                        (PreEscaped(parts_over_time(SMALL, found, width_s)))
                    }
                    figure {
                        figcaption { "Calls per second, offered and achieved" (each("mean", width_s)) }
                        (PreEscaped(rate_over_time(SMALL, found, width_s, seconds)))
                    }
                }
            }
        }
    })
}

/// Says when a point stands for more than a second.
fn each(what: &str, width_s: u64) -> String {
    match width_s {
        1 => String::new(),
        width => format!(", {what} of each {width} s"),
    }
}

fn parts(run: &RunRecord, operation: &OperationRecord) -> Result<String, HistogramError> {
    let decoded = Part::ALL
        .into_iter()
        .map(|part| Ok((part, operation.latency_ns.part(part).decode()?)))
        .collect::<Result<Vec<(Part, Histogram<u64>)>, HistogramError>>()?;
    let lines: Vec<Line<'_>> = decoded
        .iter()
        .map(|(part, histogram)| Line {
            name: part.name().to_owned(),
            histogram,
            colour: match part {
                Part::Response => None,
                Part::Service => Some(PALETTE[0]),
                Part::Wait => Some(PALETTE[1]),
                Part::Lag => Some(PALETTE[3]),
            },
        })
        .collect();
    let title = format!("{}: response and its parts by percentile", operation.name);
    Ok(percentiles(
        SMALL,
        142.0,
        &title,
        &lines,
        &limits(run, operation),
    ))
}

/// The objectives of an operation that limit a quantile.
fn limits(run: &RunRecord, operation: &OperationRecord) -> Vec<Limit> {
    let checks = run.objectives.checks.iter();
    checks
        .filter(|check| check.operation == operation.name)
        .filter_map(|check| {
            let quantile = Quantile::SHOWN
                .into_iter()
                .find(|q| q.key() == check.metric)?;
            let limit: Span = check.limit.parse().ok()?;
            Some(Limit {
                quantile: quantile.fraction(),
                ns: limit.as_ns(),
                name: format!("{quantile} {limit}"),
            })
        })
        .collect()
}

/// One line of numbers that the table does not carry.
fn facts(operation: &OperationRecord) -> String {
    let grouped = |count: u64| words::grouped(count as f64, 0);
    let per_call = match operation.ok {
        0 => String::new(),
        ok => format!(" ({:.1} a call)", operation.rows as f64 / ok as f64),
    };
    let answers = match (operation.wrong_answers, operation.empty_answers) {
        (Some(wrong), Some(empty)) => {
            format!(
                "{} wrong and {} empty answers",
                grouped(wrong),
                grouped(empty)
            )
        }
        _ => "answers not checked".to_owned(),
    };
    format!(
        "{} scheduled = {} ok + {} failed + {} timed out + {} shed + {} unfinished. {} rows decoded{per_call}, {answers}.",
        grouped(operation.scheduled),
        grouped(operation.ok),
        grouped(operation.failed),
        grouped(operation.timed_out),
        grouped(operation.shed),
        grouped(operation.unfinished),
        grouped(operation.rows),
    )
}
