//! The repositories and their workload against a real database, with answers computed from the
//! data set.
//!
//! Each trial takes a fresh database; [`TRIALS`] names them all.

mod connections;
mod edges;
mod logs;
mod metrics;
mod plans;
mod tiny;
mod traces;
mod workload;

use futures_util::future::LocalBoxFuture;
use sqlx::postgres::PgConnectOptions;

/// A trial: it brings its own schema and rows into the empty database behind the options.
pub(crate) type Run = fn(PgConnectOptions) -> LocalBoxFuture<'static, anyhow::Result<()>>;

macro_rules! trials {
    ($($module:ident :: $name:ident),+ $(,)?) => {
        &[$((
            concat!("store::", stringify!($module), "::", stringify!($name)),
            |options| Box::pin($module::$name(options)),
        )),+]
    };
}

/// Every trial by name.
pub(crate) const TRIALS: &[(&str, Run)] = trials![
    traces::look_ups,
    traces::lists_and_bounds,
    traces::filters_and_stats,
    traces::a_cursor_pages_as_an_offset_does,
    metrics::series_and_points,
    metrics::time_series,
    metrics::percentiles_and_stats,
    logs::of_a_trace,
    logs::searches,
    logs::lists_and_levels,
    edges::wildcards_and_unicode,
    edges::ties_in_time,
    edges::absent_values,
    edges::refused_arguments,
    plans::every_statement_can_be_explained,
    connections::a_pinned_connection_can_be_taken_back,
    connections::a_statement_past_its_timeout_keeps_its_connection,
    connections::a_lost_connection_is_told,
    connections::an_abandoned_loan_frees_its_place,
    connections::a_pool_counts_and_times_out,
    workload::every_call_is_right,
    workload::a_changed_database_is_noticed,
];
