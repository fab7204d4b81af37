//! Rows of `log_records`, in the order in which their traces start.

use super::key::{Inner, Shape};
use super::lines::{self, Speaker, Template};

impl Inner {
    /// The instant in microseconds since 1970, the random bits and the template of log record `log`
    /// of a trace.
    pub(super) fn log_line(&self, shape: &Shape, log: u32) -> (i64, u64, &'static Template) {
        let bits = self.random.log.at(shape.first_log + u64::from(log));
        let speaker = if log >= shape.attached {
            Speaker::Background
        } else if shape.failed && log + 1 == shape.attached {
            Speaker::Failure
        } else {
            Speaker::Trace
        };
        let position = u64::from(log) * 1024 + (bits & 1023);
        let within = shape.duration_us * position / (u64::from(shape.logs) * 1024);
        (
            shape.start_us + within as i64,
            bits,
            lines::template(speaker, bits),
        )
    }
}
