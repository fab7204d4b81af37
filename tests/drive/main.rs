//! The drive against operations whose behaviour is known: a fake server with given delays.
//!
//! Delays here are tens of milliseconds, so that the noise of a shared machine is small beside
//! them; nothing asserts how fast the harness is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;
mod latency;
mod losses;
