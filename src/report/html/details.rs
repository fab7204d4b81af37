//! What stands behind the numbers: checks, facts, plan, and how to read the page.

use maud::{Markup, html};
use serde_json::Value;

use crate::archive::{RunRecord, ValidityVerdict};

use super::summary::validity_class;

/// Every validity check, the grave ones first.
pub(super) fn validity(run: &RunRecord) -> Markup {
    let mut checks: Vec<_> = run.validity.checks.iter().collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
    let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    html! {
        section {
            h2 { "Validity checks" }
            div.scroll { table {
                thead { tr { th { "check" } th { "verdict" } th { "found" } th { "limit" } th { "says" } } }
                tbody { @for check in checks { tr class=[unchecked(check.verdict)] {
                    th.text scope="row" { (check.name) }
                    td { span class=(validity_class(check.verdict)) { (check.verdict.word()) } }
                    td { (dash(&check.value)) }
                    td { (dash(&check.limit)) }
                    td.says { (check.says) }
                } } }
            } }
        }
    }
}

fn unchecked(verdict: ValidityVerdict) -> Option<&'static str> {
    (verdict == ValidityVerdict::Unchecked).then_some("muted")
}

/// What was found out about target and host, and the resolved plan.
pub(super) fn facts(run: &RunRecord) -> Markup {
    let facts = serde_json::to_value(&run.facts).unwrap_or_default();
    html! {
        section {
            h2 { "Facts and plan" }
            details {
                summary { "Facts of target and host" }
                (entries(&facts))
            }
            details {
                summary { "The plan: every decision of this run" }
                (entries(&run.plan))
            }
            p.note {
                "Run " code { (run.run_id) } ", data set " code { (run.dataset.digest) }
                ", format " code { "highwater.run/1" } "."
            }
        }
    }
}

/// An object as names and values, objects in it nested.
fn entries(value: &Value) -> Markup {
    html! {
        dl.tree { @for (name, value) in value.as_object().into_iter().flatten() {
            dt { (name) }
            dd { (tree(value)) }
        } }
    }
}

fn tree(value: &Value) -> Markup {
    match value {
        Value::Object(_) => entries(value),
        Value::Array(items) => html! { ol { @for item in items { li { (tree(item)) } } } },
        Value::Null => html! { span.muted { "not known, or no limit" } },
        Value::String(text) => html! { (text) },
        other => html! { (other.to_string()) },
    }
}

/// The words of the page.
pub(super) fn how_to_read() -> Markup {
    let words = [
        (
            "response",
            "from the scheduled start of a call until its rows are decoded: what a user waits. It is lag + wait + service.",
        ),
        (
            "lag",
            "from the scheduled start until the generator handed the call over: its own delay, the only part that can make a run invalid.",
        ),
        (
            "wait",
            "from there until a connection is in hand: the pool, or the backlog before a pinned connection. The system's share, not the generator's.",
        ),
        (
            "service",
            "from there until the rows are decoded: the database and the wire.",
        ),
        (
            "offered and achieved",
            "calls per second that the schedule asked for, and that ended with a right answer. The schedule is fixed before the run; a slow answer delays no later call's clock.",
        ),
        (
            "failed",
            "calls that ended with an error or a wrong answer, timed out, were shed or were unfinished at the end. None is dropped unseen.",
        ),
        (
            "P95",
            "95 of 100 calls took at most this long. Percentiles are read from merged histograms and never averaged; over long times a chart shows the worst of each stretch.",
        ),
        (
            "mostly",
            "the part with the largest P95 and its share of the three parts' P95 together: where to look first.",
        ),
        (
            "valid, suspect, invalid",
            "whether the numbers may be believed. An invalid run passes no objective.",
        ),
        ("unchecked", "nobody looked. Neither good nor bad."),
        (
            "unknown",
            "an objective with too few samples for its percentile, or of an invalid run. Not a pass.",
        ),
    ];
    html! {
        section {
            h2 { "How to read this page" }
            dl.words { @for (word, meaning) in words { dt { (word) } dd { (meaning) } } }
        }
    }
}
