//! Operations with known delays and known faults, so that what the drive reports can be held
//! against what happened.
//!
//! Input: a law of delays by index, and faults by index. Output: counts of what was done. The
//! delays are tokio's, which tick at 1 ms: tests choose delays that dwarf that.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::operation::{Answer, AnswerVerdict, CallError, ErrorClass, Operations};
use crate::stats::draw::Stream;

/// The time that a call takes, by its index.
#[derive(Debug, Clone, Copy)]
pub enum Delay {
    /// The same for each.
    Fixed(Duration),
    /// One of two, the second with the given share of calls, 0-1.
    TwoPoint(Duration, Duration, f64),
    /// Log-normal: this median, and this standard deviation of the logarithm.
    LogNormal(Duration, f64),
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The server gives an error of this class; the connection goes on.
    SqlState([u8; 2]),
    /// The connection breaks.
    Lost,
    /// The answer is wrong.
    Wrong,
    /// The answer is empty.
    Empty,
    /// No answer ever comes.
    Hangs,
}

/// How often one fault comes: at each index that is `offset` modulo `every`.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    fault: Fault,
    every: u64,
    offset: u64,
}

/// What a [`Fake`] was asked to do, so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Sessions handed out.
    pub acquired: u64,
    /// Sessions given back.
    pub released: u64,
    /// Sessions closed after a timeout or a lost connection.
    pub discarded: u64,
    /// Calls that began.
    pub begun: u64,
    /// Calls that came to an answer or an error.
    pub ended: u64,
}

/// Operations whose delays and faults are known beforehand.
#[derive(Debug)]
pub struct Fake {
    delay: Delay,
    faults: Vec<Schedule>,
    draws: Stream,
    acquired: AtomicU64,
    released: AtomicU64,
    discarded: AtomicU64,
    begun: AtomicU64,
    ended: AtomicU64,
}

/// One session of a [`Fake`], by its number.
#[derive(Debug, PartialEq, Eq)]
pub struct FakeSession(pub u64);

impl Fake {
    /// Operations that take as long as `delay` says, drawn from `seed`, and never fail.
    pub fn new(seed: u64, delay: Delay) -> Self {
        Self {
            delay,
            faults: Vec::new(),
            draws: Stream::new(seed, 0x6661_6B65),
            acquired: AtomicU64::new(0),
            released: AtomicU64::new(0),
            discarded: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        }
    }

    /// Adds a fault of each call whose index is `offset` modulo `every`; the first that was added
    /// wins. `every` 0 is never.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault, every: u64, offset: u64) -> Self {
        self.faults.push(Schedule {
            fault,
            every,
            offset,
        });
        self
    }

    /// The delay of call `index`.
    pub fn delay(&self, operation: usize, index: u64) -> Duration {
        let stream = self.draws.child(operation as u64);
        match self.delay {
            Delay::Fixed(delay) => delay,
            Delay::TwoPoint(usual, rare, share) => {
                if stream.open01(index) < share {
                    rare
                } else {
                    usual
                }
            }
            Delay::LogNormal(median, deviation) => {
                median.mul_f64(libm::exp(deviation * normal(stream, index)))
            }
        }
    }

    /// What goes wrong with call `index`, if anything.
    pub fn fault(&self, index: u64) -> Option<Fault> {
        self.faults
            .iter()
            .find(|s| s.every > 0 && index % s.every == s.offset)
            .map(|s| s.fault)
    }

    /// What was done so far.
    pub fn counts(&self) -> Counts {
        Counts {
            acquired: self.acquired.load(Ordering::SeqCst),
            released: self.released.load(Ordering::SeqCst),
            discarded: self.discarded.load(Ordering::SeqCst),
            begun: self.begun.load(Ordering::SeqCst),
            ended: self.ended.load(Ordering::SeqCst),
        }
    }
}

/// A normally distributed number by the method of Box and Muller (1958).
fn normal(stream: Stream, index: u64) -> f64 {
    let radius = libm::sqrt(2.0 * stream.exponential(2 * index));
    radius * libm::cos(std::f64::consts::TAU * stream.open01(2 * index + 1))
}

impl Operations for Fake {
    type Session = FakeSession;
    type Reply = Option<Fault>;

    async fn acquire(&self) -> Result<FakeSession, CallError> {
        Ok(FakeSession(self.acquired.fetch_add(1, Ordering::SeqCst)))
    }

    async fn release(&self, _session: FakeSession) {
        self.released.fetch_add(1, Ordering::SeqCst);
    }

    fn discard(&self, _session: FakeSession) {
        self.discarded.fetch_add(1, Ordering::SeqCst);
    }

    async fn call(
        &self,
        _session: &mut FakeSession,
        operation: usize,
        index: u64,
    ) -> Result<Option<Fault>, CallError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let fault = self.fault(index);
        if fault == Some(Fault::Hangs) {
            std::future::pending::<()>().await;
        }
        let delay = self.delay(operation, index);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.ended.fetch_add(1, Ordering::SeqCst);
        match fault {
            Some(Fault::SqlState(class)) => Err(error(ErrorClass::SqlState(class), false)),
            Some(Fault::Lost) => Err(error(ErrorClass::Connection, true)),
            fault => Ok(fault),
        }
    }

    fn check(&self, _operation: usize, _index: u64, reply: Option<Fault>) -> Answer {
        let (rows, verdict) = match reply {
            Some(Fault::Wrong) => (1, AnswerVerdict::Wrong),
            Some(Fault::Empty) => (0, AnswerVerdict::Empty),
            _ => (1, AnswerVerdict::Right),
        };
        Answer { rows, verdict }
    }
}

fn error(class: ErrorClass, connection_lost: bool) -> CallError {
    CallError {
        class,
        message: "a fault that was asked for".to_owned(),
        connection_lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_follow_their_law() {
        let n = 20_000_u64;
        let fake = Fake::new(1, Delay::LogNormal(Duration::from_millis(10), 0.5));
        let logs: Vec<f64> = (0..n)
            .map(|i| (fake.delay(0, i).as_secs_f64() / 0.010).ln())
            .collect();
        let mean = logs.iter().sum::<f64>() / n as f64;
        let variance = logs.iter().map(|x| x * x).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.015, "{mean}");
        assert!((variance.sqrt() - 0.5).abs() < 0.01, "{variance}");

        let slow = Duration::from_millis(100);
        let fake = Fake::new(1, Delay::TwoPoint(Duration::from_millis(1), slow, 0.1));
        let share = (0..n).filter(|i| fake.delay(0, *i) == slow).count() as f64 / n as f64;
        assert!((share - 0.1).abs() < 0.01, "{share}");
    }

    #[tokio::test]
    async fn faults_come_where_they_were_asked_for() {
        let fake = Fake::new(1, Delay::Fixed(Duration::from_millis(1)))
            .with_fault(Fault::Lost, 10, 3)
            .with_fault(Fault::Wrong, 10, 4);
        let mut session = fake.acquire().await.unwrap();
        let (mut lost, mut wrong) = (0, 0);
        for index in 0..20 {
            match fake.call(&mut session, 0, index).await {
                Err(error) => lost += u64::from(error.connection_lost),
                Ok(reply) => {
                    let verdict = fake.check(0, index, reply).verdict;
                    wrong += u64::from(verdict == AnswerVerdict::Wrong);
                }
            }
        }
        fake.discard(session);
        assert_eq!((lost, wrong), (2, 2));
        let counts = fake.counts();
        assert_eq!((counts.begun, counts.ended, counts.discarded), (20, 20, 1));
    }
}
