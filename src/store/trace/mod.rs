//! Traces and their spans.
//!
//! A look-up by id or trace id names no time, so it touches every chunk; the `_within` variants
//! touch only the chunks of their range.

pub mod queries;
mod repository;

pub use repository::TraceRepository;
