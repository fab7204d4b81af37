//! What can go wrong between a repository and its database, kept apart by what a caller can do.

use std::error::Error as StdError;

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use super::time_range::InvalidTimeRange;

/// A repository call or a connection that failed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The server refused or gave up a statement.
    #[error("the database answered {sqlstate}: {message}")]
    Database {
        /// The five characters of SQLSTATE, such as `57014` for a statement over its timeout.
        sqlstate: String,
        /// The server's own words.
        message: String,
        /// Whether the server ended the session with this message.
        fatal: bool,
    },
    /// The connection broke, could not be opened, or speaks something else.
    #[error("no connection to the database: {0}; check that the server is up and reachable")]
    Connection(#[source] sqlx::Error),
    /// The pool had no connection to give within its acquire timeout.
    #[error(
        "the pool gave no connection in time; raise its maximum, shorten the queries, or lengthen \
         the acquire timeout"
    )]
    PoolTimeout,
    /// The connection that this repository was pinned to has been taken back.
    #[error("the pinned connection was taken away; build the repositories over a new one")]
    ConnectionTaken,
    /// A row is not what the models say: the schema and this program are of different versions.
    #[error("a row could not be decoded: {0}; check that the schema is this program's version")]
    Decode(#[source] sqlx::Error),
    /// A parameter has no representation on the wire.
    #[error("parameter ${position} could not be encoded: {source}")]
    Encode {
        /// Its place in the statement, from 1.
        position: usize,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// An end before its start.
    #[error(transparent)]
    TimeRange(#[from] InvalidTimeRange),
    /// A setting or an argument outside its range.
    #[error("{what} is {value}; it must be {wanted}")]
    Argument {
        /// Which.
        what: &'static str,
        /// What it is.
        value: i64,
        /// What it must be.
        wanted: &'static str,
    },
}

impl StorageError {
    /// The class of SQLSTATE, its first two characters; `None` where the server did not answer.
    pub fn sqlstate_class(&self) -> Option<[u8; 2]> {
        match self {
            Self::Database { sqlstate, .. } => {
                let bytes = sqlstate.as_bytes();
                Some([*bytes.first()?, *bytes.get(1)?])
            }
            _ => None,
        }
    }

    /// Whether the connection that the call ran on can serve no other.
    ///
    /// A failed acquire never had one, and a refused argument never reached it.
    pub fn connection_lost(&self) -> bool {
        match self {
            Self::Database {
                sqlstate, fatal, ..
            } => *fatal || sqlstate.starts_with("08"),
            Self::Connection(_) | Self::ConnectionTaken => true,
            // The rest of the answer is still on its way when decoding stops half way; the driver
            // skips it before the next statement.
            Self::Decode(_)
            | Self::PoolTimeout
            | Self::Encode { .. }
            | Self::TimeRange(_)
            | Self::Argument { .. } => false,
        }
    }
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => Self::from_server(error.as_ref()),
            sqlx::Error::PoolTimedOut => Self::PoolTimeout,
            error @ (sqlx::Error::RowNotFound
            | sqlx::Error::TypeNotFound { .. }
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)) => Self::Decode(error),
            error => Self::Connection(error),
        }
    }
}

impl StorageError {
    fn from_server(error: &dyn sqlx::error::DatabaseError) -> Self {
        let fatal = error
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|e| matches!(e.severity(), PgSeverity::Fatal | PgSeverity::Panic));
        Self::Database {
            sqlstate: error.code().map_or_else(String::new, Into::into),
            message: error.message().to_owned(),
            fatal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(sqlstate: &str, fatal: bool) -> StorageError {
        StorageError::Database {
            sqlstate: sqlstate.to_owned(),
            message: "words".to_owned(),
            fatal,
        }
    }

    #[test]
    fn a_statement_timeout_keeps_its_connection_and_a_shutdown_loses_it() {
        assert!(!database("57014", false).connection_lost());
        assert!(database("57P01", true).connection_lost());
        assert!(database("08006", false).connection_lost());
        assert!(StorageError::from(sqlx::Error::PoolClosed).connection_lost());
        assert!(!StorageError::from(sqlx::Error::PoolTimedOut).connection_lost());
    }

    #[test]
    fn the_class_is_two_characters_of_what_the_server_said() {
        assert_eq!(database("57014", false).sqlstate_class(), Some(*b"57"));
        assert_eq!(database("", false).sqlstate_class(), None);
        assert_eq!(StorageError::PoolTimeout.sqlstate_class(), None);
    }

    #[test]
    fn a_row_that_cannot_be_read_is_a_decode_error() {
        let error = StorageError::from(sqlx::Error::ColumnNotFound("id".to_owned()));
        assert!(matches!(error, StorageError::Decode(_)));
        assert!(!error.connection_lost());
    }
}
