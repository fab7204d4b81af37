//! Columns of text that take one of a few values.

use std::fmt;
use std::str::FromStr;

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgValueRef, Postgres};
use sqlx::{Decode, Encode, Type};

/// A text that names none of the values its column can take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}; it must be one of {known}")]
pub struct UnknownName {
    /// What was read.
    pub text: String,
    /// What it should name.
    pub what: &'static str,
    /// The names there are.
    pub known: &'static str,
}

/// Declares an enum that a text column holds by name.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident, $what:literal, $known:literal,
     $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// The name in the database.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(UnknownName { text: text.to_owned(), what: $what, known: $known }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Type<Postgres> for $name {
            fn type_info() -> PgTypeInfo {
                <str as Type<Postgres>>::type_info()
            }

            fn compatible(ty: &PgTypeInfo) -> bool {
                <str as Type<Postgres>>::compatible(ty)
            }
        }

        impl<'r> Decode<'r, Postgres> for $name {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                Ok(value.as_str()?.parse()?)
            }
        }

        impl Encode<'_, Postgres> for $name {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                <&str as Encode<Postgres>>::encode_by_ref(&self.as_str(), buffer)
            }
        }
    };
}

text_enum! {
    /// How a trace or a span ended.
    Status, "status", "ok, error, unset",
    /// Without an error, and somebody said so.
    Ok = "ok",
    /// With an error.
    Error = "error",
    /// Nobody said.
    Unset = "unset",
}

text_enum! {
    /// A span's part in a call.
    SpanKind, "span kind", "internal, server, client, producer, consumer",
    /// Work within a service.
    Internal = "internal",
    /// The side that answers.
    Server = "server",
    /// The side that asks.
    Client = "client",
    /// The side that sends a message.
    Producer = "producer",
    /// The side that takes a message.
    Consumer = "consumer",
}

text_enum! {
    /// What the points of a series mean.
    MetricType, "metric type", "counter, gauge, histogram, summary",
    /// A sum that only grows.
    Counter = "counter",
    /// A level.
    Gauge = "gauge",
    /// Counts by bucket.
    Histogram = "histogram",
    /// Quantiles.
    Summary = "summary",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_others_are_refused() {
        for status in [Status::Ok, Status::Error, Status::Unset] {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("client".parse(), Ok(SpanKind::Client));
        assert_eq!("gauge".parse(), Ok(MetricType::Gauge));
        let error = "ERROR".parse::<Status>().unwrap_err();
        insta::assert_snapshot!(error, @r#""ERROR" is no status; it must be one of ok, error, unset"#);
    }
}
