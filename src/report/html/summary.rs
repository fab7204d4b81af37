//! The page's first screen: verdict, reasons, table, objectives, and what the run cost.

use maud::{Markup, html};

use crate::archive::{
    ObjectiveCheck, ObjectiveVerdict, OperationRecord, RunRecord, ValidityVerdict,
};
use crate::units::Quantile;

use super::Page;
use crate::report::terminal;
use crate::report::words::{self, TimeUnit, grouped};

/// The scenario, both verdicts, and when and how long.
pub(super) fn header(run: &RunRecord) -> Markup {
    let text = |name: &str| run.plan.get(name).and_then(|value| value.as_str());
    let measured = run.phases.measure_s.map_or_else(
        || "nothing measured".to_owned(),
        |s| format!("{} measured", words::seconds(s)),
    );
    html! {
        header {
            p.eyebrow { "Highwater run" }
            h1 { (run.scenario) }
            @if let Some(description) = text("description") { p.lead { (description) } }
            p.badges {
                (badge(run.validity.verdict.word(), validity_class(run.validity.verdict)))
                @if run.objectives.verdict != ObjectiveVerdict::None {
                    (badge(
                        &format!("objectives: {}", run.objectives.verdict.word()),
                        objective_class(run.objectives.verdict),
                    ))
                }
                @if run.interrupted { (badge("interrupted", "warn")) }
                span.when {
                    (run.started_at.format("%Y-%m-%d %H:%M:%S UTC")) " · " (measured)
                    @if let Some(s) = run.phases.warm_up_s {
                        " after " (words::seconds(s)) " of warm-up"
                    }
                }
            }
        }
    }
}

pub(super) fn badge(text: &str, class: &str) -> Markup {
    html! { span class=(format!("badge {class}")) { (text) } }
}

/// Why a run is not simply valid.
pub(super) fn reasons(run: &RunRecord) -> Markup {
    let verdict = run.validity.verdict;
    if verdict < ValidityVerdict::Suspect && !run.interrupted {
        return html! {};
    }
    let grave = run
        .validity
        .checks
        .iter()
        .filter(|check| check.verdict >= ValidityVerdict::Suspect);
    html! {
        div class=(format!("reasons {}", validity_class(verdict))) {
            p { strong {
                @if verdict == ValidityVerdict::Invalid { "This run is invalid: do not use these numbers." }
                @else if run.interrupted { "This run was interrupted: the numbers cover what was measured until then." }
                @else { "This run is suspect: read why before you use its numbers." }
            } }
            ul {
                @for check in grave {
                    li {
                        strong { (check.name) }
                        @if let Some(value) = &check.value { ", " (value) }
                        @if let Some(limit) = &check.limit { " (limit " (limit) ")" }
                        ": " (check.says) "."
                    }
                }
            }
        }
    }
}

/// The same table as in the terminal.
pub(super) fn table(run: &RunRecord) -> Markup {
    let unit = TimeUnit::of(run);
    let quantiles = [Quantile::P50, Quantile::P95, Quantile::P99, Quantile::P999];
    let few = run.operations.iter().any(|o| {
        let count = o.latency_ns.response.count;
        count > 0 && quantiles.iter().any(|q| !words::enough(count, *q))
    });
    html! {
        section {
            h2 { "Response time in " (unit.name) ", from the scheduled start" }
            div.scroll { table.numbers {
                thead { tr {
                    th.text { "operation" }
                    th { "offered/s" } th { "achieved/s" } th { "n" } th { "failed" }
                    @for quantile in quantiles { th { (quantile) } }
                    th { "max" }
                    th.text { "mostly" }
                    th.text { "objective" }
                } }
                tbody { @for operation in &run.operations {
                    (row(run, operation, unit, &quantiles))
                } }
            } }
            @if few {
                p.note {
                    "(in brackets) too few samples to be a measurement; it takes 200 for P95, \
                     1,000 for P99, 10,000 for P99.9."
                }
            }
            @for operation in run.operations.iter().filter(|o| o.lost() > 0) {
                p.note { strong { (operation.name) } ": " (terminal::losses(operation)) }
            }
        }
    }
}

fn row(
    run: &RunRecord,
    operation: &OperationRecord,
    unit: TimeUnit,
    quantiles: &[Quantile],
) -> Markup {
    let response = &operation.latency_ns.response;
    let rate = |r: f64| grouped(r, usize::from(r < 1_000.0));
    let cell = |ns: Option<u64>, few: bool| match ns {
        None => html! { td { "-" } },
        Some(ns) if few => html! { td.few { "(" (words::digits(unit.value(ns))) ")" } },
        Some(ns) => html! { td { (words::digits(unit.value(ns))) } },
    };
    let checks = || {
        run.objectives
            .checks
            .iter()
            .filter(|c| c.operation == operation.name)
    };
    html! {
        tr {
            th.text scope="row" { (operation.name) }
            td { @if let Some(offered) = operation.offered_per_second { (rate(offered)) } @else { "-" } }
            td { (rate(operation.achieved_per_second)) }
            td { (grouped(response.count as f64, 0)) }
            td.bad[operation.lost() > 0] { (grouped(operation.lost() as f64, 0)) }
            @for quantile in quantiles {
                (cell(response.quantile(*quantile), !words::enough(response.count, *quantile)))
            }
            (cell(response.max, false))
            td.text {
                @if let Some((part, share)) = words::dominating(operation) {
                    (part.name()) " " (words::percent(share))
                } @else { "-" }
            }
            td.text { @for check in checks() { (objective(check)) } }
        }
    }
}

fn objective(check: &ObjectiveCheck) -> Markup {
    html! {
        span.objective {
            (words::against(check)) " "
            span class=(objective_class(check.verdict)) { (check.verdict.word()) }
        }
    }
}

/// Every objective with its interval.
pub(super) fn objectives(run: &RunRecord) -> Markup {
    let checks = &run.objectives.checks;
    if checks.is_empty() {
        return html! {};
    }
    let interval = |check: &ObjectiveCheck| match (&check.low, &check.high) {
        (Some(low), Some(high)) => format!("{low} to {high}"),
        _ => "not computed".to_owned(),
    };
    html! {
        section {
            h2 { "Objectives" }
            div.scroll { table {
                thead { tr {
                    th { "operation" } th { "metric" } th { "at most" } th { "measured" }
                    th { "95 % interval" } th { "verdict" }
                } }
                tbody { @for check in checks { tr {
                    th.text scope="row" { (check.operation) }
                    td { (words::metric(&check.metric)) }
                    td { (check.limit) }
                    td { (check.value.as_deref().unwrap_or("nothing to measure")) }
                    td.muted { (interval(check)) }
                    td { span class=(objective_class(check.verdict)) { (check.verdict.word()) } }
                } } }
            } }
        }
    }
}

/// CPU, pacing, data set, target and the change since the last run.
pub(super) fn about(page: &Page<'_>) -> Markup {
    let mut lines = terminal::about(page.run);
    if let Some(previous) = page.previous {
        lines.push(("last run", vec![terminal::since(page.run, previous)]));
    }
    html! {
        section {
            h2 { "What it ran on, and what it cost" }
            dl { @for (name, values) in lines {
                dt { (name) }
                @for value in values { dd { (value) } }
            } }
        }
    }
}

pub(super) fn validity_class(verdict: ValidityVerdict) -> &'static str {
    match verdict {
        ValidityVerdict::Valid => "good",
        ValidityVerdict::Suspect => "warn",
        ValidityVerdict::Invalid => "bad",
        ValidityVerdict::Unchecked => "muted",
    }
}

fn objective_class(verdict: ObjectiveVerdict) -> &'static str {
    match verdict {
        ObjectiveVerdict::Pass => "good",
        ObjectiveVerdict::Fail => "bad",
        ObjectiveVerdict::Unknown => "warn",
        ObjectiveVerdict::None => "muted",
    }
}
