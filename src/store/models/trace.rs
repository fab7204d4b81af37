//! Traces and their spans.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::kinds::{SpanKind, Status};
use crate::store::attributes::Attributes;
use crate::store::row::{Columns, FromColumns};

/// A row of `traces`.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The row.
    pub id: Uuid,
    /// 32 lower-case hexadecimal digits.
    pub trace_id: String,
    /// The service of the root span.
    pub service_name: String,
    /// When it started.
    pub start_time: DateTime<Utc>,
    /// When it ended; absent while it runs.
    pub end_time: Option<DateTime<Utc>>,
    /// Microseconds from start to end; absent while it runs.
    pub duration_us: Option<i64>,
    /// How it ended.
    pub status: Status,
    /// What was said about the status.
    pub status_message: Option<String>,
    /// The name of the root span; absent where that has not arrived.
    pub root_span_name: Option<String>,
    /// Attributes of the trace.
    pub attributes: Attributes,
    /// Attributes of what emitted it.
    pub resource_attributes: Attributes,
    /// Its spans, 0 or more.
    pub span_count: i32,
    /// When the row was written.
    pub created_at: DateTime<Utc>,
    /// When the row was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The columns of [`Trace`], in its order.
macro_rules! trace_columns {
    () => {
        "id, trace_id, service_name, start_time, end_time, duration_us, status, status_message, \
         root_span_name, attributes, resource_attributes, span_count, created_at, updated_at"
    };
}
pub(in crate::store) use trace_columns;

impl FromColumns for Trace {
    fn from_columns(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        Ok(Self {
            id: columns.next()?,
            trace_id: columns.next()?,
            service_name: columns.next()?,
            start_time: columns.next()?,
            end_time: columns.next()?,
            duration_us: columns.next()?,
            status: columns.next()?,
            status_message: columns.next()?,
            root_span_name: columns.next()?,
            attributes: columns.next()?,
            resource_attributes: columns.next()?,
            span_count: columns.next()?,
            created_at: columns.next()?,
            updated_at: columns.next()?,
        })
    }
}

/// A row of `trace_spans`.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceSpan {
    /// The row.
    pub id: Uuid,
    /// The row of its trace: [`Trace::id`].
    pub trace_id: Uuid,
    /// 16 lower-case hexadecimal digits.
    pub span_id: String,
    /// The span that caused it; absent at the root.
    pub parent_span_id: Option<String>,
    /// What was done.
    pub name: String,
    /// Its part in a call.
    pub kind: SpanKind,
    /// The service that did it.
    pub service_name: String,
    /// When it started.
    pub start_time: DateTime<Utc>,
    /// When it ended; absent while it runs.
    pub end_time: Option<DateTime<Utc>>,
    /// Microseconds from start to end; absent while it runs.
    pub duration_us: Option<i64>,
    /// How it ended.
    pub status: Status,
    /// What was said about the status.
    pub status_message: Option<String>,
    /// Attributes of the span.
    pub attributes: Attributes,
    /// Events on its way, a JSON array.
    pub events: Option<Attributes>,
    /// Links to other spans, a JSON array.
    pub links: Option<Attributes>,
    /// When the row was written.
    pub created_at: DateTime<Utc>,
}

/// The columns of [`TraceSpan`], in its order.
macro_rules! span_columns {
    () => {
        "id, trace_id, span_id, parent_span_id, name, kind, service_name, start_time, end_time, \
         duration_us, status, status_message, attributes, events, links, created_at"
    };
}
pub(in crate::store) use span_columns;

impl FromColumns for TraceSpan {
    fn from_columns(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        Ok(Self {
            id: columns.next()?,
            trace_id: columns.next()?,
            span_id: columns.next()?,
            parent_span_id: columns.next()?,
            name: columns.next()?,
            kind: columns.next()?,
            service_name: columns.next()?,
            start_time: columns.next()?,
            end_time: columns.next()?,
            duration_us: columns.next()?,
            status: columns.next()?,
            status_message: columns.next()?,
            attributes: columns.next()?,
            events: columns.next()?,
            links: columns.next()?,
            created_at: columns.next()?,
        })
    }
}

/// The traces of a range, summed up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceStats {
    /// Traces.
    pub traces: i64,
    /// Traces with status `error`.
    pub errors: i64,
    /// Services that have any.
    pub services: i64,
    /// Their spans together.
    pub spans: i64,
    /// The mean duration in microseconds; absent where no trace has ended.
    pub avg_duration_us: Option<f64>,
    /// The longest duration in microseconds; absent where no trace has ended.
    pub max_duration_us: Option<i64>,
}

impl FromColumns for TraceStats {
    fn from_columns(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        Ok(Self {
            traces: columns.next()?,
            errors: columns.next()?,
            services: columns.next()?,
            spans: columns.next()?,
            avg_duration_us: columns.next()?,
            max_duration_us: columns.next()?,
        })
    }
}
