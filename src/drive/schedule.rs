//! When each arrival is due: fixed before the run, computed by index, never stored.
//!
//! Every operation has an arrival process of its own; a cursor merges them in time. Two cursors of
//! one schedule give the same arrivals, so what waits between the dispatcher's cursor and the
//! callers' is a range and needs no memory.

use super::load::Load;
use crate::stats::draw::Stream;

/// The stream names of the arrivals, apart from those of the parameters.
const GAPS: u64 = 0x6761_7073;

/// One arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When it is due, in nanoseconds on the run's clock.
    pub scheduled_ns: u64,
    /// Which operation.
    pub operation: usize,
    /// Which of that operation's arrivals, from 0.
    pub index: u64,
}

/// A walk over the arrivals of all operations, in time; ties go to the operation listed first.
#[derive(Debug, Clone)]
pub struct Cursor {
    lanes: Vec<Lane>,
}

/// The arrivals of one operation.
#[derive(Debug, Clone)]
struct Lane {
    gaps: Option<Stream>,
    mean_gap_ns: f64,
    origin_ns: u64,
    next_ns: u64,
    index: u64,
}

impl Cursor {
    /// The schedule of `load` from `origin_ns` on, at its first arrival.
    ///
    /// Constant arrivals of n operations start n-ths of a gap apart, so that they do not all fall
    /// on one instant. Poisson arrivals start after an exponential gap.
    pub fn new(load: &Load, origin_ns: u64) -> Self {
        let rated = || {
            load.operations
                .iter()
                .filter(|operation| operation.rate.is_some())
        };
        let count = rated().count().max(1) as f64;
        let lanes = load
            .operations
            .iter()
            .enumerate()
            .map(|(position, operation)| {
                let mean_gap_ns = operation
                    .rate
                    .map_or(f64::INFINITY, crate::units::Rate::mean_gap_ns);
                let mut lane = Lane {
                    gaps: load
                        .is_poisson()
                        .then(|| Stream::new(load.seed, GAPS).child(position as u64)),
                    mean_gap_ns,
                    origin_ns,
                    next_ns: origin_ns,
                    index: 0,
                };
                lane.next_ns = match lane.gaps {
                    _ if mean_gap_ns.is_infinite() => u64::MAX,
                    Some(_) => origin_ns.saturating_add(lane.gap_ns(0)),
                    None => {
                        lane.origin_ns += (mean_gap_ns * position as f64 / count) as u64;
                        lane.origin_ns
                    }
                };
                lane
            });
        Self {
            lanes: lanes.collect(),
        }
    }

    /// When the next arrival is due; `u64::MAX` where there is none.
    pub fn next_due_ns(&self) -> u64 {
        self.lanes
            .iter()
            .map(|lane| lane.next_ns)
            .min()
            .unwrap_or(u64::MAX)
    }

    /// The next arrival; moves on.
    ///
    /// The schedule has no end: whoever walks it stops at a time or at a count.
    #[expect(
        clippy::should_implement_trait,
        reason = "an endless walk is no iterator to collect"
    )]
    pub fn next(&mut self) -> Arrival {
        let mut first = 0;
        for (position, lane) in self.lanes.iter().enumerate() {
            if lane.next_ns < self.lanes[first].next_ns {
                first = position;
            }
        }
        let lane = &mut self.lanes[first];
        let arrival = Arrival {
            scheduled_ns: lane.next_ns,
            operation: first,
            index: lane.index,
        };
        lane.advance();
        arrival
    }
}

impl Lane {
    fn advance(&mut self) {
        self.index += 1;
        self.next_ns = if self.gaps.is_some() {
            self.next_ns.saturating_add(self.gap_ns(self.index))
        } else {
            // By multiplication, so that rounding does not add up over a long run.
            self.origin_ns
                .saturating_add((self.mean_gap_ns * self.index as f64).round() as u64)
        };
    }

    fn gap_ns(&self, index: u64) -> u64 {
        self.gaps.map_or(0, |gaps| {
            (gaps.exponential(index) * self.mean_gap_ns).round() as u64
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::drive::load::OperationLoad;
    use crate::plan::{Access, Arrivals, DrivePlan, Model, PoolPlan};
    use crate::units::{Rate, Span};
    use proptest::prelude::*;

    /// An open, pinned load with one operation for each rate.
    pub(crate) fn load(arrivals: Arrivals, rates: &[f64]) -> Load {
        Load {
            seed: 1,
            drive: DrivePlan {
                model: Model::Open,
                arrivals,
                access: Access::Pinned,
                workers: 1,
                connections: 1,
                callers: 1,
                think_time: Span::default(),
                warm_up: Span::default(),
                duration: Span::from_secs(1),
                drain: Span::from_secs(1),
                timeout: Span::from_secs(5),
                pool: PoolPlan {
                    min: 0,
                    acquire_timeout: Span::from_secs(30),
                    idle_timeout: Span::from_secs(600),
                    max_lifetime: Span::from_secs(1800),
                    test_before_acquire: true,
                },
            },
            operations: rates
                .iter()
                .map(|rate| OperationLoad {
                    name: format!("at {rate}"),
                    rate: Rate::new(*rate),
                    weight: 1,
                })
                .collect(),
        }
    }

    fn due_before(load: &Load, end_ns: u64) -> Vec<Arrival> {
        let mut cursor = Cursor::new(load, 0);
        let mut arrivals = Vec::new();
        while cursor.next_due_ns() < end_ns {
            arrivals.push(cursor.next());
        }
        arrivals
    }

    #[test]
    fn constant_arrivals_are_evenly_spaced_for_an_hour() {
        let load = load(Arrivals::Constant, &[3.0]);
        let arrivals = due_before(&load, 3_600_000_000_000);
        assert_eq!(arrivals.len(), 10_800);
        assert_eq!(
            arrivals[10_799].scheduled_ns, 3_599_666_666_667,
            "no rounding adds up"
        );
    }

    #[test]
    fn operations_keep_their_own_rates_and_share_one_time() {
        let arrivals = due_before(&load(Arrivals::Poisson, &[1000.0, 100.0]), 100_000_000_000);
        let slow = arrivals
            .iter()
            .filter(|arrival| arrival.operation == 1)
            .count() as f64;
        let fast = arrivals.len() as f64 - slow;
        // Five standard deviations of a Poisson count.
        assert!((fast - 1e5).abs() < 5.0 * 1e5_f64.sqrt(), "{fast}");
        assert!((slow - 1e4).abs() < 5.0 * 1e4_f64.sqrt(), "{slow}");
        assert!(arrivals.is_sorted_by_key(|arrival| arrival.scheduled_ns));
    }

    #[test]
    fn poisson_gaps_are_exponential() {
        let arrivals = due_before(&load(Arrivals::Poisson, &[1000.0]), 200_000_000_000);
        let gaps: Vec<f64> = arrivals
            .windows(2)
            .map(|pair| (pair[1].scheduled_ns - pair[0].scheduled_ns) as f64 / 1e6)
            .collect();
        for (at_ms, share) in [(0.5, 0.3935), (1.0, 0.6321), (3.0, 0.9502)] {
            let below = gaps.iter().filter(|gap| **gap < at_ms).count() as f64 / gaps.len() as f64;
            assert!((below - share).abs() < 0.006, "{at_ms} ms: {below}");
        }
    }

    #[test]
    fn without_a_rate_there_is_no_arrival() {
        assert_eq!(
            Cursor::new(&load(Arrivals::Poisson, &[0.0]), 0).next_due_ns(),
            u64::MAX
        );
    }

    proptest! {
        #[test]
        fn two_cursors_walk_alike_and_indexes_count_up(
            seed in any::<u64>(),
            rates in prop::collection::vec(1.0..5_000.0_f64, 1..5),
            poisson in any::<bool>(),
        ) {
            let law = if poisson { Arrivals::Poisson } else { Arrivals::Constant };
            let load = Load { seed, ..load(law, &rates) };
            let (mut a, mut b) = (Cursor::new(&load, 7), Cursor::new(&load, 7));
            let mut counted = vec![0; rates.len()];
            let mut last = 0;
            for _ in 0..500 {
                let arrival = a.next();
                prop_assert_eq!(arrival, b.next());
                prop_assert!(arrival.scheduled_ns >= last);
                prop_assert_eq!(arrival.index, counted[arrival.operation]);
                last = arrival.scheduled_ns;
                counted[arrival.operation] += 1;
            }
        }
    }
}
