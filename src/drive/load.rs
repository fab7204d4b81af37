//! What the drive needs of a plan, and nothing of what is called.

use crate::plan::{Access, Arrivals, DrivePlan, Model, Plan};
use crate::units::Rate;

/// One operation at its load.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationLoad {
    /// The name, for messages.
    pub name: String,
    /// Arrivals per second; unused by the closed model.
    pub rate: Option<Rate>,
    /// Share among the operations of a closed loop.
    pub weight: u32,
}

/// A load: who calls what, when, over what.
#[derive(Debug, Clone)]
pub struct Load {
    /// The seed of the arrivals.
    pub seed: u64,
    /// Phases, access and callers.
    pub drive: DrivePlan,
    /// In the plan's order.
    pub operations: Vec<OperationLoad>,
}

impl Load {
    /// The load of a plan.
    pub fn of(plan: &Plan) -> Self {
        Self {
            seed: plan.seed,
            drive: plan.drive.clone(),
            operations: plan
                .operations
                .iter()
                .map(|operation| OperationLoad {
                    name: operation.name.clone(),
                    rate: operation.rate,
                    weight: operation.weight,
                })
                .collect(),
        }
    }

    /// Callers: one a connection when pinned; `callers` in a closed loop; in an open loop over a
    /// pool twice its connections, so that the pool's own queue is part of what is measured.
    pub fn callers(&self) -> usize {
        let drive = &self.drive;
        match (drive.model, drive.access) {
            (Model::Open, Access::Pinned) => drive.connections,
            (Model::Open, Access::Pool) => drive.connections * 2,
            (Model::Closed, Access::Pinned) => drive.connections.min(drive.callers),
            (Model::Closed, Access::Pool) => drive.callers,
        }
    }

    /// Whether the gaps are exponential.
    pub fn is_poisson(&self) -> bool {
        self.drive.arrivals == Arrivals::Poisson
    }
}
