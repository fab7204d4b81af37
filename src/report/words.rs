//! Words and numbers that the terminal and the page share.

use crate::archive::{ObjectiveCheck, OperationRecord, Part, RunRecord};
use crate::units::{Quantile, Span, format_ns};

/// A number with thousands separated by commas and `decimals` digits after the point.
pub(super) fn grouped(number: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = text
        .split_once('.')
        .map_or((&text[..], ""), |(w, f)| (w, f));
    let mut out = String::new();
    if number < 0.0 {
        out.push('-');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// The unit in which a whole table of times is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TimeUnit {
    pub(super) name: &'static str,
    pub(super) ns: f64,
}

impl TimeUnit {
    /// Milliseconds, but microseconds when every P99 is below one, and seconds when every median
    /// is above ten thousand.
    pub(super) fn of(run: &RunRecord) -> Self {
        let responses = || run.operations.iter().map(|o| &o.latency_ns.response);
        let tail = responses().filter_map(|r| r.p99).max();
        let body = responses().filter_map(|r| r.p50).min();
        match (body, tail) {
            (_, Some(tail)) if tail < 1_000_000 => Self {
                name: "us",
                ns: 1e3,
            },
            (Some(body), _) if body > 10_000_000_000 => Self { name: "s", ns: 1e9 },
            _ => Self {
                name: "ms",
                ns: 1e6,
            },
        }
    }

    /// `ns` in this unit.
    pub(super) fn value(self, ns: u64) -> f64 {
        ns as f64 / self.ns
    }
}

/// Whether `count` samples make `quantile` a measurement.
pub(super) fn enough(count: u64, quantile: Quantile) -> bool {
    count >= quantile.samples_needed()
}

/// The part of response that dominates at P95 and its share, such as `service 96%`; `None`
/// without samples.
///
/// The share is that of the three parts' P95 together. Quantiles of parts do not add up to that of
/// their sum, so the share is a pointer to the cause, not an account.
pub(super) fn dominating(operation: &OperationRecord) -> Option<(Part, f64)> {
    let at = |part: Part| {
        operation
            .latency_ns
            .part(part)
            .p95
            .map(|ns| (part, ns as f64))
    };
    let parts: Vec<(Part, f64)> = Part::ADDENDS.into_iter().filter_map(at).collect();
    let whole: f64 = parts.iter().map(|(_, ns)| ns).sum();
    let (part, most) = parts.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((part, if whole > 0.0 { most / whole } else { 1.0 }))
}

/// A metric as people read it: `P95`, `errors`.
pub(super) fn metric(name: &str) -> &str {
    match name {
        "p50" => "P50",
        "p90" => "P90",
        "p95" => "P95",
        "p99" => "P99",
        "p999" => "P99.9",
        "error_share" => "errors",
        other => other,
    }
}

/// Value over limit in the limit's unit, such as `P95 4.1/15 ms`; the texts as they are where they
/// are no times.
pub(super) fn against(check: &ObjectiveCheck) -> String {
    let metric = metric(&check.metric);
    let Some(value) = &check.value else {
        return format!("{metric} -/{}", check.limit);
    };
    match (value.parse::<Span>(), check.limit.parse::<Span>()) {
        (Ok(value), Ok(limit)) => {
            let limit = format_ns(limit.as_ns());
            let (number, unit) = limit.split_once(' ').unwrap_or((&limit, ""));
            let ns = match unit {
                "ns" => 1.0,
                "us" => 1e3,
                "ms" => 1e6,
                _ => 1e9,
            };
            let value = digits(value.as_ns() as f64 / ns);
            format!("{metric} {value}/{} {unit}", trim_zeros(number))
        }
        (Err(_), Ok(limit)) => format!("{metric} {value}, at most {limit}"),
        _ => format!("{metric} {value}/{}", check.limit),
    }
}

/// Three significant digits at most.
pub(super) fn digits(value: f64) -> String {
    let decimals = match value {
        _ if value >= 99.95 => 0,
        _ if value >= 9.995 => 1,
        _ if value >= 0.0995 => 2,
        _ => 3,
    };
    grouped(value, decimals)
}

fn trim_zeros(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

/// A share as a percentage: `96%`, `0.4%`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 9.95 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}

/// Whole seconds where they are whole, else one digit.
pub(super) fn seconds(seconds: f64) -> String {
    if (seconds - seconds.round()).abs() < 0.05 {
        format!("{seconds:.0} s")
    } else {
        format!("{seconds:.1} s")
    }
}

/// A number of rows: `1.0 M`, `200 k`, `64`.
pub(super) fn rows(rows: u64) -> String {
    match rows {
        0..10_000 => grouped(rows as f64, 0),
        10_000..1_000_000 => format!("{:.0} k", rows as f64 / 1e3),
        _ => format!("{:.1} M", rows as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{ObjectiveVerdict, sample};

    #[test]
    fn groups_thousands() {
        let texts = [
            (0.0, 0),
            (999.0, 0),
            (1_000.0, 0),
            (1_234_567.89, 1),
            (-1_000.4, 0),
        ]
        .map(|(number, decimals)| grouped(number, decimals));
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567.9", "-1,000"]);
    }

    #[test]
    fn an_objective_reads_in_the_unit_of_its_limit() {
        let check = |metric: &str, value: Option<&str>, limit: &str| ObjectiveCheck {
            operation: String::new(),
            metric: metric.to_owned(),
            limit: limit.to_owned(),
            value: value.map(str::to_owned),
            low: None,
            high: None,
            verdict: ObjectiveVerdict::Pass,
        };
        assert_eq!(
            against(&check("p95", Some("4.12 ms"), "15ms")),
            "P95 4.12/15 ms"
        );
        assert_eq!(
            against(&check("p99", Some("950us"), "2.5ms")),
            "P99 0.95/2.5 ms"
        );
        assert_eq!(against(&check("p999", None, "1s")), "P99.9 -/1s");
        let errors = check("error_share", Some("0.2 %"), "1 %");
        assert_eq!(against(&errors), "errors 0.2 %/1 %");
    }

    #[test]
    fn the_largest_part_dominates() {
        let mut operation = sample::passing().operations.remove(2);
        let (part, share) = dominating(&operation).unwrap();
        assert!(part == Part::Service && share > 0.95, "{part:?} {share}");
        operation.latency_ns.wait.p95 = Some(99_000_000_000);
        assert_eq!(dominating(&operation).unwrap().0, Part::Wait);
    }
}
