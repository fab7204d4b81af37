//! JSON documents of a row, kept as the text that the server sent.
//!
//! A point read carries two of them, and most callers read neither: parsing them all would cost
//! the client more than the rest of the row. The server has checked the text already.

use std::fmt;

use serde::de::DeserializeOwned;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgValueFormat, PgValueRef, Postgres};
use sqlx::{Decode, Encode, Type};

/// The version byte in front of a binary `jsonb` value; PostgreSQL has had no other.
const JSONB_VERSION: u8 = 1;

/// A JSON document as text; parsed when somebody asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attributes(Box<str>);

impl Attributes {
    /// The document `value`.
    pub fn new(value: &serde_json::Value) -> Self {
        Self(value.to_string().into())
    }

    /// The text, as the server prints it: keys sorted by length, one blank after each `:` and `,`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The document, parsed.
    ///
    /// # Errors
    /// Where a number of the document does not fit [`serde_json::Value`].
    pub fn value(&self) -> serde_json::Result<serde_json::Value> {
        self.parse()
    }

    /// The document, parsed into a type of the caller's.
    ///
    /// # Errors
    /// Where the document is of another shape.
    pub fn parse<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.0)
    }
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Type<Postgres> for Attributes {
    fn type_info() -> PgTypeInfo {
        <serde_json::Value as Type<Postgres>>::type_info()
    }

    fn compatible(ty: &PgTypeInfo) -> bool {
        <serde_json::Value as Type<Postgres>>::compatible(ty)
    }
}

impl<'r> Decode<'r, Postgres> for Attributes {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let binary = value.format() == PgValueFormat::Binary;
        let bytes = value.as_bytes()?;
        let text = match bytes {
            [JSONB_VERSION, text @ ..] if binary => text,
            text => text,
        };
        Ok(Self(std::str::from_utf8(text)?.into()))
    }
}

impl Encode<'_, Postgres> for Attributes {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.push(JSONB_VERSION);
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_parses_back() {
        let document = json!({"gen_ai.system": "acme", "retries": 2});
        let attributes = Attributes::new(&document);
        assert_eq!(attributes.value().unwrap(), document);
        assert!(attributes.parse::<Vec<u8>>().is_err());
    }
}
