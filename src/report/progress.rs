//! The line of progress: what a run does now, in one line of at most 120 columns.

use std::fmt::Write as _;
use std::time::Duration;

use crate::units::format_ns;

use super::words;

/// What is known of the last second.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The phase: `warm-up`, `measure`, `drain`.
    pub phase: &'static str,
    /// Since the phase began.
    pub elapsed: Duration,
    /// How long the phase lasts.
    pub total: Duration,
    /// Calls per second that the schedule asked for in the last second; `None` in a closed loop.
    pub offered_per_second: Option<f64>,
    /// Calls per second that ended in the last second.
    pub achieved_per_second: f64,
    /// Calls that hold a connection.
    pub in_flight: u64,
    /// Calls that were due and have no connection yet.
    pub backlog: u64,
    /// P99 of response in the last second, in nanoseconds; `None` when no call ended.
    pub p99_ns: Option<u64>,
    /// Calls that failed, timed out or were shed since the phase began.
    pub failed: u64,
}

/// One line, without a line end. Widths do not change from second to second.
pub fn progress_line(progress: &Progress) -> String {
    let total = progress.total.as_secs_f64();
    let elapsed = progress.elapsed.as_secs_f64();
    let share = if total > 0.0 { elapsed / total } else { 1.0 };
    let mut line = format!(
        "{:<8} {} {:>4.0}/{:.0} s",
        progress.phase,
        bar(share),
        elapsed.floor(),
        total
    );
    let achieved = words::grouped(progress.achieved_per_second, 0);
    let _ = write!(line, "  achieved {achieved:>7}");
    if let Some(offered) = progress.offered_per_second {
        let _ = write!(line, " of {:>7}", words::grouped(offered, 0));
    }
    let _ = write!(
        line,
        "/s  in flight {:>3}  backlog {:>3}  P99 {:>7}",
        progress.in_flight,
        progress.backlog,
        progress.p99_ns.map_or_else(|| "-".to_owned(), format_ns),
    );
    if progress.failed > 0 {
        let _ = write!(
            line,
            "  failed {}",
            words::grouped(progress.failed as f64, 0)
        );
    }
    line
}

/// Ten cells, in eighths.
fn bar(share: f64) -> String {
    const CELLS: usize = 10;
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * (CELLS * 8) as f64).floor() as usize;
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(PARTS[eighths % 8]);
    let used = bar.chars().count();
    bar.push_str(&"·".repeat(CELLS - used));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress {
            phase: "measure",
            elapsed: Duration::from_millis(12_040),
            total: Duration::from_secs(30),
            offered_per_second: Some(1_000.0),
            achieved_per_second: 998.0,
            in_flight: 3,
            backlog: 0,
            p99_ns: Some(4_570_000),
            failed: 0,
        }
    }

    #[test]
    fn says_what_the_last_second_was_like() {
        insta::assert_snapshot!(progress_line(&progress()), @"measure  ████······   12/30 s  achieved     998 of   1,000/s  in flight   3  backlog   0  P99 4.57 ms");
    }

    #[test]
    fn a_closed_loop_offers_nothing_and_failures_show() {
        let closed = Progress {
            offered_per_second: None,
            p99_ns: None,
            failed: 12,
            ..progress()
        };
        insta::assert_snapshot!(progress_line(&closed), @"measure  ████······   12/30 s  achieved     998/s  in flight   3  backlog   0  P99       -  failed 12");
    }

    #[test]
    fn the_bar_is_always_as_long() {
        for share in [0.0, 0.013, 0.5, 0.999, 1.0, 2.0] {
            assert_eq!(bar(share).chars().count(), 10, "{share}");
        }
    }

    #[test]
    fn fits_a_terminal() {
        let wide = Progress {
            achieved_per_second: 123_456.0,
            offered_per_second: Some(123_456.0),
            backlog: 12_345,
            in_flight: 100,
            failed: 1_234,
            ..progress()
        };
        assert!(progress_line(&wide).chars().count() <= 120);
    }
}
