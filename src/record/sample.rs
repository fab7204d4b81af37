//! One call as its worker saw it.

use crate::workload::{Answer, ErrorClass};

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Rows came back, and the check did not object.
    Ok(Answer),
    /// An error, or an answer that is wrong or empty.
    Failed(ErrorClass),
    /// Its deadline passed, counted from the scheduled start.
    TimedOut,
    /// Refused by the backlog's declared cap.
    Shed,
    /// Still waiting or running when the drain ended: its latency is a lower bound.
    Unfinished,
}

/// One call: instants in nanoseconds of the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Which operation, in the plan's order.
    pub operation: usize,
    /// When the schedule wanted it to start.
    pub scheduled_ns: u64,
    /// When the dispatcher handed it over.
    pub handed_ns: u64,
    /// When it had its connection in hand; `None` where it never had.
    pub started_ns: Option<u64>,
    /// When its rows were decoded; for a timeout its deadline, for an unfinished call the end.
    pub finished_ns: u64,
    /// When its connection was given back; equal to `finished_ns` for pinned connections.
    pub released_ns: u64,
    /// How it ended.
    pub outcome: Outcome,
}

impl Sample {
    /// Scheduled start to rows decoded.
    pub fn response_ns(&self) -> u64 {
        self.finished_ns.saturating_sub(self.scheduled_ns)
    }

    /// Scheduled start to handed over: the harness's own delay.
    pub fn lag_ns(&self) -> u64 {
        self.handed_ns.saturating_sub(self.scheduled_ns)
    }

    /// Handed over to connection in hand: the system's share. A call that never had a connection
    /// waited until it ended.
    pub fn wait_ns(&self) -> u64 {
        self.started_ns
            .unwrap_or(self.finished_ns)
            .saturating_sub(self.handed_ns)
    }

    /// Connection in hand to rows decoded; `None` where there was no connection.
    pub fn service_ns(&self) -> Option<u64> {
        self.started_ns
            .map(|started| self.finished_ns.saturating_sub(started))
    }

    /// Connection in hand to given back; `None` where there was no connection.
    pub fn hold_ns(&self) -> Option<u64> {
        self.started_ns.map(|started| {
            self.released_ns
                .max(self.finished_ns)
                .saturating_sub(started)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_the_response() {
        let sample = Sample {
            operation: 0,
            scheduled_ns: 100,
            handed_ns: 130,
            started_ns: Some(200),
            finished_ns: 1_000,
            released_ns: 1_050,
            outcome: Outcome::TimedOut,
        };
        assert_eq!(
            sample.lag_ns() + sample.wait_ns() + sample.service_ns().unwrap(),
            sample.response_ns()
        );
        assert_eq!((sample.response_ns(), sample.hold_ns()), (900, Some(850)));
        let unstarted = Sample {
            started_ns: None,
            ..sample
        };
        assert_eq!((unstarted.wait_ns(), unstarted.service_ns()), (870, None));
    }
}
