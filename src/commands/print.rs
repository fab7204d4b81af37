//! Printing that survives a closed pipe.

#![expect(clippy::print_stderr, reason = "the place where errors reach a person")]

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use crate::cli::OutputArgs;
use crate::dataset::{FillBar, FillProgress, Silent};
use crate::report::Paint;

/// Writes `text` to stdout. A reader that has gone away (`| head`) is no error.
pub fn stdout(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes an error with its causes to stderr.
pub fn error(error: &anyhow::Error, output: OutputArgs) {
    let coloured = io::stderr().is_terminal() && is_colour_wanted(output);
    eprint!("{}", error_text(error, coloured));
}

/// Writes a line about what goes on to stderr.
pub fn note(line: &str) {
    eprintln!("{line}");
}

/// Writes a line of progress to stderr: over the last one on a terminal, below it elsewhere.
pub fn progress(line: &str) {
    if io::stderr().is_terminal() {
        eprint!("\r\u{1b}[2K{line}");
    } else {
        eprintln!("{line}");
    }
}

/// What hears how a fill gets on: a bar on a terminal, nobody when it is to be quiet.
pub fn fill_progress(quiet: bool) -> Box<dyn FillProgress> {
    if quiet {
        Box::new(Silent)
    } else {
        Box::new(FillBar::new())
    }
}

/// Ends the lines of progress.
pub fn progress_end() {
    if io::stderr().is_terminal() {
        eprint!("\r\u{1b}[2K");
    }
}

/// How results on stdout are coloured.
pub fn paint(output: OutputArgs) -> Paint {
    if io::stdout().is_terminal() && is_colour_wanted(output) {
        Paint::Colour
    } else {
        Paint::Plain
    }
}

/// Whether neither `--no-color` nor `NO_COLOR` (<https://no-color.org>) forbids colours.
pub fn is_colour_wanted(output: OutputArgs) -> bool {
    !output.no_color && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn error_text(error: &anyhow::Error, coloured: bool) -> String {
    let (red, reset) = if coloured {
        ("\u{1b}[1;31m", "\u{1b}[0m")
    } else {
        ("", "")
    };
    let mut text = format!("{red}error:{reset} {error}\n");
    for cause in error.chain().skip(1) {
        // A cause whose words its parent already said would be read twice.
        let cause = cause.to_string();
        if !text.contains(&cause) {
            let _ = writeln!(text, "  because {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn causes_stand_below_their_error_once() {
        let error = Err::<(), _>(anyhow::anyhow!("disk full"))
            .context("cannot write: disk full")
            .context("the archive failed")
            .unwrap_err();
        assert_eq!(
            error_text(&error, false),
            "error: the archive failed\n  because cannot write: disk full\n"
        );
    }
}
