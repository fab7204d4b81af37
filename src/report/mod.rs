//! Reports: an archive turned into bytes for a person or a machine.
//!
//! Input: a [`RunRecord`](crate::archive::RunRecord), its columns over time and the line of the run
//! before. Output: the terminal's table, the line of progress, the HTML page, the JSON of `--json`.
//! Pure functions: the same archive gives the same bytes. Knows nothing of databases, files or how
//! a run is made.

mod charts;
mod html;
mod progress;
mod table;
mod terminal;
mod words;

pub use html::{Page, page};
pub use progress::{Progress, progress_line};
pub use table::{Align, Cell, Ink, Paint, Table};
pub use terminal::{Terminal, terminal};

use crate::archive::RunRecord;

/// What `--json` prints: `run.json`, indented, with a line end.
///
/// # Errors
/// When the record holds a number that JSON has no way to write.
pub fn json(run: &RunRecord) -> serde_json::Result<String> {
    serde_json::to_string_pretty(run).map(|text| text + "\n")
}
