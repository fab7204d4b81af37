//! Tests against a real database, in one binary: the target is provisioned once, by the project's
//! own code, every trial gets a fresh database on it, and it is removed at the end.
//!
//! Without a target these tests fail; they are never skipped. `HIGHWATER_IMAGE` chooses the image.

#![expect(
    clippy::print_stderr,
    clippy::expect_used,
    reason = "a test binary without a harness: it talks to people and fails by panicking"
)]

mod command;
mod dataset;
mod fixture;
mod local_cluster;
mod runs;
mod store;
mod target;
mod target_external;
mod target_lifecycle;

use std::process::ExitCode;

use fixture::Fixture;
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let fixture = match Fixture::new() {
        Ok(fixture) => fixture,
        Err(error) => return failed(&error),
    };
    let trials = trials(&fixture);
    if !arguments.list
        && let Err(error) = fixture.provision()
    {
        return failed(&error);
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    match fixture.remove() {
        Ok(()) => conclusion.exit_code(),
        Err(error) => failed(&error),
    }
}

/// Every module's trials.
fn trials(fixture: &Fixture) -> Vec<Trial> {
    [
        dataset::trials(fixture),
        store_trials(fixture),
        runs::trials(fixture),
        target::trials(fixture),
        target_external::trials(fixture),
        target_lifecycle::trials(fixture),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Each on a fresh database.
fn store_trials(fixture: &Fixture) -> Vec<Trial> {
    let trial = |(name, run): &(&str, store::Run)| {
        let run = *run;
        fixture.trial(name, move |fixture| async move {
            run(fixture.database().await?.connect_options()).await
        })
    };
    store::TRIALS.iter().map(trial).collect()
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("the database tests have no target: {error:#}");
    ExitCode::FAILURE
}
