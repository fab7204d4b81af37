//! Axes: where a value lies, which values get a tick, and how ticks read.

use crate::units::format_ns;

/// From values to pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    values: (f64, f64),
    pixels: (f64, f64),
    log: bool,
}

impl Axis {
    /// Equal distances for equal differences.
    pub(super) fn linear(values: (f64, f64), pixels: (f64, f64)) -> Self {
        let log = false;
        Self {
            values,
            pixels,
            log,
        }
    }

    /// Equal distances for equal ratios; values above zero.
    pub(super) fn log(values: (f64, f64), pixels: (f64, f64)) -> Self {
        let log = true;
        Self {
            values,
            pixels,
            log,
        }
    }

    /// The pixel of `value`, held inside the axis.
    pub(super) fn at(&self, value: f64) -> f64 {
        let f = |x: f64| if self.log { x.max(1e-12).ln() } else { x };
        let (from, to) = (f(self.values.0), f(self.values.1));
        let share = if to > from {
            ((f(value) - from) / (to - from)).clamp(0.0, 1.0)
        } else {
            0.0
        };
        self.pixels.0 + share * (self.pixels.1 - self.pixels.0)
    }

    /// The values at the ends.
    pub(super) fn values(&self) -> (f64, f64) {
        self.values
    }
}

/// The ends of a logarithmic axis of times: at least 1 us, at 1, 2 or 5 of a decade, never equal.
pub(super) fn time_ends(values: impl Iterator<Item = u64>) -> (f64, f64) {
    let (mut least, mut most) = (u64::MAX, 0);
    for value in values {
        (least, most) = (least.min(value), most.max(value));
    }
    let least = (least as f64).clamp(1e3, 1e12);
    let most = (most as f64).max(least * 1.5);
    let steps = || (3..13).flat_map(|decade| [1.0, 2.0, 5.0].map(|s| s * 10_f64.powi(decade)));
    let from = steps().rfind(|step| *step <= least).unwrap_or(1e3);
    let to = steps().find(|step| *step >= most).unwrap_or(most);
    (from, to)
}

/// Ticks of a logarithmic axis of times: decades, with 2 and 5 between where there are few.
pub(super) fn time_ticks((from, to): (f64, f64)) -> Vec<(f64, String)> {
    let decades = (to / from).log10();
    let steps: &[f64] = match decades {
        _ if decades <= 2.2 => &[1.0, 2.0, 5.0],
        _ if decades <= 3.5 => &[1.0, 3.0],
        _ => &[1.0],
    };
    (3..13)
        .flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)))
        .filter(|tick| (from * 0.999..=to * 1.001).contains(tick))
        .map(|tick| (tick, short_ns(tick)))
        .collect()
}

/// A round time without digits that say nothing: `10 ms`, not `10.0 ms`.
pub(super) fn short_ns(ns: f64) -> String {
    let text = format_ns(ns.round() as u64);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit}")
        }
        _ => text,
    }
}

/// Ticks over `seconds` of a run, at most seven, at steps that a clock has.
pub(super) fn clock_ticks(seconds: f64) -> Vec<(f64, String)> {
    const STEPS: [f64; 17] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0,
        7_200.0, 14_400.0, 28_800.0, 86_400.0,
    ];
    let step = STEPS
        .into_iter()
        .find(|step| seconds / step <= 6.0)
        .unwrap_or((seconds / 6.0 / 86_400.0).ceil() * 86_400.0);
    let (unit, name) = match step {
        _ if step >= 3_600.0 => (3_600.0, "h"),
        _ if step >= 60.0 => (60.0, "min"),
        _ => (1.0, "s"),
    };
    (0..=(seconds / step) as usize)
        .map(|i| {
            let at = i as f64 * step;
            (at, format!("{} {name}", at / unit))
        })
        .collect()
}

/// The upper end of an axis of rates from 0, and its ticks.
pub(super) fn rate_ticks(most: f64) -> (f64, Vec<(f64, String)>) {
    let most = most.max(1.0);
    let raw = most / 4.0;
    let decade = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .map(|s| s * decade)
        .into_iter()
        .find(|step| *step >= raw)
        .unwrap_or(decade * 10.0);
    let step = step.max(if most < 4.0 { 0.5 } else { 1.0 });
    let count = (most * 1.02 / step).ceil();
    let decimals = usize::from(step.fract() != 0.0);
    let ticks = (0..=count as usize).map(|i| {
        let at = i as f64 * step;
        (at, super::super::words::grouped(at, decimals))
    });
    (count * step, ticks.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_axis_gives_each_decade_the_same_room() {
        let axis = Axis::log((1e3, 1e6), (300.0, 0.0));
        assert!((axis.at(1e4) - 200.0).abs() < 1e-9);
        assert!((axis.at(1e5) - 100.0).abs() < 1e-9);
        assert!((axis.at(1e9) - 0.0).abs() < 1e-9);
        assert!((axis.at(0.0) - 300.0).abs() < 1e-9);
    }

    #[test]
    fn ends_hold_every_value_and_differ() {
        assert_eq!(time_ends([420_000, 61_000_000].into_iter()), (2e5, 1e8));
        let (from, to) = time_ends([0].into_iter());
        assert!(from < to);
        let (from, to) = time_ends(std::iter::empty());
        assert!(from < to);
    }

    #[test]
    fn ticks_read_well() {
        let texts = |ticks: Vec<(f64, String)>| -> Vec<String> {
            ticks.into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(
            texts(time_ticks((1e6, 1e7))),
            ["1 ms", "2 ms", "5 ms", "10 ms"]
        );
        assert_eq!(texts(time_ticks((1e3, 1e9))).len(), 7);
        assert_eq!(
            texts(clock_ticks(30.0)),
            ["0 s", "5 s", "10 s", "15 s", "20 s", "25 s", "30 s"]
        );
        assert_eq!(texts(clock_ticks(3_600.0))[1], "10 min");
        let (top, ticks) = rate_ticks(500.0);
        assert!(top >= 500.0);
        assert_eq!(texts(ticks), ["0", "200", "400", "600"]);
        assert!(clock_ticks(1e7).len() <= 8);
    }
}
