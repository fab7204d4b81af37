//! What a fill tells a person while it runs.
//!
//! Input: counts from the fill's workers. Output: a bar on standard error with rows, rate and time
//! left; nothing where standard error is not a terminal. Knows nothing of connections.

use indicatif::{ProgressBar, ProgressStyle};

/// Who hears how a fill gets on; called from every worker.
pub trait FillProgress: Send + Sync {
    /// The fill has `rows` rows to send.
    fn begin(&self, rows: u64);
    /// It has come to a step, such as `loading traces`.
    fn step(&self, step: &str);
    /// `rows` more rows were sent.
    fn advance(&self, rows: u64);
    /// It has ended, well or not.
    fn end(&self);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl FillProgress for Silent {
    fn begin(&self, _rows: u64) {}
    fn step(&self, _step: &str) {}
    fn advance(&self, _rows: u64) {}
    fn end(&self) {}
}

/// A bar on standard error.
#[derive(Debug)]
pub struct FillBar(ProgressBar);

impl FillBar {
    /// A bar that appears when the fill begins.
    pub fn new() -> Self {
        let style = ProgressStyle::with_template(
            "{msg:28} {bar:30} {human_pos}/{human_len} rows, {per_sec}, {eta} left",
        );
        let bar = ProgressBar::new(0);
        Self(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }
}

impl Default for FillBar {
    fn default() -> Self {
        Self::new()
    }
}

impl FillProgress for FillBar {
    fn begin(&self, rows: u64) {
        self.0.reset();
        self.0.set_length(rows);
    }

    fn step(&self, step: &str) {
        self.0.set_message(step.to_owned());
    }

    fn advance(&self, rows: u64) {
        self.0.inc(rows);
    }

    fn end(&self) {
        self.0.finish_and_clear();
    }
}
