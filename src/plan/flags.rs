//! What was typed beside the scenario, and stands above it.

use crate::units::Span;

/// Flags and environment variables that change a plan.
#[derive(Clone, Default)]
pub struct Flags {
    /// `--target`: `auto`, `docker`, `local` or a `postgres://` URL. It may hold a password, so
    /// this type has no `Debug`.
    pub target: Option<Typed>,
    /// `--image`
    pub image: Option<Typed>,
    /// `--duration`
    pub duration: Option<Span>,
    /// `--seed`
    pub seed: Option<u64>,
    /// `--keep`
    pub keep: bool,
    /// `--allow-existing`
    pub allow_existing: bool,
    /// CPUs that this process may use; 0 counts as 1.
    pub cores: usize,
}

/// A text with where it came from.
#[derive(Clone)]
pub struct Typed {
    /// The text.
    pub text: String,
    /// Flag or environment.
    pub origin: Origin,
}

/// Where a text came from. A flag stands above `--set`, which stands above the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line.
    Flag,
    /// An environment variable `HIGHWATER_*`.
    Environment,
}
