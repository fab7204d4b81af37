//! The methods of [`LogRepository`].

use chrono::{DateTime, Utc};

use super::queries;
use crate::store::connections::Connections;
use crate::store::error::StorageError;
use crate::store::filters::{Cursor, DEFAULT_LOG_LIMIT, LogFilters};
use crate::store::models::{LevelCount, LogRecord};
use crate::store::time_range::TimeRange;

/// Log records. A clone shares the source of connections.
#[derive(Debug, Clone)]
pub struct LogRepository {
    connections: Connections,
}

impl LogRepository {
    /// A repository over `connections`.
    pub fn new(connections: Connections) -> Self {
        Self { connections }
    }

    /// The log records of one trace, oldest first; touches every chunk.
    pub async fn get_logs_by_trace(&self, trace_id: &str) -> Result<Vec<LogRecord>, StorageError> {
        self.connections
            .all(queries::get_logs_by_trace(trace_id))
            .await
    }

    /// Another name of [`Self::get_logs_by_trace`].
    pub async fn search_by_trace(&self, trace_id: &str) -> Result<Vec<LogRecord>, StorageError> {
        self.get_logs_by_trace(trace_id).await
    }

    /// The log records of one trace within `range`, oldest first; touches the range's chunks.
    pub async fn get_logs_by_trace_within(
        &self,
        trace_id: &str,
        range: TimeRange,
    ) -> Result<Vec<LogRecord>, StorageError> {
        self.connections
            .all(queries::get_logs_by_trace_within(trace_id, range))
            .await
    }

    /// The newest [`DEFAULT_LOG_LIMIT`] log records from `start` to just before `end` whose body
    /// holds `text`, whatever its case; `%` and `_` mean themselves.
    pub async fn search_logs(
        &self,
        text: &str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<Vec<LogRecord>, StorageError> {
        self.search_logs_limited(text, start, end, DEFAULT_LOG_LIMIT)
            .await
    }

    /// As [`Self::search_logs`], with a limit of the caller's.
    pub async fn search_logs_limited(
        &self,
        text: &str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<LogRecord>, StorageError> {
        let range = TimeRange::new(start, end)?;
        self.connections
            .all(queries::search_logs(text, range, limit)?)
            .await
    }

    /// A page of log records by time; ties go by row id.
    pub async fn list(&self, filters: LogFilters) -> Result<Vec<LogRecord>, StorageError> {
        self.connections.all(queries::list(&filters)?).await
    }

    /// The page after the row at `cursor`, in the order of [`Self::list`]: its cost does not grow
    /// with the number of the page.
    pub async fn list_after(
        &self,
        cursor: Cursor,
        filters: LogFilters,
    ) -> Result<Vec<LogRecord>, StorageError> {
        self.connections
            .all(queries::list_after(cursor, &filters)?)
            .await
    }

    /// The newest [`DEFAULT_LOG_LIMIT`] log records of one service from `start` to just before
    /// `end`.
    pub async fn search_by_service(
        &self,
        service_name: &str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<Vec<LogRecord>, StorageError> {
        let range = TimeRange::new(start, end)?;
        self.connections
            .all(queries::search_by_service(service_name, range))
            .await
    }

    /// A page of log records at ERROR or above; a lower floor of `filters` is raised to that.
    pub async fn get_errors(&self, filters: LogFilters) -> Result<Vec<LogRecord>, StorageError> {
        self.connections.all(queries::get_errors(&filters)?).await
    }

    /// The log records of each level from `start` to just before `end`, by number.
    pub async fn count_by_level(
        &self,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<Vec<LevelCount>, StorageError> {
        let range = TimeRange::new(start, end)?;
        self.connections.all(queries::count_by_level(range)).await
    }
}

impl LogRecord {
    /// Where a page that ends with this record ended.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            time: self.timestamp,
            id: self.id,
        }
    }
}
