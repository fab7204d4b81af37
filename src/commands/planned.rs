//! From what was typed to a plan: what every verb with a scenario does first.

use crate::cli::{ScenarioArgs, TargetArgs};
use crate::commands::Origins;
use crate::plan::{Flags, Plan, Typed};
use crate::scenario::Scenario;

/// Reads the scenario and resolves it. No connection is opened.
pub fn plan(
    scenario: &ScenarioArgs,
    target: &TargetArgs,
    origins: Origins,
) -> anyhow::Result<(Scenario, Plan)> {
    let read = Scenario::load(&scenario.scenario, &scenario.set)?;
    let typed = |text: &Option<String>, origin| {
        let text = text.clone().filter(|text| !text.is_empty())?;
        Some(Typed { text, origin })
    };
    let flags = Flags {
        target: typed(&target.target, origins.target),
        image: typed(&target.image, origins.image),
        duration: scenario.duration,
        seed: scenario.seed,
        keep: target.keep,
        allow_existing: target.allow_existing,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let plan = Plan::resolve(&read, &flags)?;
    Ok((read, plan))
}
