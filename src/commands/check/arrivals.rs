//! What will happen: arrivals, run time and busy connections.

use crate::commands::columns::{columns, thousands};
use crate::plan::littles_law::BusyConnections;
use crate::plan::{Model, Plan};
use crate::units::{Span, format_ns};

/// Rows per second that an estimate of the fill assumes: two cores that generate, load and index
/// beside their own server. A guess to the order of magnitude; the fill reports the real figure.
const FILL_ROWS_PER_SECOND: u64 = 50_000;

/// Arrivals, run time and busy connections of a plan.
pub(super) fn text(plan: &Plan) -> String {
    let load = match plan.drive.model {
        Model::Open => format!("{}{}", arrivals(plan), busy(plan)),
        Model::Closed => callers(plan),
    };
    format!("{load}{}", run_time(plan))
}

fn arrivals(plan: &Plan) -> String {
    let warm_up = plan.drive.warm_up.0.as_secs_f64();
    let measure = plan.drive.duration.0.as_secs_f64();
    let mut rows = vec![
        [
            "operation",
            "rate",
            "mean gap",
            "in the warm-up",
            "measured",
        ]
        .map(str::to_owned),
    ];
    let mut total = 0.0;
    for operation in &plan.operations {
        let Some(rate) = operation.rate else { continue };
        total += rate.per_second();
        rows.push([
            operation.name.clone(),
            rate.to_string(),
            format_ns(rate.mean_gap_ns().round() as u64),
            count(rate.per_second() * warm_up),
            count(rate.per_second() * measure),
        ]);
    }
    rows.push([
        "total".to_owned(),
        format!("{}/s", (total * 100.0).round() / 100.0),
        format_ns((1e9 / total).round() as u64),
        count(total * warm_up),
        count(total * measure),
    ]);
    format!("\nArrivals, expected\n{}", columns(&rows, 1))
}

fn count(expected: f64) -> String {
    thousands(expected.round() as u64)
}

fn busy(plan: &Plan) -> String {
    let busy = BusyConnections::of(plan);
    if busy.rows.is_empty() {
        return "\nBusy connections: no operation has a P50 objective, so Little's law implies nothing\n"
            .to_owned();
    }
    let rows: Vec<_> = busy
        .rows
        .iter()
        .map(|row| {
            let product = format!("{} x {}", row.rate, row.p50);
            [
                row.operation.clone(),
                product,
                format!("{:.1}", row.connections()),
            ]
        })
        .collect();
    let mut text = format!(
        "\nBusy connections by Little's law, if each P50 objective is just met\n{}  {}\n",
        columns(&rows, 1),
        sentence(&busy)
    );
    if !busy.unknown.is_empty() {
        let others = busy.unknown.join(", ");
        let lead = "  Without a P50 objective, and so not counted: ";
        text.extend([lead, &others, ".\n"]);
    }
    text
}

fn sentence(busy: &BusyConnections) -> String {
    let (total, connections) = (busy.total(), busy.connections);
    if busy.fits() {
        return format!(
            "{total:.1} busy on average, and {connections} to share: the objectives fit, with {:.0} % \
             in use.",
            100.0 * total / connections as f64
        );
    }
    format!(
        "{total:.1} busy on average, but only {connections} to share: calls that just meet their \
         objectives cannot all be served; they must take less than {:.0} % of that time.",
        100.0 * connections as f64 / total
    )
}

fn callers(plan: &Plan) -> String {
    let weights: u64 = plan
        .operations
        .iter()
        .map(|one| u64::from(one.weight))
        .sum();
    let rows: Vec<_> = plan
        .operations
        .iter()
        .map(|one| {
            let share = 100.0 * f64::from(one.weight) / weights as f64;
            [one.name.clone(), format!("{share:.1} % of calls")]
        })
        .collect();
    let (callers, connections) = (plan.drive.callers, plan.drive.connections);
    let sentence = if callers > connections {
        format!(
            "At most {connections} of {callers} callers hold a connection; the others wait, and \
             their waiting is part of the response."
        )
    } else {
        format!("Each of {callers} callers finds a free connection among {connections}.")
    };
    format!(
        "\nCalls, as fast as answers come\n{}  {sentence}\n",
        columns(&rows, 1)
    )
}

fn run_time(plan: &Plan) -> String {
    let (drive, data) = (&plan.drive, &plan.dataset);
    let rows = data.traces + data.spans() + data.logs() + data.points() + u64::from(data.series);
    let fill = Span::from_secs((rows / FILL_ROWS_PER_SECOND).max(1));
    let (rows, assumed) = (thousands(rows), thousands(FILL_ROWS_PER_SECOND));
    let steps = [
        [
            "fill".to_owned(),
            format!("about {fill} for {rows} rows, if {assumed}/s"),
        ],
        ["warm-up".to_owned(), drive.warm_up.to_string()],
        ["measuring".to_owned(), drive.duration.to_string()],
        ["drain".to_owned(), format!("at most {}", drive.drain)],
    ];
    format!("\nRun time\n{}", columns(&steps, 2))
}
