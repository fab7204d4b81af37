//! All calls of one operation: four histograms and the counts that must add up.

use std::collections::BTreeMap;

use super::{LatencyHistogram, Outcome, Sample};
use crate::workload::{AnswerVerdict, ErrorClass};

/// A part of a call's latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Scheduled start to rows decoded: the sum of the other three.
    Response,
    /// Scheduled start to handed over.
    Lag,
    /// Handed over to connection in hand.
    Wait,
    /// Connection in hand to rows decoded.
    Service,
}

impl Part {
    /// All four, in the archive's order.
    pub const ALL: [Self; 4] = [Self::Response, Self::Lag, Self::Wait, Self::Service];
    /// The three that add up to [`Part::Response`], in the order in which they pass.
    pub const ADDENDS: [Self; 3] = [Self::Lag, Self::Wait, Self::Service];

    /// The name in archives and interval-log tags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Lag => "lag",
            Self::Wait => "wait",
            Self::Service => "service",
        }
    }
}

/// How many calls ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows came back, and no check objected.
    pub ok: u64,
    /// Errors and wrong or empty answers.
    pub failed: u64,
    /// Past their deadline.
    pub timed_out: u64,
    /// Refused by the backlog's cap.
    pub shed: u64,
    /// Not ended when the drain ended.
    pub unfinished: u64,
    /// Answers held against the data set; the rest are unchecked.
    pub checked: u64,
    /// Of `failed`: answers that the data set contradicts.
    pub wrong: u64,
    /// Of `failed`: answers without rows where rows must be.
    pub empty: u64,
    /// Rows decoded by the calls that are `ok`.
    pub rows: u64,
}

impl Counts {
    /// Calls that ended or were given up: what `scheduled` must equal.
    pub fn total(&self) -> u64 {
        self.ok + self.failed + self.timed_out + self.shed + self.unfinished
    }

    /// Calls that did not bring a right answer in time.
    pub fn missed(&self) -> u64 {
        self.total() - self.ok
    }

    fn merge(&mut self, other: &Self) {
        self.ok += other.ok;
        self.failed += other.failed;
        self.timed_out += other.timed_out;
        self.shed += other.shed;
        self.unfinished += other.unfinished;
        self.checked += other.checked;
        self.wrong += other.wrong;
        self.empty += other.empty;
        self.rows += other.rows;
    }
}

/// Everything recorded of one operation.
///
/// Latencies hold the calls that are ok, those that timed out (at their deadline) and those left
/// unfinished (at the end, a lower bound). A failed call has no latency: an error that comes back
/// fast must not make a percentile better.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OperationRecord {
    /// The whole.
    pub response: LatencyHistogram,
    /// The harness's own delay.
    pub lag: LatencyHistogram,
    /// The system's backlog and pool.
    pub wait: LatencyHistogram,
    /// The call on its connection.
    pub service: LatencyHistogram,
    /// How many ended how.
    pub counts: Counts,
    /// Sum of the time that connections were held, in nanoseconds.
    pub hold_ns: u64,
    /// Failures by kind.
    pub errors: BTreeMap<ErrorClass, u64>,
    /// The database's words for one failure of each kind.
    pub error_examples: BTreeMap<ErrorClass, String>,
}

impl OperationRecord {
    /// Adds one call.
    pub fn record(&mut self, sample: &Sample) {
        self.count(sample.outcome);
        self.hold_ns += sample.hold_ns().unwrap_or(0);
        if matches!(sample.outcome, Outcome::Failed(_) | Outcome::Shed) {
            return;
        }
        self.response.record(sample.response_ns());
        self.lag.record(sample.lag_ns());
        self.wait.record(sample.wait_ns());
        if let Some(service_ns) = sample.service_ns() {
            self.service.record(service_ns);
        }
    }

    fn count(&mut self, outcome: Outcome) {
        let counts = &mut self.counts;
        match outcome {
            Outcome::Ok(answer) => {
                counts.ok += 1;
                counts.rows += answer.rows;
                counts.checked += u64::from(answer.verdict != AnswerVerdict::Unchecked);
            }
            Outcome::Failed(class) => {
                counts.failed += 1;
                counts.wrong += u64::from(class == ErrorClass::WrongAnswer);
                counts.empty += u64::from(class == ErrorClass::EmptyAnswer);
                counts.checked += u64::from(matches!(
                    class,
                    ErrorClass::WrongAnswer | ErrorClass::EmptyAnswer
                ));
                *self.errors.entry(class).or_default() += 1;
            }
            Outcome::TimedOut => counts.timed_out += 1,
            Outcome::Shed => counts.shed += 1,
            Outcome::Unfinished => counts.unfinished += 1,
        }
    }

    /// Keeps `message` as the example of `class`, if it is the first.
    pub fn example(&mut self, class: ErrorClass, message: &str) {
        self.error_examples
            .entry(class)
            .or_insert_with(|| message.to_owned());
    }

    /// Adds every call of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.response.merge(&other.response);
        self.lag.merge(&other.lag);
        self.wait.merge(&other.wait);
        self.service.merge(&other.service);
        self.counts.merge(&other.counts);
        self.hold_ns += other.hold_ns;
        for (class, count) in &other.errors {
            *self.errors.entry(*class).or_default() += count;
        }
        for (class, message) in &other.error_examples {
            // The smallest text wins, so that the order of merging does not matter.
            self.error_examples
                .entry(*class)
                .and_modify(|kept| {
                    if message < kept {
                        kept.clone_from(message);
                    }
                })
                .or_insert_with(|| message.clone());
        }
    }

    /// Forgets every call and keeps the histograms' memory.
    pub fn clear(&mut self) {
        self.response.clear();
        self.lag.clear();
        self.wait.clear();
        self.service.clear();
        self.counts = Counts::default();
        self.hold_ns = 0;
        self.errors.clear();
        self.error_examples.clear();
    }

    /// The histogram of a part.
    pub fn part(&self, part: Part) -> &LatencyHistogram {
        match part {
            Part::Response => &self.response,
            Part::Lag => &self.lag,
            Part::Wait => &self.wait,
            Part::Service => &self.service,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Answer;
    use proptest::prelude::*;

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            (0_u64..100).prop_map(|rows| Outcome::Ok(Answer {
                rows,
                verdict: AnswerVerdict::Right
            })),
            Just(Outcome::Failed(ErrorClass::WrongAnswer)),
            Just(Outcome::Failed(ErrorClass::SqlState(*b"57"))),
            Just(Outcome::TimedOut),
            Just(Outcome::Shed),
            Just(Outcome::Unfinished),
        ]
    }

    fn sample() -> impl Strategy<Value = Sample> {
        (
            0_u64..1_000_000,
            0_u64..9_999,
            0_u64..99_999,
            0_u64..9_999_999,
            outcome(),
        )
            .prop_map(|(scheduled_ns, lag, wait, service, outcome)| Sample {
                operation: 0,
                scheduled_ns,
                handed_ns: scheduled_ns + lag,
                started_ns: Some(scheduled_ns + lag + wait),
                finished_ns: scheduled_ns + lag + wait + service,
                released_ns: scheduled_ns + lag + wait + service,
                outcome,
            })
    }

    fn of(samples: &[Sample]) -> OperationRecord {
        let mut record = OperationRecord::default();
        for sample in samples {
            record.record(sample);
        }
        record
    }

    proptest! {
        #[test]
        fn merged_is_whole_order_free_and_conserves(
            a in prop::collection::vec(sample(), 0..50),
            b in prop::collection::vec(sample(), 0..50),
        ) {
            let whole = of(&[a.clone(), b.clone()].concat());
            let (mut ab, mut ba) = (of(&a), of(&b));
            ab.merge(&of(&b));
            ba.merge(&of(&a));
            prop_assert_eq!(&ab, &whole);
            prop_assert_eq!(&ba, &whole);
            prop_assert_eq!(whole.counts.total(), (a.len() + b.len()) as u64);
            let failures: u64 = whole.errors.values().sum();
            prop_assert_eq!(failures, whole.counts.failed);
            let timed = whole.counts.ok + whole.counts.timed_out + whole.counts.unfinished;
            prop_assert_eq!(whole.response.count(), timed);
        }
    }
}
