//! One statement with its parameters: built by a repository's `queries`, run by its methods, and
//! handed over whole to whoever wants its plan.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::{
    Arguments, AssertSqlSafe, Either, Encode, Execute, Executor, QueryBuilder, SqlSafeStr, SqlStr,
    Type,
};

use super::connections::Connections;
use super::error::StorageError;
use super::filters::Cursor;
use super::row::{Columns, FromColumns};
use super::time_range::TimeRange;

/// SQL and its parameters in wire form. A connection prepares each distinct text once and keeps it.
#[derive(Debug)]
pub struct Statement {
    sql: SqlStr,
    arguments: PgArguments,
    refused: Option<(usize, BoxDynError)>,
}

impl Statement {
    /// A statement whose text never changes, without its parameters yet.
    pub(super) fn fixed(sql: &'static str) -> Self {
        Self {
            sql: SqlStr::from_static(sql),
            arguments: PgArguments::default(),
            refused: None,
        }
    }

    /// What a builder holds.
    pub(super) fn built(mut builder: QueryBuilder<Postgres>) -> Self {
        let mut query = builder.build();
        let arguments = query.take_arguments();
        let (arguments, refused) = match arguments {
            Ok(arguments) => (arguments.unwrap_or_default(), None),
            Err(error) => (PgArguments::default(), Some((0, error))),
        };
        Self {
            sql: query.sql(),
            arguments,
            refused,
        }
    }

    /// What `builder` holds, cut to a page.
    pub(super) fn page(
        mut builder: QueryBuilder<Postgres>,
        limit: i64,
        offset: Option<i64>,
    ) -> Result<Self, StorageError> {
        let refuse = |what, value| StorageError::Argument {
            what,
            value,
            wanted: "0 or more",
        };
        if limit < 0 {
            return Err(refuse("limit", limit));
        }
        builder.push(" LIMIT ").push_bind(limit);
        match offset {
            Some(offset) if offset < 0 => return Err(refuse("offset", offset)),
            // The first page needs no offset, and a text of its own would be prepared for it.
            None | Some(0) => {}
            Some(offset) => {
                builder.push(" OFFSET ").push_bind(offset);
            }
        }
        Ok(Self::built(builder))
    }

    /// Adds the next parameter.
    pub(super) fn bind<'t, T>(mut self, value: T) -> Self
    where
        T: Encode<'t, Postgres> + Type<Postgres>,
    {
        if let Err(error) = self.arguments.add(value) {
            let position = self.arguments.len() + 1;
            self.refused.get_or_insert((position, error));
        }
        self
    }

    /// The text, with `$1`, `$2`, ... for its parameters.
    pub fn sql(&self) -> &str {
        self.sql.as_str()
    }

    /// Text and parameters, for [`sqlx::query_with`] and for any executor.
    ///
    /// # Errors
    /// Where a parameter has no representation on the wire.
    pub fn into_parts(self) -> Result<(SqlStr, PgArguments), StorageError> {
        match self.refused {
            None => Ok((self.sql, self.arguments)),
            Some((position, source)) => Err(StorageError::Encode { position, source }),
        }
    }

    /// This statement under `EXPLAIN (options)`, with the same parameters. The answer is text, one
    /// row a line, or one row of JSON with `FORMAT JSON`.
    #[must_use]
    pub fn explain(self, options: &str) -> Self {
        let sql = format!("EXPLAIN ({options}) {}", self.sql());
        Self {
            sql: AssertSqlSafe(sql).into_sql_str(),
            ..self
        }
    }
}

/// A `WHERE` clause that grows by the filters that are given.
pub(super) struct Conditions {
    builder: QueryBuilder<Postgres>,
    any: bool,
}

impl Conditions {
    /// `select` without a condition yet.
    pub(super) fn new(select: &str) -> Self {
        Self {
            builder: QueryBuilder::new(select),
            any: false,
        }
    }

    /// Starts the next condition with `sql`; its parameter is for the caller to push.
    pub(super) fn and(&mut self, sql: &'static str) -> &mut QueryBuilder<Postgres> {
        let joint = if self.any { " AND " } else { " WHERE " };
        self.any = true;
        self.builder.push(joint).push(sql)
    }

    /// `start <= column < end`, as far as the two are given.
    pub(super) fn and_within(
        &mut self,
        column: &'static str,
        start: Option<DateTime<Utc>>,
        end: Option<DateTime<Utc>>,
    ) -> Result<(), StorageError> {
        if let (Some(start), Some(end)) = (start, end) {
            TimeRange::new(start, end)?;
        }
        if let Some(start) = start {
            self.and(column).push(" >= ").push_bind(start);
        }
        if let Some(end) = end {
            self.and(column).push(" < ").push_bind(end);
        }
        Ok(())
    }

    /// What follows `cursor` in descending order. The plain bound on time repeats what the
    /// comparison of rows implies: chunks are left out by it alone.
    pub(super) fn and_before(&mut self, column: &'static str, cursor: Cursor) {
        self.and(column).push(" <= ").push_bind(cursor.time);
        self.and_row(column, "<", cursor);
    }

    /// What follows `cursor` in ascending order; see [`Self::and_before`].
    pub(super) fn and_after(&mut self, column: &'static str, cursor: Cursor) {
        self.and(column).push(" >= ").push_bind(cursor.time);
        self.and_row(column, ">", cursor);
    }

    fn and_row(&mut self, column: &'static str, operator: &'static str, cursor: Cursor) {
        let builder = self.and("(");
        builder
            .push(column)
            .push(", id) ")
            .push(operator)
            .push(" (");
        builder.push_bind(cursor.time).push(", ");
        builder.push_bind(cursor.id).push(")");
    }

    pub(super) fn into_builder(self) -> QueryBuilder<Postgres> {
        self.builder
    }
}

impl Connections {
    /// Runs a statement that answers with one row at most.
    pub(super) async fn optional<T: FromColumns>(
        &self,
        statement: Statement,
    ) -> Result<Option<T>, StorageError> {
        let (sql, arguments) = statement.into_parts()?;
        let mut lease = self.lease().await?;
        let row = lease
            .connection()?
            .fetch_optional((sql, Some(arguments)))
            .await?;
        row.as_ref().map(decode).transpose()
    }

    /// Runs a statement that answers with exactly one row, as an aggregate without groups does.
    pub(super) async fn one<T: FromColumns>(
        &self,
        statement: Statement,
    ) -> Result<T, StorageError> {
        let row = self.optional(statement).await?;
        row.ok_or(StorageError::Decode(sqlx::Error::RowNotFound))
    }

    /// Runs a statement and decodes its rows as they arrive.
    pub(super) async fn all<T: FromColumns>(
        &self,
        statement: Statement,
    ) -> Result<Vec<T>, StorageError> {
        let (sql, arguments) = statement.into_parts()?;
        let mut lease = self.lease().await?;
        let mut rows = lease.connection()?.fetch_many((sql, Some(arguments)));
        let mut decoded = Vec::new();
        while let Some(step) = rows.try_next().await? {
            if let Either::Right(row) = step {
                decoded.push(decode(&row)?);
            }
        }
        Ok(decoded)
    }
}

fn decode<T: FromColumns>(row: &PgRow) -> Result<T, StorageError> {
    T::from_columns(&mut Columns::of(row)).map_err(StorageError::Decode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_text_is_handed_over_with_its_parameters() {
        let statement = Statement::fixed("SELECT $1, $2").bind(1_i64).bind("a");
        let (sql, arguments) = statement.into_parts().unwrap();
        assert_eq!((sql.as_str(), arguments.len()), ("SELECT $1, $2", 2));
    }

    #[test]
    fn a_built_text_keeps_its_parameters_under_explain() {
        let mut builder = QueryBuilder::new("SELECT ");
        builder.push_bind(7_i64);
        let statement = Statement::built(builder).explain("FORMAT JSON");
        assert_eq!(statement.sql(), "EXPLAIN (FORMAT JSON) SELECT $1");
        assert_eq!(statement.into_parts().unwrap().1.len(), 1);
    }

    /// A value that no wire can carry.
    struct Unsendable;

    impl Type<Postgres> for Unsendable {
        fn type_info() -> sqlx::postgres::PgTypeInfo {
            <i64 as Type<Postgres>>::type_info()
        }
    }

    impl Encode<'_, Postgres> for Unsendable {
        fn encode_by_ref(
            &self,
            _buffer: &mut sqlx::postgres::PgArgumentBuffer,
        ) -> Result<sqlx::encode::IsNull, BoxDynError> {
            Err("out of range".into())
        }
    }

    #[test]
    fn a_parameter_that_cannot_be_sent_is_refused_by_its_place() {
        let statement = Statement::fixed("SELECT $1, $2")
            .bind(1_i64)
            .bind(Unsendable);
        let error = statement.into_parts().unwrap_err().to_string();
        assert_eq!(error, "parameter $2 could not be encoded: out of range");
    }
}
