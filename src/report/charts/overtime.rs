//! Charts over the time of a run: the response of each column, and what was offered and achieved.

use plotters::style::RGBColor;

use crate::archive::{OperationColumns, OperationSecond};

use super::axis::{Axis, clock_ticks, rate_ticks, time_ends, time_ticks};
use super::canvas::{Anchor, Canvas, GRID, INK, MUTED, PALETTE, Point, spread, svg};

const MARGIN: f64 = 92.0;

/// P50, P95, P99 and the longest response of each column, on a logarithmic axis.
pub(in crate::report) fn response_over_time(
    size: (f64, f64),
    operation: &OperationColumns,
    width_s: u64,
) -> String {
    let curves: [Curve; 4] = [
        ("max", PALETTE[6], |column| column.response.max),
        ("P99", PALETTE[1], |column| column.response.p99),
        ("P95", PALETTE[0], |column| column.response.p95),
        ("P50", PALETTE[2], |column| column.response.p50),
    ];
    let title = format!("{}: response over time", operation.name);
    let description = "P50, P95, P99 and the longest response of each moment on a logarithmic \
                       axis, over the seconds of the measuring.";
    times(size, (&title, description), operation, width_s, &curves)
}

/// P99 of response and of each of its parts, on a logarithmic axis: which part a peak is made of.
pub(in crate::report) fn parts_over_time(
    size: (f64, f64),
    operation: &OperationColumns,
    width_s: u64,
) -> String {
    let curves: [Curve; 4] = [
        ("response", INK, |column| column.response.p99),
        ("service", PALETTE[0], |column| column.service.p99),
        ("wait", PALETTE[1], |column| column.wait.p99),
        ("lag", PALETTE[3], |column| column.lag.p99),
    ];
    let title = format!(
        "{}: P99 of response and its parts over time",
        operation.name
    );
    let description = "P99 of response, service, wait and lag of each moment on a logarithmic \
                       axis, over the seconds of the measuring.";
    times(size, (&title, description), operation, width_s, &curves)
}

/// A time of each column: its label, its colour, and where it stands.
type Curve = (&'static str, RGBColor, fn(&OperationSecond) -> Option<u64>);

fn times(
    size: (f64, f64),
    (title, description): (&str, &str),
    operation: &OperationColumns,
    width_s: u64,
    curves: &[Curve],
) -> String {
    let columns = || operation.columns.iter().flatten();
    let values = columns().flat_map(|column| curves.iter().filter_map(|curve| curve.2(column)));
    let x = time_axis(size, operation, width_s);
    let y = Axis::log(time_ends(values), (size.1 - 34.0, 14.0));
    svg(size, title, description, |canvas| {
        grid(canvas, x, y, &time_ticks(y.values()));
        let mut ends = Vec::new();
        for (name, colour, read) in curves {
            let read = |column: &OperationSecond| read(column).map(|ns| ns as f64);
            let width = match *name {
                "max" => 1.0,
                // The whole lies under the part that it is mostly made of.
                "response" => 3.2,
                _ => 1.6,
            };
            let end = draw(canvas, x, y, operation, width_s, read, *colour, width);
            ends.extend(end.map(|end| (*name, *colour, end)));
        }
        labels(canvas, y, &ends);
    })
}

/// Calls per second that were scheduled, and those that ended `ok`.
pub(in crate::report) fn rate_over_time(
    size: (f64, f64),
    operation: &OperationColumns,
    width_s: u64,
    seconds: u64,
) -> String {
    let operation = &with_whole_end(operation, width_s, seconds);
    let columns = || operation.columns.iter().flatten();
    let per_second = |count: u64| count as f64 / width_s as f64;
    let most = columns()
        .map(|c| c.offered.max(c.achieved))
        .max()
        .unwrap_or(0);
    let (top, ticks) = rate_ticks(per_second(most));
    let x = time_axis(size, operation, width_s);
    let y = Axis::linear((0.0, top), (size.1 - 34.0, 14.0));
    let title = format!("{}: offered and achieved", operation.name);
    let description = "Calls per second that the schedule asked for and that were answered, over \
                       the seconds of the measuring.";
    svg(size, &title, description, |canvas| {
        grid(canvas, x, y, &ticks);
        let mut ends = Vec::new();
        if columns().any(|column| column.offered > 0) {
            let read = |c: &OperationSecond| Some(per_second(c.offered));
            let end = draw(canvas, x, y, operation, width_s, read, PALETTE[6], 3.5);
            ends.extend(end.map(|end| ("offered", PALETTE[6], end)));
        }
        let read = |c: &OperationSecond| Some(per_second(c.achieved));
        let end = draw(canvas, x, y, operation, width_s, read, PALETTE[0], 1.6);
        ends.extend(end.map(|end| ("achieved", PALETTE[0], end)));
        labels(canvas, y, &ends);
    })
}

/// The last column counted up to a whole one: half a column of calls is no drop of the rate.
fn with_whole_end(operation: &OperationColumns, width_s: u64, seconds: u64) -> OperationColumns {
    let mut whole = operation.clone();
    let covered = seconds % width_s.max(1);
    if let (1.., Some(Some(last))) = (covered, whole.columns.last_mut()) {
        last.offered = last.offered * width_s / covered;
        last.achieved = last.achieved * width_s / covered;
    }
    whole
}

fn time_axis(size: (f64, f64), operation: &OperationColumns, width_s: u64) -> Axis {
    let seconds = (operation.columns.len() as u64 * width_s).max(1) as f64;
    Axis::linear((0.0, seconds), (64.0, size.0 - MARGIN))
}

fn grid(canvas: &Canvas<'_>, x: Axis, y: Axis, ticks: &[(f64, String)]) {
    let (left, right) = (x.at(0.0), x.at(f64::INFINITY));
    for (value, text) in ticks {
        let at = y.at(*value);
        canvas.line(&[(left, at), (right, at)], GRID, 1.0, 1.0);
        canvas.text(text, (left - 8.0, at), Anchor::End, 12.0, MUTED);
    }
    let bottom = y.at(0.0);
    for (second, text) in clock_ticks(x.values().1) {
        let at = x.at(second);
        canvas.line(&[(at, bottom), (at, bottom + 5.0)], GRID, 1.0, 1.0);
        canvas.text(&text, (at, bottom + 10.0), Anchor::Below, 12.0, MUTED);
    }
}

/// Draws one value of each column, with a gap where there is none; returns the last point.
#[expect(
    clippy::too_many_arguments,
    reason = "two axes and a pen: all of them differ per call"
)]
fn draw(
    canvas: &Canvas<'_>,
    x: Axis,
    y: Axis,
    operation: &OperationColumns,
    width_s: u64,
    read: impl Fn(&OperationSecond) -> Option<f64>,
    colour: RGBColor,
    width: f64,
) -> Option<Point> {
    let mut runs: Vec<Vec<Point>> = vec![Vec::new()];
    for (i, column) in operation.columns.iter().enumerate() {
        // A column stands in the middle of the time that it covers.
        let second = (i as f64 + 0.5) * width_s as f64;
        match (column.as_ref().and_then(&read), runs.last_mut()) {
            (Some(value), Some(run)) => run.push((x.at(second), y.at(value))),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    for run in &runs {
        canvas.line(run, colour, 1.0, width);
    }
    runs.iter().rev().find_map(|run| run.last()).copied()
}

fn labels(canvas: &Canvas<'_>, y: Axis, ends: &[(&str, RGBColor, Point)]) {
    let heights: Vec<f64> = ends.iter().map(|(.., end)| end.1).collect();
    let placed = spread(&heights, 15.0, y.at(f64::INFINITY), y.at(0.0));
    for ((name, colour, end), height) in ends.iter().zip(placed) {
        let x = end.0 + 8.0;
        canvas.line(&[*end, (x, height)], *colour, 0.35, 1.0);
        canvas.line(&[(x, height), (x + 8.0, height)], *colour, 1.0, 3.0);
        canvas.text(name, (x + 13.0, height), Anchor::Start, 12.0, INK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::sample;

    #[test]
    fn a_second_that_is_missing_is_a_gap() {
        let columns = sample::columns(&sample::passing());
        let mut operation = columns.operations[0].clone();
        let whole = response_over_time((560.0, 260.0), &operation, 1);
        operation.columns[10] = None;
        let gap = response_over_time((560.0, 260.0), &operation, 1);
        assert_eq!(
            gap.matches("<polyline").count(),
            whole.matches("<polyline").count() + 4
        );
    }

    #[test]
    fn a_closed_loop_shows_no_offered_rate() {
        let mut columns = sample::columns(&sample::passing());
        for column in columns.operations[0].columns.iter_mut().flatten() {
            column.offered = 0;
        }
        let text = rate_over_time((560.0, 260.0), &columns.operations[0], 1, 30);
        assert!(
            text.contains("achieved\n") && !text.contains("offered\n"),
            "{text}"
        );
    }

    #[test]
    fn a_last_column_of_few_seconds_is_no_drop() {
        let run = sample::long(1, 603);
        let columns = sample::columns(&run);
        assert_eq!((columns.width_s, columns.seconds), (2, 603));
        let whole = with_whole_end(&columns.operations[0], 2, 603);
        let offered = |column: Option<&Option<OperationSecond>>| column.unwrap().unwrap().offered;
        assert_eq!(offered(columns.operations[0].columns.last()), 500);
        assert_eq!(offered(whole.columns.last()), 1_000);
        assert_eq!(offered(whole.columns.first()), 1_000);
    }

    #[test]
    fn no_seconds_are_no_error() {
        let operation = OperationColumns {
            name: "none".to_owned(),
            columns: Vec::new(),
        };
        for text in [
            response_over_time((560.0, 260.0), &operation, 1),
            rate_over_time((560.0, 260.0), &operation, 1, 0),
        ] {
            assert!(text.contains("</svg>") && !text.contains("NaN"));
        }
    }
}
