//! When traces start: index -> instant and instant -> index, by a day-night curve with bursts of
//! errors.
//!
//! Input: the plan. Output: start times that never decrease with the index, and their inverse. The
//! data's days are cut into slots of five minutes; a slot holds its share of the curve, spread
//! evenly with jitter. Knows nothing of rows.

use chrono::{DateTime, Timelike, Utc};

use super::streams;
use crate::plan::DatasetPlan;
use crate::stats::draw::Stream;

/// The length of a slot in microseconds: five minutes.
pub(super) const SLOT_US: u64 = 300_000_000;
/// Slots in a day.
const SLOTS_PER_DAY: u64 = 288;
/// A jittered position has this many steps.
const JITTER_STEPS: u64 = 1024;
/// Slots that share one decision about a burst: half an hour.
const BURST_SLOTS: u64 = 6;
/// One stretch in this many is a burst.
const BURST_ONE_IN: u64 = 24;
/// How many times likelier errors are in a burst.
const BURST_FACTOR: u64 = 8;
/// Errors are never likelier than this, in thousandths.
const ERROR_PERMILLE_MAX: u64 = 500;

/// The law of start times.
#[derive(Debug)]
pub(super) struct Clock {
    start_us: i64,
    /// The first trace of each slot, and behind the last slot the number of traces.
    first: Vec<u64>,
    /// The likelihood of an error in each slot, in thousandths.
    error_permille: Vec<u16>,
    jitter: Stream,
    errors: Stream,
}

impl Clock {
    pub(super) fn new(plan: &DatasetPlan) -> Self {
        let slots = u64::from(plan.days.max(1)) * SLOTS_PER_DAY;
        let noise = Stream::new(plan.seed, streams::CURVE);
        let first_slot = slot_of_day(plan.start());
        let weights: Vec<u64> = (0..slots)
            .map(|slot| day_curve(first_slot + slot) * (900 + noise.below(slot, 201)))
            .collect();
        let total: u128 = weights.iter().map(|w| u128::from(*w)).sum();
        let mut before: u128 = 0;
        let mut first = vec![0];
        for weight in weights {
            before += u128::from(weight);
            first.push((u128::from(plan.traces) * before / total) as u64);
        }
        Self {
            start_us: plan.start().timestamp_micros(),
            first,
            error_permille: (0..slots).map(|slot| error_permille(plan, slot)).collect(),
            jitter: Stream::new(plan.seed, streams::START),
            errors: Stream::new(plan.seed, streams::FAILED),
        }
    }

    /// The slot of trace `index`.
    pub(super) fn slot(&self, index: u64) -> usize {
        let after = self.first.partition_point(|first| *first <= index);
        (after - 1).min(self.error_permille.len() - 1)
    }

    /// The start of trace `index`, which lies in `slot`, in microseconds since 1970.
    pub(super) fn start_us(&self, index: u64, slot: usize) -> i64 {
        let first = self.first[slot];
        let here = (self.first[slot + 1] - first).max(1);
        let position = (index - first) * JITTER_STEPS + self.jitter.below(index, JITTER_STEPS);
        let within = position * SLOT_US / (here * JITTER_STEPS);
        self.start_us + (slot as u64 * SLOT_US + within).cast_signed()
    }

    /// Whether trace `index`, which lies in `slot`, failed.
    pub(super) fn failed(&self, index: u64, slot: usize) -> bool {
        self.errors.below(index, 1000) < u64::from(self.error_permille[slot])
    }

    /// Whether errors are likelier than usual in `slot`.
    #[cfg(test)]
    pub(super) fn error_permille(&self, slot: usize) -> u16 {
        self.error_permille[slot]
    }

    /// The first trace that starts at or after `us`, microseconds since 1970; the number of traces
    /// when none does.
    pub(super) fn first_at_or_after(&self, us: i64) -> u64 {
        let Ok(offset) = u64::try_from(us - self.start_us) else {
            return 0;
        };
        let slot = (offset / SLOT_US) as usize;
        if slot >= self.error_permille.len() {
            return self.first[self.error_permille.len()];
        }
        let (mut low, mut high) = (self.first[slot], self.first[slot + 1]);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.start_us(middle, slot) < us {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The slot of the day in which `start` lies.
fn slot_of_day(start: DateTime<Utc>) -> u64 {
    u64::from(start.num_seconds_from_midnight()) / 300
}

/// Traffic at a slot, relative: four times as much at 14:00 UTC as at 02:00.
fn day_curve(slot: u64) -> u64 {
    let hours_from_peak = (slot % SLOTS_PER_DAY) as f64 / 12.0 - 14.0;
    let wave = libm::cos(hours_from_peak * std::f64::consts::PI / 12.0);
    libm::round(1000.0 * (1.0 + 0.6 * wave)) as u64
}

fn error_permille(plan: &DatasetPlan, slot: u64) -> u16 {
    let usual = u64::from(plan.error_permille);
    let burst = Stream::new(plan.seed, streams::BURST).below(slot / BURST_SLOTS, BURST_ONE_IN) == 0;
    let here = if burst {
        (usual * BURST_FACTOR).min(ERROR_PERMILLE_MAX.max(usual))
    } else {
        usual
    };
    here.min(1000) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::small_plan;
    use proptest::prelude::*;

    #[test]
    fn day_is_four_times_night() {
        assert_eq!(day_curve(14 * 12), 1600);
        assert_eq!(day_curve(2 * 12), 400);
    }

    #[test]
    fn starts_never_decrease_and_stay_inside() {
        let plan = small_plan();
        let clock = Clock::new(&plan);
        let starts: Vec<i64> = (0..plan.traces)
            .map(|i| clock.start_us(i, clock.slot(i)))
            .collect();
        assert!(starts.is_sorted());
        assert!(starts[0] >= plan.start().timestamp_micros());
        assert!(*starts.last().unwrap() < plan.end.timestamp_micros());
    }

    #[test]
    fn bursts_have_several_times_the_errors() {
        let plan = DatasetPlan {
            traces: 200_000,
            ..small_plan()
        };
        let clock = Clock::new(&plan);
        let (mut burst, mut usual) = ([0_u32; 2], [0_u32; 2]);
        for i in 0..plan.traces {
            let slot = clock.slot(i);
            let counts = if clock.error_permille(slot) > plan.error_permille as u16 {
                &mut burst
            } else {
                &mut usual
            };
            counts[0] += 1;
            counts[1] += u32::from(clock.failed(i, slot));
        }
        let share = |counts: [u32; 2]| f64::from(counts[1]) / f64::from(counts[0]);
        assert!((share(usual) - 0.02).abs() < 0.003, "{}", share(usual));
        assert!(share(burst) > 5.0 * share(usual), "{}", share(burst));
    }

    proptest! {
        #[test]
        fn inverse_agrees_with_a_scan(offset_us in -10_000_000_i64..90_000_000_000) {
            let plan = small_plan();
            let clock = Clock::new(&plan);
            let at = plan.start().timestamp_micros() + offset_us;
            let found = clock.first_at_or_after(at);
            let start = |i| clock.start_us(i, clock.slot(i));
            prop_assert!(found == 0 || start(found - 1) < at);
            prop_assert!(found == plan.traces || start(found) >= at);
        }
    }
}
