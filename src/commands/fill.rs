//! `highwater fill`: provision, migrate and fill; or the generator alone.

use serde_json::json;

use crate::cli::FillArgs;
use crate::commands::columns::{columns, thousands};
use crate::commands::ready::{Ready, Session, Sweeper};
use crate::commands::{Origins, exit::Exit, planned, print};
use crate::dataset::{Dataset, TableSpeed, to_null};

/// Runs the verb.
pub fn run(args: &FillArgs, origins: Origins) -> anyhow::Result<Exit> {
    let (_, plan) = planned::plan(&args.scenario, &args.target, origins)?;
    if args.to_null {
        return generate(args, &Dataset::new(&plan.dataset));
    }
    let session = Session::start(args.output.quiet)?;
    let _sweeper = Sweeper::of(&session);
    let ready = session
        .runtime
        .block_on(Ready::provision(&session, &plan))
        .map_err(|not_ready| not_ready.error)?;
    let filled = &ready.filled;
    let text = if args.output.json {
        serde_json::to_string_pretty(filled)? + "\n"
    } else {
        let mut rows = vec![["table", "rows"].map(str::to_owned)];
        rows.extend(
            filled
                .rows
                .iter()
                .map(|(name, rows)| [name.clone(), thousands(*rows)]),
        );
        let kept = if plan.target.keep || ready.target.container_id().is_none() {
            "the target stays up"
        } else {
            "the target is removed; --keep leaves it up"
        };
        format!("{}data set {}\n{kept}\n", columns(&rows, 1), filled.digest)
    };
    session.runtime.block_on(ready.remove())?;
    print::stdout(&text)?;
    Ok(Exit::Pass)
}

fn generate(args: &FillArgs, dataset: &Dataset) -> anyhow::Result<Exit> {
    let speeds = to_null(dataset);
    let text = if args.output.json {
        serde_json::to_string_pretty(&json!({ "tables": speeds }))? + "\n"
    } else {
        table(&speeds)
    };
    print::stdout(&text)?;
    Ok(Exit::Pass)
}

fn table(speeds: &[TableSpeed]) -> String {
    let head = [
        "table",
        "rows",
        "MB",
        "seconds",
        "threads",
        "rows/s per core",
        "MB/s per core",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(speeds.iter().map(|speed| {
        let core_seconds = (speed.seconds * speed.threads as f64).max(1e-9);
        [
            speed.name.to_owned(),
            thousands(speed.rows),
            format!("{:.1}", speed.bytes as f64 / 1e6),
            format!("{:.3}", speed.seconds),
            speed.threads.to_string(),
            thousands(speed.rows_per_second_per_core as u64),
            format!("{:.0}", speed.bytes as f64 / 1e6 / core_seconds),
        ]
    }));
    columns(&rows, 1)
}
