//! The statements of [`TraceRepository`](super::TraceRepository), each with its parameters.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::store::error::StorageError;
use crate::store::filters::{Cursor, DEFAULT_TRACE_LIMIT, TraceFilters};
use crate::store::models::{Status, Trace, span_columns, trace_columns};
use crate::store::statement::{Conditions, Statement};
use crate::store::time_range::TimeRange;

/// How far before its trace's start and after its end a span may start: services whose clocks
/// differ by less lose no span, and the look-up still touches the chunks of one or two days.
pub const CLOCK_SLACK: TimeDelta = TimeDelta::hours(1);

/// One trace by its row id.
pub fn get_by_id(id: Uuid) -> Statement {
    Statement::fixed(concat!(
        "SELECT ",
        trace_columns!(),
        " FROM traces WHERE id = $1 LIMIT 1"
    ))
    .bind(id)
}

/// One trace by its trace id.
pub fn get_by_trace_id(trace_id: &str) -> Statement {
    Statement::fixed(concat!(
        "SELECT ",
        trace_columns!(),
        " FROM traces WHERE trace_id = $1 LIMIT 1"
    ))
    .bind(trace_id)
}

/// One trace by its trace id, started within `range`.
pub fn get_by_trace_id_within(trace_id: &str, range: TimeRange) -> Statement {
    Statement::fixed(concat!(
        "SELECT ",
        trace_columns!(),
        " FROM traces WHERE trace_id = $1 AND start_time >= $2 AND start_time < $3 LIMIT 1"
    ))
    .bind(trace_id)
    .bind(range.start())
    .bind(range.end())
}

/// The spans of `trace` in order of their start, looked for around the time of the trace; without
/// an upper bound where the trace has not ended.
pub fn get_spans(trace: &Trace) -> Statement {
    let from = earlier(trace.start_time);
    match trace.end_time {
        Some(end) => Statement::fixed(concat!(
            "SELECT ",
            span_columns!(),
            " FROM trace_spans WHERE trace_id = $1 AND start_time >= $2 AND start_time <= $3 \
             ORDER BY start_time, id"
        ))
        .bind(trace.id)
        .bind(from)
        .bind(end.checked_add_signed(CLOCK_SLACK).unwrap_or(end)),
        None => Statement::fixed(concat!(
            "SELECT ",
            span_columns!(),
            " FROM trace_spans WHERE trace_id = $1 AND start_time >= $2 ORDER BY start_time, id"
        ))
        .bind(trace.id)
        .bind(from),
    }
}

fn earlier(start: DateTime<Utc>) -> DateTime<Utc> {
    start.checked_sub_signed(CLOCK_SLACK).unwrap_or(start)
}

/// All traces of one service that started within `range`, newest first.
pub fn search_by_service(service_name: &str, range: TimeRange) -> Statement {
    Statement::fixed(concat!(
        "SELECT ",
        trace_columns!(),
        " FROM traces WHERE service_name = $1 AND start_time >= $2 AND start_time < $3 \
         ORDER BY start_time DESC, id DESC"
    ))
    .bind(service_name)
    .bind(range.start())
    .bind(range.end())
}

/// A page of traces, newest first.
///
/// # Errors
/// A limit or an offset below 0, or an end before its start.
pub fn list(filters: &TraceFilters) -> Result<Statement, StorageError> {
    let mut query = filtered(filters, None)?;
    if let Some(status) = filters.status {
        query.and("status = ").push_bind(status.as_str());
    }
    page(query, filters)
}

/// The page that follows `cursor`: the offset of `filters` counts from there.
///
/// # Errors
/// As [`list`].
pub fn list_after(cursor: Cursor, filters: &TraceFilters) -> Result<Statement, StorageError> {
    let mut query = filtered(filters, Some(cursor))?;
    if let Some(status) = filters.status {
        query.and("status = ").push_bind(status.as_str());
    }
    page(query, filters)
}

/// A page of traces with status `error`, newest first; the status of `filters` does not count.
/// The status stands in the text, so that a partial index on it serves generic plans too.
///
/// # Errors
/// As [`list`].
pub fn search_errors(filters: &TraceFilters) -> Result<Statement, StorageError> {
    let mut query = filtered(filters, None)?;
    query.and("status = '").push(Status::Error).push("'");
    page(query, filters)
}

/// Counts and durations of the traces that started within `range`.
pub fn get_stats(range: TimeRange) -> Statement {
    Statement::fixed(
        "SELECT COUNT(*), COUNT(*) FILTER (WHERE status = 'error'), \
         COUNT(DISTINCT service_name), COALESCE(SUM(span_count), 0)::int8, \
         AVG(duration_us)::float8, MAX(duration_us) \
         FROM traces WHERE start_time >= $1 AND start_time < $2",
    )
    .bind(range.start())
    .bind(range.end())
}

/// Every filter but the status.
fn filtered(filters: &TraceFilters, after: Option<Cursor>) -> Result<Conditions, StorageError> {
    let mut query = Conditions::new(concat!("SELECT ", trace_columns!(), " FROM traces"));
    if let Some(service) = &filters.service_name {
        query.and("service_name = ").push_bind(service.as_str());
    }
    query.and_within("start_time", filters.start_time, filters.end_time)?;
    if let Some(cursor) = after {
        query.and_before("start_time", cursor);
    }
    if let Some(least) = filters.min_duration_us {
        query.and("duration_us >= ").push_bind(least);
    }
    if let Some(most) = filters.max_duration_us {
        query.and("duration_us <= ").push_bind(most);
    }
    Ok(query)
}

fn page(query: Conditions, filters: &TraceFilters) -> Result<Statement, StorageError> {
    let mut query: QueryBuilder<Postgres> = query.into_builder();
    query.push(" ORDER BY start_time DESC, id DESC");
    let limit = filters.limit.unwrap_or(DEFAULT_TRACE_LIMIT);
    Statement::page(query, limit, filters.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn only_the_filters_that_are_given_reach_the_sql() {
        let bare = list(&TraceFilters::default()).unwrap();
        let (_, rest) = bare.sql().split_once(" FROM ").unwrap();
        assert_eq!(rest, "traces ORDER BY start_time DESC, id DESC LIMIT $1");

        let filters = TraceFilters {
            service_name: Some("chat".to_owned()),
            status: Some(Status::Ok),
            end_time: Some(at(10)),
            max_duration_us: Some(5),
            offset: Some(20),
            ..TraceFilters::default()
        };
        let full = list(&filters).unwrap();
        let (_, rest) = full.sql().split_once(" FROM ").unwrap();
        assert_eq!(
            rest,
            "traces WHERE service_name = $1 AND start_time < $2 AND duration_us <= $3 \
             AND status = $4 ORDER BY start_time DESC, id DESC LIMIT $5 OFFSET $6"
        );
    }

    #[test]
    fn a_cursor_bounds_the_time_so_that_chunks_can_be_left_out() {
        let cursor = Cursor {
            time: at(10),
            id: Uuid::nil(),
        };
        let statement = list_after(cursor, &TraceFilters::default()).unwrap();
        let (_, rest) = statement.sql().split_once(" FROM ").unwrap();
        assert_eq!(
            rest,
            "traces WHERE start_time <= $1 AND (start_time, id) < ($2, $3) \
             ORDER BY start_time DESC, id DESC LIMIT $4"
        );
    }

    #[test]
    fn errors_are_named_in_the_text() {
        let statement = search_errors(&TraceFilters::default()).unwrap();
        assert!(statement.sql().contains("WHERE status = 'error' ORDER"));
    }

    #[test]
    fn a_range_turned_round_and_a_negative_limit_are_refused() {
        let turned = TraceFilters {
            start_time: Some(at(10)),
            end_time: Some(at(5)),
            ..TraceFilters::default()
        };
        assert!(matches!(list(&turned), Err(StorageError::TimeRange(_))));
        let negative = TraceFilters {
            limit: Some(-1),
            ..TraceFilters::default()
        };
        assert!(matches!(
            list(&negative),
            Err(StorageError::Argument { what: "limit", .. })
        ));
    }
}
