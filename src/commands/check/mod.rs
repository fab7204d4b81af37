//! `highwater check`: the plan, the arrivals, the run time and the busy connections. Touches no
//! database.

mod arrivals;
mod settings;

use crate::cli::CheckArgs;
use crate::commands::exit::Exit;
use crate::commands::{Origins, planned, print};
use crate::plan::Plan;

/// Runs the verb.
pub fn run(args: &CheckArgs, origins: Origins) -> anyhow::Result<Exit> {
    let (scenario, plan) = planned::plan(&args.scenario, &args.target, origins)?;
    if args.output.json {
        print::stdout(&format!("{}\n", serde_json::to_string_pretty(&plan)?))?;
    } else {
        print::stdout(&text(&plan, scenario.source.path()))?;
    }
    Ok(Exit::Pass)
}

fn text(plan: &Plan, path: &str) -> String {
    let mut text = format!("{} ({path})\n", plan.scenario);
    if !plan.description.is_empty() {
        text.push_str(&plan.description);
        text.push('\n');
    }
    text.push_str(&settings::text(plan));
    text.push_str(&arrivals::text(plan));
    let notes = plan.notes();
    if !notes.is_empty() {
        text.push_str("\nNotes\n");
    }
    for note in notes {
        text.extend(["  - ", &note, "\n"]);
    }
    text
}
