//! `highwater fill`

use crate::cli::FillArgs;
use crate::commands::{Origins, exit::Exit, planned};

/// Runs the verb.
pub fn run(args: &FillArgs, origins: Origins) -> anyhow::Result<Exit> {
    planned::plan(&args.scenario, &args.target, origins)?;
    anyhow::bail!("`highwater fill` is not built yet")
}
