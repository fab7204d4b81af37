//! The statements of [`LogRepository`](super::LogRepository), each with its parameters.

use crate::store::error::StorageError;
use crate::store::filters::{Cursor, DEFAULT_LOG_LIMIT, LogFilters, SortOrder, contains_pattern};
use crate::store::models::log_columns;
use crate::store::statement::{Conditions, Statement};
use crate::store::time_range::TimeRange;

/// The severity number at which `OpenTelemetry` starts to speak of errors.
pub const ERROR_SEVERITY: i32 = 17;

/// The log records of one trace, oldest first.
pub fn get_logs_by_trace(trace_id: &str) -> Statement {
    Statement::fixed(concat!(
        "SELECT ",
        log_columns!(),
        " FROM log_records WHERE trace_id = $1 ORDER BY timestamp, id"
    ))
    .bind(trace_id)
}

/// The log records of one trace within `range`, oldest first.
pub fn get_logs_by_trace_within(trace_id: &str, range: TimeRange) -> Statement {
    Statement::fixed(concat!(
        "SELECT ",
        log_columns!(),
        " FROM log_records WHERE trace_id = $1 AND timestamp >= $2 AND timestamp < $3 \
         ORDER BY timestamp, id"
    ))
    .bind(trace_id)
    .bind(range.start())
    .bind(range.end())
}

/// The newest `limit` log records within `range` whose body holds `text`, whatever its case.
///
/// # Errors
/// A limit below 0.
pub fn search_logs(text: &str, range: TimeRange, limit: i64) -> Result<Statement, StorageError> {
    if limit < 0 {
        return Err(StorageError::Argument {
            what: "limit",
            value: limit,
            wanted: "0 or more",
        });
    }
    Ok(Statement::fixed(concat!(
        "SELECT ",
        log_columns!(),
        " FROM log_records WHERE body ILIKE $1 AND timestamp >= $2 AND timestamp < $3 \
         ORDER BY timestamp DESC, id DESC LIMIT $4"
    ))
    .bind(contains_pattern(text))
    .bind(range.start())
    .bind(range.end())
    .bind(limit))
}

/// A page of log records.
///
/// # Errors
/// A limit or an offset below 0, or an end before its start.
pub fn list(filters: &LogFilters) -> Result<Statement, StorageError> {
    page(filtered(filters, None)?, filters)
}

/// The page that follows `cursor`: the offset of `filters` counts from there.
///
/// # Errors
/// As [`list`].
pub fn list_after(cursor: Cursor, filters: &LogFilters) -> Result<Statement, StorageError> {
    page(filtered(filters, Some(cursor))?, filters)
}

/// The newest log records of one service within `range`.
pub fn search_by_service(service_name: &str, range: TimeRange) -> Statement {
    Statement::fixed(concat!(
        "SELECT ",
        log_columns!(),
        " FROM log_records WHERE service_name = $1 AND timestamp >= $2 AND timestamp < $3 \
         ORDER BY timestamp DESC, id DESC LIMIT $4"
    ))
    .bind(service_name)
    .bind(range.start())
    .bind(range.end())
    .bind(DEFAULT_LOG_LIMIT)
}

/// A page of log records at [`ERROR_SEVERITY`] or above; a higher floor of `filters` counts.
///
/// # Errors
/// As [`list`].
pub fn get_errors(filters: &LogFilters) -> Result<Statement, StorageError> {
    let floor = filters.min_severity.unwrap_or(ERROR_SEVERITY);
    list(&LogFilters {
        min_severity: Some(floor.max(ERROR_SEVERITY)),
        ..filters.clone()
    })
}

/// The log records of each level within `range`, by number.
pub fn count_by_level(range: TimeRange) -> Statement {
    Statement::fixed(
        "SELECT severity_number, severity_text, COUNT(*) FROM log_records \
         WHERE timestamp >= $1 AND timestamp < $2 \
         GROUP BY severity_number, severity_text ORDER BY severity_number, severity_text",
    )
    .bind(range.start())
    .bind(range.end())
}

fn filtered(filters: &LogFilters, after: Option<Cursor>) -> Result<Conditions, StorageError> {
    let mut query = Conditions::new(concat!("SELECT ", log_columns!(), " FROM log_records"));
    if let Some(service) = &filters.service_name {
        query.and("service_name = ").push_bind(service.as_str());
    }
    if let Some(least) = filters.min_severity {
        query.and("severity_number >= ").push_bind(least);
    }
    if let Some(trace_id) = &filters.trace_id {
        query.and("trace_id = ").push_bind(trace_id.as_str());
    }
    if let Some(span_id) = &filters.span_id {
        query.and("span_id = ").push_bind(span_id.as_str());
    }
    query.and_within("timestamp", filters.start_time, filters.end_time)?;
    match (after, filters.sort_order) {
        (Some(cursor), SortOrder::Descending) => query.and_before("timestamp", cursor),
        (Some(cursor), SortOrder::Ascending) => query.and_after("timestamp", cursor),
        (None, _) => {}
    }
    if let Some(text) = &filters.search_query {
        query.and("body ILIKE ").push_bind(contains_pattern(text));
    }
    Ok(query)
}

fn page(query: Conditions, filters: &LogFilters) -> Result<Statement, StorageError> {
    let mut query = query.into_builder();
    query.push(match filters.sort_order {
        SortOrder::Descending => " ORDER BY timestamp DESC, id DESC",
        SortOrder::Ascending => " ORDER BY timestamp, id",
    });
    let limit = filters.limit.unwrap_or(DEFAULT_LOG_LIMIT);
    Statement::page(query, limit, filters.offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use uuid::Uuid;

    fn tail(statement: &Statement) -> &str {
        statement.sql().split_once(" FROM ").unwrap().1
    }

    #[test]
    fn only_the_filters_that_are_given_reach_the_sql() {
        assert_eq!(
            tail(&list(&LogFilters::default()).unwrap()),
            "log_records ORDER BY timestamp DESC, id DESC LIMIT $1"
        );
        let filters = LogFilters {
            trace_id: Some("ab".to_owned()),
            search_query: Some("50%".to_owned()),
            sort_order: SortOrder::Ascending,
            ..LogFilters::default()
        };
        assert_eq!(
            tail(&list(&filters).unwrap()),
            "log_records WHERE trace_id = $1 AND body ILIKE $2 ORDER BY timestamp, id LIMIT $3"
        );
    }

    #[test]
    fn a_cursor_goes_the_way_of_the_order() {
        let cursor = Cursor {
            time: DateTime::UNIX_EPOCH,
            id: Uuid::nil(),
        };
        let up = LogFilters {
            sort_order: SortOrder::Ascending,
            ..LogFilters::default()
        };
        assert_eq!(
            tail(&list_after(cursor, &up).unwrap()),
            "log_records WHERE timestamp >= $1 AND (timestamp, id) > ($2, $3) \
             ORDER BY timestamp, id LIMIT $4"
        );
    }

    #[test]
    fn a_floor_below_errors_is_raised_to_errors() {
        let binds = |min_severity| {
            let filters = LogFilters {
                min_severity,
                ..LogFilters::default()
            };
            let statement = get_errors(&filters).unwrap();
            assert!(tail(&statement).contains("severity_number >= $1"));
            format!("{:?}", statement.into_parts().unwrap().1)
        };
        assert_eq!(binds(None), binds(Some(ERROR_SEVERITY)));
        assert_eq!(binds(Some(5)), binds(Some(ERROR_SEVERITY)));
        assert_ne!(binds(Some(21)), binds(Some(ERROR_SEVERITY)));
    }
}
