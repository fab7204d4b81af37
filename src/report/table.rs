//! A table of text that aligns, and ink for it where the terminal takes colour.
//!
//! Knows nothing of what the cells mean.

use std::fmt::Write as _;

/// Whether colour may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Plain text.
    Plain,
    /// ANSI escape sequences of the terminal's own sixteen colours.
    Colour,
}

/// How a text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ink {
    /// It does not.
    #[default]
    Plain,
    /// A heading.
    Bold,
    /// An aside.
    Dim,
    /// As it should be.
    Good,
    /// To be looked at.
    Warn,
    /// Not as it should be.
    Bad,
}

impl Ink {
    /// `text` in this ink.
    pub fn paint(self, text: &str, paint: Paint) -> String {
        let code = match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Warn => "33",
            Self::Bad => "1;31",
        };
        if paint == Paint::Plain || code.is_empty() || text.is_empty() {
            text.to_owned()
        } else {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        }
    }
}

/// Which side of its column a text keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A text in a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// What it says; no line ends.
    pub text: String,
    /// How it stands out.
    pub ink: Ink,
}

impl Cell {
    /// A plain text.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ink: Ink::Plain,
        }
    }

    /// The same in `ink`.
    #[must_use]
    pub fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }
}

/// Rows under a head.
#[derive(Debug, Clone, Default)]
pub struct Table {
    head: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Spaces between two columns.
    const GAP: usize = 2;

    /// No columns yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column: its head, and a cell for each row. The first column decides how many rows
    /// there are.
    pub fn column(&mut self, head: &str, align: Align, cells: Vec<Cell>) {
        self.head.push((head.to_owned(), align));
        if self.rows.is_empty() {
            self.rows = vec![Vec::new(); cells.len()];
        }
        let mut cells = cells.into_iter();
        for row in &mut self.rows {
            row.push(cells.next().unwrap_or_default());
        }
    }

    /// The width of the widest line, in characters.
    pub fn width(&self) -> usize {
        let widths = self.widths();
        widths.iter().sum::<usize>() + Self::GAP * widths.len().saturating_sub(1)
    }

    /// Head, rule and rows, each line with its end and without spaces before it.
    pub fn render(&self, paint: Paint) -> String {
        let widths = self.widths();
        let mut text = String::new();
        let head = self
            .head
            .iter()
            .map(|(head, _)| Cell::new(head).ink(Ink::Bold));
        self.line(&mut text, &widths, &head.collect::<Vec<_>>(), paint);
        let rule = "─".repeat(self.width());
        let _ = writeln!(text, "{}", Ink::Dim.paint(&rule, paint));
        for row in &self.rows {
            self.line(&mut text, &widths, row, paint);
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        (0..self.head.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| row[column].text.chars().count());
                cells
                    .max()
                    .unwrap_or(0)
                    .max(self.head[column].0.chars().count())
            })
            .collect()
    }

    fn line(&self, text: &mut String, widths: &[usize], cells: &[Cell], paint: Paint) {
        // Spaces are owed until something follows them, so that no line ends in one.
        let mut owed = 0;
        for ((cell, width), (_, align)) in cells.iter().zip(widths).zip(&self.head) {
            let slack = width - cell.text.chars().count();
            let (before, after) = match align {
                Align::Left => (0, slack),
                Align::Right => (slack, 0),
            };
            let trimmed = cell.text.trim_end();
            if trimmed.is_empty() {
                owed += width + Self::GAP;
                continue;
            }
            text.push_str(&" ".repeat(owed + before));
            text.push_str(&cell.ink.paint(trimmed, paint));
            owed = after + Self::GAP + cell.text.chars().count() - trimmed.chars().count();
        }
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new();
        let cells = |texts: [&str; 2]| texts.map(Cell::new).to_vec();
        table.column("name", Align::Left, cells(["a", "longer"]));
        table.column("ms", Align::Right, cells(["1.5", "120.0"]));
        table.column("note", Align::Left, cells(["", "é"]));
        table
    }

    #[test]
    fn aligns_and_ends_no_line_in_a_space() {
        insta::assert_snapshot!(table().render(Paint::Plain), @r"
        name       ms  note
        ───────────────────
        a         1.5
        longer  120.0  é
        ");
    }

    #[test]
    fn colour_changes_no_width() {
        let coloured = table().render(Paint::Colour);
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            plain.push_str(&rest[..at]);
            rest = &rest[at + rest[at..].find('m').unwrap() + 1..];
        }
        plain.push_str(rest);
        assert_eq!(plain, table().render(Paint::Plain));
        assert_ne!(coloured, plain);
    }
}
