//! What was typed: data only. Knows nothing of what a verb does.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::units::Span;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "highwater",
    version,
    about = "Load-tests and benchmarks observability stores on PostgreSQL and TimescaleDB.",
    after_help = "Start with `highwater run quickstart`; `highwater list` shows what else there is.",
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Provision, fill, drive, judge; print the table, write the archive and the page.
    Run(RunArgs),
    /// Parse and resolve a scenario; print the plan, the arrivals and the run time. Touches no database.
    Check(CheckArgs),
    /// Provision, migrate and fill.
    Fill(FillArgs),
    /// Show the scenarios and the operations that a scenario can call.
    List(ListArgs),
    /// Remove what a killed run left behind: containers, volumes, socket directories.
    Clean(CleanArgs),
}

/// `highwater run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What every verb with a scenario takes.
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// The database.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The folder of archives, reports and the history.
    #[arg(
        long,
        value_name = "DIR",
        default_value = "reports",
        env = "HIGHWATER_OUT"
    )]
    pub out: PathBuf,
    /// How results are printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `highwater check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// What every verb with a scenario takes.
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// The database.
    #[command(flatten)]
    pub target: TargetArgs,
    /// How results are printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `highwater fill`
#[derive(Debug, Args)]
pub struct FillArgs {
    /// What every verb with a scenario takes.
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// The database.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Generate the rows and drop them: measures the generator alone, without a database.
    #[arg(long)]
    pub to_null: bool,
    /// How results are printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `highwater list`
#[derive(Debug, Args)]
pub struct ListArgs {
    /// How results are printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `highwater clean`
#[derive(Debug, Args)]
pub struct CleanArgs {
    /// Remove the targets that `--keep` left up, too.
    #[arg(long)]
    pub kept: bool,
    /// How results are printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The scenario and what changes it.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    /// A path, or the bare name of a scenario (`highwater list`).
    pub scenario: String,
    /// Change any key of the scenario: drive.duration=10s, 'operations."trace.list".rate=50'.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// How long to measure, such as 30s or 5m.
    #[arg(long, value_name = "TIME")]
    pub duration: Option<Span>,
    /// The seed of the schedule and of the drawn parameters.
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}

/// The database under test.
#[derive(Args)]
pub struct TargetArgs {
    /// auto (a container when Docker answers, else local server binaries), docker, local, or
    /// `postgres://user@host/database`.
    #[arg(
        long,
        value_name = "TARGET",
        env = "HIGHWATER_TARGET",
        hide_env_values = true
    )]
    pub target: Option<String>,
    /// The container image.
    #[arg(long, value_name = "IMAGE", env = "HIGHWATER_IMAGE")]
    pub image: Option<String>,
    /// Leave the target up, and reuse its data set next time.
    #[arg(long)]
    pub keep: bool,
    /// Use an external database although it holds other things.
    #[arg(long)]
    pub allow_existing: bool,
}

impl std::fmt::Debug for TargetArgs {
    /// Without the target, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TargetArgs")
            .field("image", &self.image)
            .field("keep", &self.keep)
            .field("allow_existing", &self.allow_existing)
            .finish_non_exhaustive()
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct OutputArgs {
    /// Print JSON on stdout, and everything else on stderr.
    #[arg(long)]
    pub json: bool,
    /// Print results and errors only, no progress.
    #[arg(long)]
    pub quiet: bool,
    /// Print without colours, also on a terminal.
    #[arg(long)]
    pub no_color: bool,
}
