//! Log records.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::attributes::Attributes;
use crate::store::row::{Columns, FromColumns};

/// A row of `log_records`.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRecord {
    /// The row.
    pub id: Uuid,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// When the collector saw it.
    pub observed_timestamp: DateTime<Utc>,
    /// `OpenTelemetry`: 1 TRACE, 5 DEBUG, 9 INFO, 13 WARN, 17 ERROR, 21 FATAL.
    pub severity_number: i32,
    /// The level's name.
    pub severity_text: String,
    /// The message.
    pub body: String,
    /// The service that wrote it.
    pub service_name: String,
    /// Its trace, 32 hexadecimal digits; absent outside a trace.
    pub trace_id: Option<String>,
    /// Its span, 16 hexadecimal digits; absent outside a span.
    pub span_id: Option<String>,
    /// W3C trace flags; absent outside a trace.
    pub trace_flags: Option<i32>,
    /// Attributes of the record.
    pub attributes: Attributes,
    /// Attributes of what wrote it.
    pub resource_attributes: Attributes,
    /// The library that wrote it.
    pub scope_name: Option<String>,
    /// That library's version.
    pub scope_version: Option<String>,
    /// Attributes of that library.
    pub scope_attributes: Option<Attributes>,
    /// When the row was written.
    pub created_at: DateTime<Utc>,
}

/// The columns of [`LogRecord`], in its order.
macro_rules! log_columns {
    () => {
        "id, timestamp, observed_timestamp, severity_number, severity_text, body, service_name, \
         trace_id, span_id, trace_flags, attributes, resource_attributes, scope_name, \
         scope_version, scope_attributes, created_at"
    };
}
pub(in crate::store) use log_columns;

impl FromColumns for LogRecord {
    fn from_columns(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        Ok(Self {
            id: columns.next()?,
            timestamp: columns.next()?,
            observed_timestamp: columns.next()?,
            severity_number: columns.next()?,
            severity_text: columns.next()?,
            body: columns.next()?,
            service_name: columns.next()?,
            trace_id: columns.next()?,
            span_id: columns.next()?,
            trace_flags: columns.next()?,
            attributes: columns.next()?,
            resource_attributes: columns.next()?,
            scope_name: columns.next()?,
            scope_version: columns.next()?,
            scope_attributes: columns.next()?,
            created_at: columns.next()?,
        })
    }
}

/// The log records of one level in a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelCount {
    /// The level's number.
    pub severity_number: i32,
    /// The level's name.
    pub severity_text: String,
    /// Records.
    pub records: i64,
}

impl FromColumns for LevelCount {
    fn from_columns(columns: &mut Columns<'_>) -> sqlx::Result<Self> {
        Ok(Self {
            severity_number: columns.next()?,
            severity_text: columns.next()?,
            records: columns.next()?,
        })
    }
}
