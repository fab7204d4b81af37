//! Which state of the project this is.

use std::process::Command;

/// The short commit, with `-dirty` where files differ from it; `unknown` outside a checkout.
///
/// A packager sets `HIGHWATER_COMMIT` while building. Elsewhere git is asked, about the directory
/// that the binary was built in: a build script would have to run on every change of every file.
pub fn current() -> String {
    if let Some(commit) = option_env!("HIGHWATER_COMMIT") {
        return commit.to_owned();
    }
    let Some(hash) = git(&["rev-parse", "--short=12", "HEAD"]).filter(|hash| !hash.is_empty())
    else {
        return "unknown".to_owned();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => hash,
        _ => format!("{hash}-dirty"),
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR"), "--no-optional-locks"])
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_short_hash_or_unknown() {
        let commit = current();
        let hash = commit.trim_end_matches("-dirty");
        assert!(
            hash == "unknown" || (hash.len() >= 12 && hash.chars().all(|c| c.is_ascii_hexdigit())),
            "{commit}"
        );
    }
}
