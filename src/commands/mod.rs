//! One file a verb; the only place that prints.
//!
//! Input: the command line. Output: an exit code, results on stdout, everything else on stderr.

pub mod check;
pub mod clean;
pub mod columns;
pub mod exit;
pub mod fill;
pub mod list;
pub mod live;
pub mod planned;
pub mod print;
pub mod ready;
pub mod run;
pub mod signals;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::cli::{Cli, Verb};
use crate::plan::Origin;
use exit::Exit;

/// Runs the command line.
pub fn main() -> ExitCode {
    match parse() {
        Ok((cli, origins)) => ExitCode::from(dispatch(&cli, origins).code()),
        Err(error) => {
            // A closed pipe is nothing to report; help and version are no errors and exit 0.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

/// Where `--target` and `--image` came from.
#[derive(Debug, Clone, Copy)]
pub struct Origins {
    /// `--target` or `HIGHWATER_TARGET`.
    pub target: Origin,
    /// `--image` or `HIGHWATER_IMAGE`.
    pub image: Origin,
}

fn parse() -> Result<(Cli, Origins), clap::Error> {
    let matches = Cli::command().try_get_matches()?;
    let origin = |name: &str| {
        let verb = matches.subcommand().map(|(_, verb)| verb);
        // `clean` and `list` have no such argument, and clap panics on a name it does not know.
        let source = verb
            .filter(|verb| verb.try_contains_id(name).unwrap_or(false))
            .and_then(|verb| verb.value_source(name));
        if source == Some(clap::parser::ValueSource::EnvVariable) {
            Origin::Environment
        } else {
            Origin::Flag
        }
    };
    let origins = Origins {
        target: origin("target"),
        image: origin("image"),
    };
    Ok((Cli::from_arg_matches(&matches)?, origins))
}

fn dispatch(cli: &Cli, origins: Origins) -> Exit {
    let (output, result) = match &cli.verb {
        Verb::Run(args) => (args.output, run::run(args, origins)),
        Verb::Check(args) => (args.output, check::run(args, origins)),
        Verb::Fill(args) => (args.output, fill::run(args, origins)),
        Verb::List(args) => (args.output, list::run(args)),
        Verb::Clean(args) => (args.output, clean::run(args)),
    };
    result.unwrap_or_else(|error| {
        print::error(&error, output);
        Exit::of_error(&error)
    })
}
