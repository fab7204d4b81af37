//! Walks the schedule and hands over what is due, on a thread that does nothing else.

use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::feed::{Feed, Window};
use super::schedule::Cursor;
use crate::record::LatencyHistogram;

/// How long the dispatcher sleeps at most before it looks whether it was told to stop.
const NAP_NS: u64 = 50_000_000;

/// Hands over every arrival of `cursor` that is due before the window ends, then closes the feed.
///
/// Returns the pacing error: for each measured arrival, how long after its due instant the
/// dispatcher woke for it.
pub fn dispatch(
    clock: &impl Clock,
    mut cursor: Cursor,
    feed: &Feed,
    window: Window,
    cancel: &CancellationToken,
) -> LatencyHistogram {
    let mut pacing = LatencyHistogram::new();
    let mut wakers = Vec::with_capacity(64);
    while cursor.next_due_ns() < window.until_ns && sleep_until(clock, cursor.next_due_ns(), cancel)
    {
        let now_ns = clock.now_ns();
        let mut count = 0;
        while cursor.next_due_ns() <= now_ns && cursor.next_due_ns() < window.until_ns {
            let arrival = cursor.next();
            count += 1;
            if feed.count(&arrival) {
                pacing.record(now_ns - arrival.scheduled_ns);
            }
        }
        if let Some(backlog) = feed.backlog() {
            backlog.hand_over(count, clock.now_ns(), &mut wakers);
        }
    }
    feed.close();
    pacing
}

/// Sleeps until `due_ns`; false when told to stop.
fn sleep_until(clock: &impl Clock, due_ns: u64, cancel: &CancellationToken) -> bool {
    while !cancel.is_cancelled() {
        let now_ns = clock.now_ns();
        if now_ns >= due_ns {
            return true;
        }
        clock.sleep_until_ns(due_ns.min(now_ns + NAP_NS));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::clock::virtual_clock::VirtualClock;
    use crate::drive::schedule::tests::load;
    use crate::plan::Arrivals;
    use crate::units::Quantile;

    const WINDOW: Window = Window {
        origin_ns: 0,
        from_ns: 1_000_000_000,
        until_ns: 3_000_000_000,
    };

    #[test]
    fn hands_over_every_arrival_and_measures_its_own_lateness() {
        let load = load(Arrivals::Constant, &[1000.0]);
        let feed = Feed::new(&load);
        feed.begin(&load, WINDOW);
        let clock = VirtualClock {
            oversleep_ns: 200_000,
            ..VirtualClock::default()
        };
        let cancel = CancellationToken::new();
        let pacing = dispatch(&clock, Cursor::new(&load, 0), &feed, WINDOW, &cancel);
        assert_eq!(feed.scheduled(), [2_000]);
        assert_eq!(pacing.count(), 2_000);
        let late_ns = pacing.at(Quantile::P50).unwrap() as f64;
        assert!((late_ns / 200_000.0 - 1.0).abs() < 0.001, "{late_ns}");
        assert_eq!(feed.backlog().unwrap().waiting(), 3_000);
    }

    #[test]
    fn a_missed_second_is_handed_over_late_and_whole() {
        let load = load(Arrivals::Constant, &[1000.0]);
        let feed = Feed::new(&load);
        feed.begin(&load, WINDOW);
        let clock = VirtualClock {
            oversleep_ns: 1_000_000_000,
            ..VirtualClock::default()
        };
        let pacing = dispatch(
            &clock,
            Cursor::new(&load, 0),
            &feed,
            WINDOW,
            &CancellationToken::new(),
        );
        assert_eq!(feed.scheduled(), [2_000], "nothing scheduled is dropped");
        assert!(pacing.at(Quantile::P50).unwrap() > 400_000_000);
        let handed = feed
            .backlog()
            .unwrap()
            .drain()
            .map(|handed| handed.handed_ns);
        assert!(
            handed
                .zip((0..3_000).map(|i| i * 1_000_000))
                .all(|(h, s)| h >= s)
        );
    }

    #[test]
    fn stops_when_told_to() {
        let load = load(Arrivals::Constant, &[1.0]);
        let feed = Feed::new(&load);
        feed.begin(&load, WINDOW);
        let cancel = CancellationToken::new();
        cancel.cancel();
        let clock = VirtualClock::default();
        assert_eq!(
            dispatch(&clock, Cursor::new(&load, 0), &feed, WINDOW, &cancel).count(),
            0
        );
    }
}
