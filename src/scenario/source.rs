//! Where a value was written: a line of the file, or a text of the command line.
//!
//! The file and the `--set` texts lie one after the other in one run of byte offsets, so that a
//! span alone says which of them a value came from.

use std::fmt;
use std::ops::Range;

/// A scenario's text and the `--set` texts that changed it.
#[derive(Debug, Clone)]
pub struct Source {
    path: String,
    text: String,
    overrides: Vec<Override>,
}

#[derive(Debug, Clone)]
struct Override {
    start: usize,
    typed: String,
}

impl Source {
    /// The source of `text`, shown to people as `path`.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            overrides: Vec::new(),
        }
    }

    /// The path as people read it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes `assignment`, the TOML of the text `typed` after `--set`, into the source and returns
    /// it padded, so that whoever parses it gets spans of this source.
    pub fn add_override(&mut self, typed: &str, assignment: &str) -> String {
        let start = self.end();
        self.overrides.push(Override {
            start,
            typed: typed.to_owned(),
        });
        let mut padded = " ".repeat(start);
        padded.push_str(assignment);
        self.overrides.push(Override {
            start: padded.len(),
            typed: typed.to_owned(),
        });
        padded
    }

    /// Whether the value at `span` came from `--set`.
    pub fn is_override(&self, span: &Range<usize>) -> bool {
        self.override_at(span).is_some()
    }

    /// The place of the value at `span`.
    pub fn place(&self, span: &Range<usize>) -> Place {
        if let Some(typed) = self.override_at(span) {
            return Place::Typed(format!("--set {typed}"));
        }
        let start = span.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let content = self.text[line_start..].lines().next().unwrap_or("");
        let column = before[line_start..].chars().count();
        let left = content.chars().count().saturating_sub(column);
        let width = self
            .text
            .get(start..span.end.min(self.text.len()))
            .map_or(1, |marked| marked.chars().count());
        Place::Line {
            path: self.path.clone(),
            line: before.matches('\n').count() + 1,
            column: column + 1,
            content: content.to_owned(),
            width: width.min(left).max(1),
        }
    }

    /// The file as a whole, for what is absent.
    pub fn whole(&self) -> Place {
        Place::File(self.path.clone())
    }

    fn end(&self) -> usize {
        self.overrides
            .last()
            .map_or(self.text.len() + 1, |last| last.start + 1)
    }

    fn override_at(&self, span: &Range<usize>) -> Option<&str> {
        self.overrides
            .iter()
            .rev()
            .find(|one| one.start <= span.start)
            .map(|one| one.typed.as_str())
    }
}

/// Where a person wrote what is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A line of a file; line and column count from 1, in characters.
    Line {
        /// The file.
        path: String,
        /// Its line.
        line: usize,
        /// Its column.
        column: usize,
        /// The line's text.
        content: String,
        /// Characters to underline.
        width: usize,
    },
    /// A file as a whole.
    File(String),
    /// A text of the command line or of the environment, such as `--set drive.workers=0`.
    Typed(String),
}

impl Place {
    /// The line with a caret under the value, to stand below a message; empty where there is none.
    pub fn excerpt(&self) -> String {
        let Self::Line {
            line,
            column,
            content,
            width,
            ..
        } = self
        else {
            return String::new();
        };
        let gutter = line.to_string().len();
        let content = content.replace('\t', " ");
        let (indent, carets) = (" ".repeat(column - 1), "^".repeat(*width));
        format!(
            "\n{:gutter$} |\n{line} | {content}\n{:gutter$} | {indent}{carets}",
            "", ""
        )
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line {
                path, line, column, ..
            } => write!(f, "{path}:{line}:{column}"),
            Self::File(path) => f.write_str(path),
            Self::Typed(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_columns_in_characters() {
        let source = Source::new("a.toml", "# \u{e4}\nx = 1\n  y\u{fc} = 22\n");
        let at = source.text().find("22").unwrap();
        let place = source.place(&(at..at + 2));
        assert_eq!(place.to_string(), "a.toml:3:8");
        assert_eq!(place.excerpt(), "\n  |\n3 |   y\u{fc} = 22\n  |        ^^");
    }

    #[test]
    fn an_override_lies_behind_the_file() {
        let mut source = Source::new("a.toml", "x = 1\n");
        let first = source.add_override("x=2", "x=2");
        let second = source.add_override("y=3", "y=3");
        for (padded, typed) in [(first, "--set x=2"), (second, "--set y=3")] {
            let at = padded.len() - 1;
            assert_eq!(source.place(&(at..at + 1)).to_string(), typed);
        }
        assert!(!source.is_override(&(0..1)));
    }
}
