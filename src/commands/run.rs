//! `highwater run`

use crate::cli::RunArgs;
use crate::commands::{Origins, exit::Exit, planned};

/// Runs the verb.
pub fn run(args: &RunArgs, origins: Origins) -> anyhow::Result<Exit> {
    planned::plan(&args.scenario, &args.target, origins)?;
    anyhow::bail!("`highwater run` is not built yet")
}
