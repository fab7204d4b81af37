//! `highwater clean`: removes what killed runs left behind.

use std::fmt::Write;

use anyhow::Context;

use crate::cli::CleanArgs;
use crate::commands::exit::Exit;
use crate::commands::print;
use crate::target::{self, Cleaned};

/// Runs the verb.
pub fn run(args: &CleanArgs) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    print::stdout(&runtime.block_on(clean(args.kept))?)?;
    Ok(Exit::Pass)
}

/// Removes the containers, volumes and socket directories of runs that are dead, and with `kept`
/// the kept targets too. Returns what to tell a person.
///
/// # Errors
/// When the daemon answers but refuses a removal.
pub async fn clean(kept: bool) -> anyhow::Result<String> {
    let cleaned = target::clean(kept)
        .await
        .context("cleaning stopped half way; run it again")?;
    Ok(describe(&cleaned))
}

fn describe(cleaned: &Cleaned) -> String {
    if let Some(cause) = &cleaned.no_docker {
        return format!("nothing was looked for: {cause}\n");
    }
    let mut text = format!(
        "removed: {} and {}\n",
        count(cleaned.removed.len(), "container", "containers"),
        count(
            cleaned.directories,
            "stray socket directory",
            "stray socket directories"
        ),
    );
    let mut spare = |names: &[String], why: &str| {
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| short(name)).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "spared: {} ({why})", names.join(", "));
        }
    };
    spare(&cleaned.live, "their runs live");
    spare(
        &cleaned.unknown,
        "their runs cannot be seen from here; remove them with `docker rm -fv`",
    );
    spare(
        &cleaned.kept,
        "kept; remove them with `highwater clean --kept`",
    );
    text
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Docker's own short form of an id; the names of scenarios stay whole.
fn short(name: &str) -> &str {
    let is_id = name.len() == 64 && name.chars().all(|c| c.is_ascii_hexdigit());
    if is_id { &name[..12] } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_what_went_and_what_stayed() {
        let cleaned = Cleaned {
            removed: vec!["1".into()],
            live: vec!["ab".repeat(32)],
            kept: vec!["quickstart".into()],
            directories: 2,
            ..Cleaned::default()
        };
        insta::assert_snapshot!(describe(&cleaned), @r"
        removed: 1 container and 2 stray socket directories
        spared: abababababab (their runs live)
        spared: quickstart (kept; remove them with `highwater clean --kept`)
        ");
    }
}
