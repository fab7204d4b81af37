//! What can be wrong with a scenario as written.

use std::path::PathBuf;

use super::nearest::Hint;
use super::source::{Place, Source};

/// A scenario that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// There is neither a file nor a shipped scenario of this name.
    #[error(
        "no scenario `{name}`: there is no such file, and none of that name is shipped{near} \
         (shipped are {shipped})"
    )]
    NotFound {
        /// What was typed.
        name: String,
        /// The nearest shipped name, with its lead-in; empty where none is near.
        near: String,
        /// All of them.
        shipped: String,
    },
    /// The file is there but cannot be read.
    #[error("cannot read scenario {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text after `--set` is no assignment.
    #[error(
        "--set {typed}: {says}; write key.path=value, such as drive.duration=10s or 'operations.\"trace.list\".rate=50'"
    )]
    Override {
        /// What was typed.
        typed: String,
        /// What is wrong with it.
        says: String,
    },
    /// Something in it is wrong.
    #[error("{place}: {problem}{}", place.excerpt())]
    Written {
        /// Where.
        place: Box<Place>,
        /// What.
        problem: Box<Problem>,
    },
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A key that the format does not have.
    #[error("unknown key `{key}`: {hint}")]
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest right one.
        hint: Hint,
    },
    /// The parts of an operation's name written as nested tables.
    #[error(
        "`{key}` is a part of a name: an operation's name holds a dot, so put it in quotes, as in [{table}.\"{key}.list\"]"
    )]
    UnquotedName {
        /// `operations` or `objectives`.
        table: &'static str,
        /// The part before the dot.
        key: String,
    },
    /// A word that is none of those to choose from.
    #[error("unknown value `{value}`: {hint}")]
    UnknownValue {
        /// The word.
        value: String,
        /// The nearest right one.
        hint: Hint,
    },
    /// A number where a text with its unit is wanted.
    #[error("{says}: write it in quotes, with its unit, such as \"15ms\" or \"256MiB\"")]
    Unquoted {
        /// The parser's words.
        says: String,
    },
    /// Anything else that the parser refuses, in its words.
    #[error("{0}")]
    Other(String),
}

impl Problem {
    /// Sorts out the message of a TOML error. serde hands over unknown keys and words only inside
    /// its message, with the known ones in backticks; a test below pins that form.
    fn from_message(message: &str) -> Self {
        let mut quoted = message.split('`').skip(1).step_by(2);
        let first = quoted.next().unwrap_or_default().to_owned();
        if message.starts_with("unknown field") {
            let hint = Hint::new(&first, quoted);
            return Self::UnknownKey { key: first, hint };
        }
        if message.starts_with("unknown variant") {
            let hint = Hint::new(&first, quoted);
            return Self::UnknownValue { value: first, hint };
        }
        let message = message.trim().replace('\n', ", ");
        let number = message.starts_with("invalid type: integer")
            || message.starts_with("invalid type: floating");
        if number && message.ends_with("expected a string") {
            return Self::Unquoted { says: message };
        }
        Self::Other(message)
    }
}

impl ScenarioError {
    /// The error of `problem` at the bytes `span` of `source`; at the whole file without a span.
    pub(super) fn at(
        source: &Source,
        span: Option<std::ops::Range<usize>>,
        problem: Problem,
    ) -> Self {
        let place = span.map_or_else(|| source.whole(), |span| source.place(&span));
        Self::Written {
            place: Box::new(place),
            problem: Box::new(problem),
        }
    }

    /// A TOML error, placed in `source`.
    pub(super) fn from_toml(source: &Source, error: &toml::de::Error) -> Self {
        Self::at(source, error.span(), Problem::from_message(error.message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::sections::Sections;

    fn problem(text: &str) -> Problem {
        Problem::from_message(toml::from_str::<Sections>(text).unwrap_err().message())
    }

    #[test]
    fn serde_still_words_its_messages_as_we_read_them() {
        let unknown = problem("[drive]\nconections = 3");
        assert!(
            matches!(&unknown, Problem::UnknownKey { key, hint } if key == "conections" && hint.nearest() == Some("connections")),
            "{unknown:?}"
        );
        let word = problem("[drive]\nmodel = \"opne\"");
        assert!(
            matches!(&word, Problem::UnknownValue { value, hint } if value == "opne" && hint.nearest() == Some("open")),
            "{word:?}"
        );
        let only = problem("[schema]\nchunks = 1");
        assert!(matches!(&only, Problem::UnknownKey { .. }), "{only:?}");
        let number = problem("[drive]\ntimeout = 5");
        assert!(matches!(&number, Problem::Unquoted { .. }), "{number:?}");
    }
}
