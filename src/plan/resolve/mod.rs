//! Scenario and flags -> plan: flag, then environment, then scenario, then default.

#![expect(
    clippy::ref_option,
    reason = "a key is handed on as the section holds it, and most callers have no use for Option<&T>"
)]

mod check;
mod dataset;
mod drive;
mod objectives;
mod operations;
mod target;

use self::check::{Checker, value};
use super::{Flags, Plan, PlanError, defaults};
use crate::scenario::Scenario;

impl Plan {
    /// Decides everything that `scenario` and `flags` leave open.
    ///
    /// # Errors
    /// Where a value is out of range or contradicts another, with its line.
    pub fn resolve(scenario: &Scenario, flags: &Flags) -> Result<Self, PlanError> {
        let checker = Checker::new(&scenario.source);
        let sections = &scenario.sections;
        let dataset = dataset::resolve(checker, &sections.dataset, flags)?;
        let drive = drive::resolve(checker, sections, flags)?;
        let operations = operations::resolve(checker, sections, &drive, &dataset)?;
        let objectives = objectives::resolve(checker, sections, &drive, &operations)?;
        Ok(Self {
            scenario: scenario.name.clone(),
            description: value(sections.description.as_ref(), String::new()),
            seed: flags
                .seed
                .unwrap_or_else(|| value(sections.seed.as_ref(), defaults::SEED)),
            target: target::resolve(checker, sections, flags, drive.connections)?,
            schema: dataset::schema(checker, &sections.schema, &dataset)?,
            dataset,
            drive,
            operations,
            objectives,
            limits: objectives::limits(checker, &sections.validity)?,
        })
    }
}

#[cfg(test)]
mod tests;
