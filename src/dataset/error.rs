//! What can go wrong on the data set's way into a target.

/// Why a target does not hold the data set.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The database refused.
    #[error("{doing} failed: {source}")]
    Sql {
        /// What was being done.
        doing: String,
        /// The database's words.
        source: sqlx::Error,
    },
    /// The target holds another data set.
    #[error(
        "the target holds another data set: its digest is {found}, this scenario's is {wanted}; \
         drop the schema `highwater` there, or start a new target without --keep"
    )]
    Differs {
        /// The target's digest.
        found: String,
        /// The digest asked for.
        wanted: String,
    },
    /// A run has written to the target's tables.
    #[error(
        "a run has written to the data set {digest} of the target; drop the schema `highwater` \
         there, or start a new target without --keep"
    )]
    Dirty {
        /// The data set's digest.
        digest: String,
    },
    /// The tables hold rows that no manifest accounts for.
    #[error(
        "table `highwater.{table}` holds rows but there is no manifest of them; drop the schema \
         `highwater` there, or choose another database"
    )]
    Unaccounted {
        /// The first such table.
        table: &'static str,
    },
    /// The server counted other rows than were sent.
    #[error("table `highwater.{table}` took {found} rows of {wanted}; fill the target again")]
    Rows {
        /// The table.
        table: &'static str,
        /// Rows that the server counted.
        found: u64,
        /// Rows of the plan.
        wanted: u64,
    },
    /// A worker ended without a result.
    #[error("a fill worker panicked: {0}")]
    Worker(String),
    /// Somebody asked to stop. What was filled is marked as half done.
    #[error("the fill was interrupted; the next one starts over")]
    Cancelled,
}

impl FillError {
    /// For `map_err`: names what was being done.
    pub(super) fn sql(doing: impl Into<String>) -> impl FnOnce(sqlx::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Sql { doing, source }
    }
}
