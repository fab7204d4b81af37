//! What stands around a run and fails: exit 3, a cause, a way out, and nothing left behind.

use std::path::Path;

use tempfile::TempDir;

use crate::highwater;

/// Everything that `highwater run quickstart` printed, after it ended with 3.
fn fails(directory: &TempDir, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = highwater(directory)
        .args(["run", "quickstart"])
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8(printed).unwrap();
    assert_eq!(output.status.code(), Some(3), "{printed}");
    printed
}

/// Names of what is in `out`, hidden or not.
fn left_in(out: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(out).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn without_a_docker_daemon_three_ways_out_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = [("DOCKER_HOST", "unix:///nonexistent/docker.sock")];
    let printed = fails(&directory, &[], &nowhere);
    for way in ["make setup", "--target postgres://", "--target local"] {
        assert!(printed.contains(way), "{way}: {printed}");
    }
    assert_eq!(
        left_in(&directory.path().join("reports")),
        Vec::<String>::new()
    );
}

#[test]
fn an_unreachable_target_is_named_without_its_password() {
    let directory = tempfile::tempdir().unwrap();
    let url = "postgres://me:hunter2@127.0.0.1:1/bench";
    let printed = fails(&directory, &["--target", url], &[]);
    assert!(printed.contains("127.0.0.1:1"), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
    assert_eq!(
        left_in(&directory.path().join("reports")),
        Vec::<String>::new()
    );
}

#[test]
fn a_folder_that_cannot_be_written_to_is_found_before_the_run() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "").unwrap();
    let nowhere = [("DOCKER_HOST", "unix:///nonexistent/docker.sock")];
    let printed = fails(&directory, &["--out", "file/reports"], &nowhere);
    assert!(printed.contains("--out"), "{printed}");
    assert!(printed.contains("file/reports"), "{printed}");
}
