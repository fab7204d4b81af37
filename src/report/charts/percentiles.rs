//! The percentile curve: time over quantile, each further nine as wide as the one before.

use hdrhistogram::Histogram;
use plotters::style::RGBColor;

use super::axis::{Axis, short_ns, time_ends, time_ticks};
use super::canvas::{Anchor, Canvas, GRID, INK, LIMIT, MUTED, Point, spread, svg};

/// One curve.
pub(in crate::report) struct Line<'a> {
    /// What its end is labelled with.
    pub(in crate::report) name: String,
    /// The distribution, in nanoseconds.
    pub(in crate::report) histogram: &'a Histogram<u64>,
    /// Its colour; `None` is ink, thicker: the line that matters most.
    pub(in crate::report) colour: Option<RGBColor>,
}

/// What an objective allows.
pub(in crate::report) struct Limit {
    /// The quantile, 0-1.
    pub(in crate::report) quantile: f64,
    /// At most this.
    pub(in crate::report) ns: u64,
    /// How it reads, such as `P95 15 ms`.
    pub(in crate::report) name: String,
}

/// Steps of a curve to a nine.
const STEPS: u32 = 24;

/// The curves of `lines`, on a canvas of `size` pixels with `margin` pixels for the labels at their
/// ends.
///
/// A curve ends where one sample is above it, and is faint where fewer than ten are.
pub(in crate::report) fn percentiles(
    size: (f64, f64),
    margin: f64,
    title: &str,
    lines: &[Line<'_>],
    limits: &[Limit],
) -> String {
    let description = "Latency on a logarithmic axis over the percentile; every nine has the same \
                       width. Faint where fewer than ten samples are above.";
    let nines = lines
        .iter()
        .map(|line| (line.histogram.len() as f64).log10())
        .fold(2.0_f64, f64::max);
    let values = lines
        .iter()
        .filter(|line| !line.histogram.is_empty())
        .flat_map(|line| [line.histogram.value_at_quantile(0.0), line.histogram.max()]);
    let ends = time_ends(values.chain(limits.iter().map(|limit| limit.ns)));
    let x = Axis::linear((0.0, nines), (64.0, size.0 - margin));
    let y = Axis::log(ends, (size.1 - 34.0, 14.0));
    svg(size, title, description, |canvas| {
        grid(canvas, x, y);
        for limit in limits {
            draw_limit(canvas, x, y, limit);
        }
        let ends: Vec<Option<Point>> = lines.iter().map(|line| draw(canvas, x, y, line)).collect();
        labels(canvas, y, lines, &ends);
    })
}

fn grid(canvas: &Canvas<'_>, x: Axis, y: Axis) {
    let (left, right) = (x.at(0.0), x.at(f64::INFINITY));
    let (bottom, top) = (y.at(0.0), y.at(f64::INFINITY));
    for (value, text) in time_ticks(y.values()) {
        let at = y.at(value);
        canvas.line(&[(left, at), (right, at)], GRID, 1.0, 1.0);
        canvas.text(&text, (left - 8.0, at), Anchor::End, 12.0, MUTED);
    }
    let nines = [
        (0.0, "0 %"),
        (std::f64::consts::LOG10_2, "50 %"),
        (1.0, "90 %"),
        (2.0, "99 %"),
        (3.0, "99.9 %"),
        (4.0, "99.99 %"),
        (5.0, "99.999 %"),
        (6.0, "99.9999 %"),
    ];
    // Beyond four nines the room between 0 % and 90 % holds no third label.
    let crowded = (x.at(1.0) - x.at(0.0)) < 110.0;
    for (at, text) in nines {
        if at > x.values().1 + 1e-9 || (crowded && at == 0.0) {
            continue;
        }
        let at = x.at(at);
        canvas.line(&[(at, bottom), (at, top)], GRID, 1.0, 1.0);
        canvas.text(text, (at, bottom + 10.0), Anchor::Below, 12.0, MUTED);
    }
}

/// Draws a curve and returns its end; `None` without samples.
fn draw(canvas: &Canvas<'_>, x: Axis, y: Axis, line: &Line<'_>) -> Option<Point> {
    let (sure, faint) = curve(line.histogram);
    let pixels = |points: &[Point]| -> Vec<Point> {
        points.iter().map(|(u, ns)| (x.at(*u), y.at(*ns))).collect()
    };
    let (colour, width) = line.colour.map_or((INK, 2.2), |colour| (colour, 1.8));
    let (sure, faint) = (pixels(&sure), pixels(&faint));
    if faint.len() > 1 {
        canvas.line(&faint, colour, 0.45, width);
    }
    if sure.len() > 1 {
        canvas.line(&sure, colour, 1.0, width);
    }
    faint.last().or(sure.last()).copied()
}

/// Points (nines, nanoseconds) of a distribution: those with at least ten samples above them, then
/// the others, which begin at the last of the first.
fn curve(histogram: &Histogram<u64>) -> (Vec<Point>, Vec<Point>) {
    if histogram.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let last = (histogram.len() as f64).log10();
    let at = |nines: f64| {
        let quantile = 1.0 - 10_f64.powf(-nines);
        (nines, histogram.value_at_quantile(quantile) as f64)
    };
    let steps = (last * f64::from(STEPS)).floor() as u32;
    let mut points: Vec<Point> = (0..=steps)
        .map(|step| at(f64::from(step) / f64::from(STEPS)))
        .collect();
    points.push((last, histogram.max() as f64));
    let sure = points
        .iter()
        .take_while(|(nines, _)| *nines <= last - 1.0)
        .count();
    let faint = points[sure.saturating_sub(1)..].to_vec();
    points.truncate(sure);
    (points, faint)
}

fn draw_limit(canvas: &Canvas<'_>, x: Axis, y: Axis, limit: &Limit) {
    let nines = -(1.0 - limit.quantile).max(1e-9).log10();
    let (at, height) = (x.at(nines), y.at(limit.ns as f64));
    canvas.line(&[(at - 26.0, height), (at + 26.0, height)], LIMIT, 1.0, 2.5);
    let text = format!("{} at most", limit.name);
    let crowded = height - y.at(f64::INFINITY) < 20.0;
    let (below, anchor) = if crowded {
        (6.0, Anchor::Below)
    } else {
        (-5.0, Anchor::Above)
    };
    canvas.text(&text, (at, height + below), anchor, 12.0, LIMIT);
}

fn labels(canvas: &Canvas<'_>, y: Axis, lines: &[Line<'_>], ends: &[Option<Point>]) {
    let known: Vec<(usize, Point)> = ends
        .iter()
        .enumerate()
        .filter_map(|(i, end)| end.map(|end| (i, end)))
        .collect();
    let right = known.iter().map(|(_, end)| end.0).fold(0.0_f64, f64::max);
    let heights: Vec<f64> = known.iter().map(|(_, end)| end.1).collect();
    let placed = spread(&heights, 15.0, y.at(f64::INFINITY), y.at(0.0));
    for ((i, end), height) in known.into_iter().zip(placed) {
        let line = &lines[i];
        let colour = line.colour.unwrap_or(INK);
        canvas.line(&[end, (right + 8.0, height)], colour, 0.35, 1.0);
        canvas.line(
            &[(right + 8.0, height), (right + 16.0, height)],
            colour,
            1.0,
            3.0,
        );
        let text = format!("{}  {}", line.name, short_ns(line.histogram.max() as f64));
        canvas.text(&text, (right + 21.0, height), Anchor::Start, 12.0, INK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_ends_at_the_maximum_and_fades_above_the_last_ten() {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        for value in 1..=10_000_u64 {
            histogram.record(value * 1_000).unwrap();
        }
        let (sure, faint) = curve(&histogram);
        let last = sure.last().unwrap();
        assert!((last.0 - 3.0).abs() < 1e-9, "{last:?}");
        assert!((last.1 / 9_990_000.0 - 1.0).abs() < 2e-3, "{last:?}");
        assert_eq!(faint[0], *last);
        let end = faint.last().unwrap();
        assert!((end.0 - 4.0).abs() < 1e-9 && (end.1 - histogram.max() as f64).abs() < 1.0);
        let ninety = sure.iter().find(|p| (p.0 - 1.0).abs() < 1e-9).unwrap();
        assert!((ninety.1 / 9_000_000.0 - 1.0).abs() < 2e-3, "{ninety:?}");
    }

    #[test]
    fn few_or_no_samples_are_no_error() {
        let empty = Histogram::<u64>::new(3).unwrap();
        let mut one = empty.clone();
        one.record(5_000).unwrap();
        let line = |histogram, name: &str| Line {
            name: name.to_owned(),
            histogram,
            colour: None,
        };
        let lines = [line(&empty, "none"), line(&one, "one")];
        let text = percentiles((560.0, 280.0), 130.0, "t", &lines, &[]);
        assert!(
            text.contains("one  5 us\n") && !text.contains("none  "),
            "{text}"
        );
        assert!(!text.contains("NaN"));
    }
}
