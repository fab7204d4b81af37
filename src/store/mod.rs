//! The storage layer under test.
//!
//! Knows nothing of load and scenarios.

pub mod edition;

pub use edition::Edition;
