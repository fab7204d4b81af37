//! The binary as a person runs it: what it prints, and what it refuses.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod bad_scenario;
mod environment;
mod shown;

use assert_cmd::Command;

/// The binary without the caller's environment, in an empty folder.
fn highwater(folder: &tempfile::TempDir) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("highwater"));
    command.current_dir(folder).env("NO_COLOR", "1");
    for name in ["HIGHWATER_TARGET", "HIGHWATER_IMAGE", "HIGHWATER_OUT"] {
        command.env_remove(name);
    }
    command
}

/// Runs `highwater` with `arguments` in a folder that holds `files`; returns exit code, stdout and
/// stderr.
fn run(files: &[(&str, &str)], arguments: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let output = highwater(&folder).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}
