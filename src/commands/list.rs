//! `highwater list`: what can be run and what can be called.

use std::path::Path;

use serde::Serialize;

use crate::cli::ListArgs;
use crate::commands::columns::columns;
use crate::commands::exit::Exit;
use crate::commands::print;
use crate::plan::Call;
use crate::scenario::{Scenario, Source, shipped};

/// Runs the verb.
pub fn run(args: &ListArgs) -> anyhow::Result<Exit> {
    let listing = Listing::of_shipped()?;
    if args.output.json {
        print::stdout(&format!("{}\n", serde_json::to_string_pretty(&listing)?))?;
    } else {
        print::stdout(&listing.text())?;
    }
    Ok(Exit::Pass)
}

#[derive(Debug, Serialize)]
struct Listing {
    scenarios: Vec<ListedScenario>,
    operations: Vec<ListedOperation>,
}

#[derive(Debug, Serialize)]
struct ListedScenario {
    name: String,
    description: String,
}

#[derive(Debug, Serialize)]
struct ListedOperation {
    name: &'static str,
    description: &'static str,
    parameters: Vec<&'static str>,
}

impl Listing {
    fn of_shipped() -> anyhow::Result<Self> {
        let mut scenarios = Vec::new();
        for found in shipped::ALL {
            let shown = Path::new("scenarios").join(format!("{}.toml", found.name));
            let source = Source::new(shown.display().to_string(), found.text);
            let scenario = Scenario::parse(found.name, source, &[])?;
            scenarios.push(ListedScenario {
                name: scenario.name,
                description: scenario
                    .sections
                    .description
                    .map_or(String::new(), serde_spanned::Spanned::into_inner),
            });
        }
        let operations = Call::ALL
            .iter()
            .map(|(call, name, description)| ListedOperation {
                name,
                description,
                parameters: call.parameters().iter().map(|used| used.key()).collect(),
            })
            .collect();
        Ok(Self {
            scenarios,
            operations,
        })
    }

    fn text(&self) -> String {
        let scenarios: Vec<_> = self
            .scenarios
            .iter()
            .map(|one| [one.name.clone(), one.description.clone()])
            .collect();
        let operations: Vec<_> = self
            .operations
            .iter()
            .map(|one| {
                let (name, line) = (one.name.to_owned(), one.description.to_owned());
                [name, line, one.parameters.join(" ")]
            })
            .collect();
        format!(
            "Scenarios (highwater run NAME, or a path to a file of your own)\n{}\n\
             Operations that a scenario can call, with their parameters\n{}",
            columns(&scenarios, 2),
            columns(&operations, 3)
        )
    }
}
