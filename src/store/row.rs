//! Reading a row from left to right: by position, which costs no look-up of names.

use sqlx::postgres::{PgRow, Postgres};
use sqlx::{Decode, Row, Type};

/// The columns of one row, in the order of the statement's list.
pub(super) struct Columns<'r> {
    row: &'r PgRow,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(super) fn of(row: &'r PgRow) -> Self {
        Self { row, next: 0 }
    }

    /// The next column, decoded.
    pub(super) fn next<T>(&mut self) -> sqlx::Result<T>
    where
        T: Decode<'r, Postgres> + Type<Postgres>,
    {
        let index = self.next;
        self.next += 1;
        self.row.try_get(index)
    }
}

/// A value that one row decodes into. The order of the fields is the order of the columns.
pub(super) trait FromColumns: Sized {
    fn from_columns(columns: &mut Columns<'_>) -> sqlx::Result<Self>;
}
