//! The plan: a scenario resolved, every default decided, immutable.
//!
//! Input: a parsed [`crate::scenario::Scenario`] and the [`Flags`] that were typed. Output:
//! [`Plan`], plain data that every later stage reads, or a [`PlanError`] that names the line.
//! Knows nothing of databases and does no I/O. `defaults` holds every default and its reason.

use serde::Serialize;

pub mod call;
pub mod dataset;
pub mod defaults;
pub mod drive;
pub mod error;
pub mod flags;
pub mod littles_law;
pub mod notes;
pub mod objective;
pub mod operation;
pub mod parameters;
mod resolve;
pub mod target;

pub use crate::scenario::{Access, Arrivals, Draw, Model, WindowEnd};
pub use call::Call;
pub use dataset::DatasetPlan;
pub use drive::{DrivePlan, PoolPlan};
pub use error::{PlanError, Refusal};
pub use flags::{Flags, Origin, Typed};
pub use objective::{Limits, Metric, Objective};
pub use operation::{OperationPlan, Parameters};
pub use parameters::Parameter;
pub use target::{SchemaPlan, TargetChoice, TargetPlan};

/// Everything a run does, decided.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The scenario's name: the file's stem.
    pub scenario: String,
    /// One line for people.
    pub description: String,
    /// The seed of the schedule and of the drawn parameters.
    pub seed: u64,
    /// Where the database comes from.
    pub target: TargetPlan,
    /// How the tables are made.
    pub schema: SchemaPlan,
    /// What the tables hold.
    pub dataset: DatasetPlan,
    /// How load is applied.
    pub drive: DrivePlan,
    /// What is called, in the scenario's order.
    pub operations: Vec<OperationPlan>,
    /// Budgets, in the scenario's order.
    pub objectives: Vec<Objective>,
    /// When a run stops being valid.
    pub limits: Limits,
}
