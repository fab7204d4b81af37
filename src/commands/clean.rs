//! `highwater clean`

use crate::cli::CleanArgs;
use crate::commands::exit::Exit;

/// Runs the verb.
pub fn run(_args: &CleanArgs) -> anyhow::Result<Exit> {
    anyhow::bail!("`highwater clean` is not built yet")
}
