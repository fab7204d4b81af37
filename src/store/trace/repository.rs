//! The methods of [`TraceRepository`].

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::queries;
use crate::store::connections::Connections;
use crate::store::error::StorageError;
use crate::store::filters::{Cursor, TraceFilters};
use crate::store::models::{Trace, TraceSpan, TraceStats};
use crate::store::time_range::TimeRange;

/// Traces and their spans. A clone shares the source of connections.
#[derive(Debug, Clone)]
pub struct TraceRepository {
    connections: Connections,
}

impl TraceRepository {
    /// A repository over `connections`.
    pub fn new(connections: Connections) -> Self {
        Self { connections }
    }

    /// One trace by its row id; touches every chunk.
    pub async fn get_by_id(&self, id: Uuid) -> Result<Option<Trace>, StorageError> {
        self.connections.optional(queries::get_by_id(id)).await
    }

    /// One trace by its trace id, 32 lower-case hexadecimal digits; touches every chunk.
    pub async fn get_by_trace_id(&self, trace_id: &str) -> Result<Option<Trace>, StorageError> {
        self.connections
            .optional(queries::get_by_trace_id(trace_id))
            .await
    }

    /// One trace by its trace id, where it started within `range`; touches the range's chunks.
    pub async fn get_by_trace_id_within(
        &self,
        trace_id: &str,
        range: TimeRange,
    ) -> Result<Option<Trace>, StorageError> {
        self.connections
            .optional(queries::get_by_trace_id_within(trace_id, range))
            .await
    }

    /// One trace by its trace id, and its spans in order of their start: two statements.
    pub async fn get_trace_by_id(
        &self,
        trace_id: &str,
    ) -> Result<Option<(Trace, Vec<TraceSpan>)>, StorageError> {
        let Some(trace) = self.get_by_trace_id(trace_id).await? else {
            return Ok(None);
        };
        let spans = self.get_spans(&trace).await?;
        Ok(Some((trace, spans)))
    }

    /// The spans of `trace` in order of their start, from [`queries::CLOCK_SLACK`] before the
    /// trace's start to as long after its end.
    pub async fn get_spans(&self, trace: &Trace) -> Result<Vec<TraceSpan>, StorageError> {
        self.connections.all(queries::get_spans(trace)).await
    }

    /// The newest `limit` traces from `start` to just before `end`, newest first. The range and
    /// the limit of `filters` do not count.
    pub async fn get_traces(
        &self,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        limit: i64,
        filters: TraceFilters,
    ) -> Result<Vec<Trace>, StorageError> {
        self.list(TraceFilters {
            start_time: Some(start),
            end_time: Some(end),
            limit: Some(limit),
            ..filters
        })
        .await
    }

    /// A page of traces, newest first; ties go by row id.
    pub async fn list(&self, filters: TraceFilters) -> Result<Vec<Trace>, StorageError> {
        self.connections.all(queries::list(&filters)?).await
    }

    /// The page after the row at `cursor`, in the order of [`Self::list`]: its cost does not grow
    /// with the number of the page.
    pub async fn list_after(
        &self,
        cursor: Cursor,
        filters: TraceFilters,
    ) -> Result<Vec<Trace>, StorageError> {
        self.connections
            .all(queries::list_after(cursor, &filters)?)
            .await
    }

    /// All traces of one service from `start` to just before `end`, newest first. There is no
    /// limit: the range is what bounds the answer.
    pub async fn search_by_service(
        &self,
        service_name: &str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<Vec<Trace>, StorageError> {
        let range = TimeRange::new(start, end)?;
        self.connections
            .all(queries::search_by_service(service_name, range))
            .await
    }

    /// A page of failed traces, newest first; the status of `filters` does not count.
    pub async fn search_errors(&self, filters: TraceFilters) -> Result<Vec<Trace>, StorageError> {
        self.connections
            .all(queries::search_errors(&filters)?)
            .await
    }

    /// Counts and durations of the traces from `start` to just before `end`.
    pub async fn get_stats(
        &self,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<TraceStats, StorageError> {
        let range = TimeRange::new(start, end)?;
        self.connections.one(queries::get_stats(range)).await
    }
}

impl Trace {
    /// Where a page that ends with this trace ended.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            time: self.start_time,
            id: self.id,
        }
    }
}
