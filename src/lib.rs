//! Highwater: an open-loop load-testing and benchmarking harness for observability stores on
//! PostgreSQL and TimescaleDB.
//!
//! The modules below stand in the order of the pipeline: read scenario, resolve plan, provision
//! target, migrate, fill the data set, drive, record, summarise, judge, archive, report. A module
//! imports only modules that stand above it; `tests/architecture.rs` enforces that.

pub mod units;
pub mod stats;
pub mod store;
pub mod scenario;
pub mod plan;
pub mod target;
pub mod schema;
pub mod dataset;
pub mod workload;
pub mod record;
pub mod drive;
pub mod observe;
pub mod summary;
pub mod judge;
pub mod archive;
pub mod report;
pub mod cli;
pub mod commands;
