//! Metric series, their points, and what becomes of the points in buckets.

pub mod queries;
mod repository;

pub use repository::MetricRepository;
