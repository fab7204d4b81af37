//! The seam between load and store: what the drive calls, and nothing of SQL.

use std::fmt;
use std::future::Future;

/// What came back, already checked against what the data set says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Rows decoded.
    pub rows: u64,
    /// What the check said.
    pub verdict: AnswerVerdict,
}

/// Whether an answer is the one that the data set implies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerVerdict {
    /// It is.
    Right,
    /// It is not: the call counts as failed.
    Wrong,
    /// It has no rows although it must have some: the call counts as failed.
    Empty,
    /// Nobody looked.
    Unchecked,
}

/// The kinds of failure that are told apart, after the SQLSTATE classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorClass {
    /// A class of SQLSTATE: its first two characters, such as `57` for operator intervention.
    SqlState([u8; 2]),
    /// The connection broke or could not be opened.
    Connection,
    /// The pool gave no connection in time.
    PoolTimeout,
    /// A row could not be decoded.
    Decode,
    /// A wrong answer.
    WrongAnswer,
    /// An empty answer where rows must be.
    EmptyAnswer,
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqlState(class) => write!(f, "sqlstate {}", String::from_utf8_lossy(class)),
            Self::Connection => f.write_str("connection"),
            Self::PoolTimeout => f.write_str("pool timeout"),
            Self::Decode => f.write_str("decode"),
            Self::WrongAnswer => f.write_str("wrong answer"),
            Self::EmptyAnswer => f.write_str("empty answer"),
        }
    }
}

/// A call that failed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// Its kind.
    pub class: ErrorClass,
    /// The database's own words, with SQLSTATE.
    pub message: String,
    /// Whether the connection can go on.
    pub connection_lost: bool,
}

/// The operations of a run and the sessions that they run on.
///
/// `operation` counts from 0 in the plan's order; `index` counts each operation's arrivals. A
/// call's parameters are a pure function of the seed and these two.
pub trait Operations: Send + Sync + 'static {
    /// What a call runs on: a connection in hand.
    type Session: Send + 'static;
    /// What a call brought back, not yet checked.
    type Reply: Send;

    /// Gets a session: opens a connection where sessions are pinned, takes one from the pool
    /// otherwise.
    fn acquire(&self) -> impl Future<Output = Result<Self::Session, CallError>> + Send;

    /// Gives a session back, with the pool's own checks.
    fn release(&self, session: Self::Session) -> impl Future<Output = ()> + Send;

    /// Waits until the server is done with a call that timed out on this session, off the measured
    /// path, and hands the session back; `None` if it cannot go on. Bounded in time.
    fn recover(&self, session: Self::Session)
    -> impl Future<Output = Option<Self::Session>> + Send;

    /// Closes a session's connection and abandons what the server does for it, as
    /// after it broke.
    fn discard(&self, session: Self::Session);

    /// Runs one call until its rows are decoded.
    fn call(
        &self,
        session: &mut Self::Session,
        operation: usize,
        index: u64,
    ) -> impl Future<Output = Result<Self::Reply, CallError>> + Send;

    /// Holds a reply against the known answer. Runs after the clock was read: its cost is not in
    /// `service`.
    fn check(&self, operation: usize, index: u64, reply: Self::Reply) -> Answer;
}
