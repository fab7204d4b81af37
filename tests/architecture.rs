//! The house rules that a compiler does not know: imports point up the pipeline, files stay
//! readable, and only `commands/` prints.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// A file longer than this is two files.
const LINES_MAX: usize = 400;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The modules in the order of `src/lib.rs`, which is the order of the pipeline.
fn modules() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules: Vec<_> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    assert!(
        modules.len() > 10,
        "lib.rs lists its modules as `pub mod name;`"
    );
    modules
}

fn rust_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file with the top-level module that it belongs to.
fn sources() -> Vec<(String, PathBuf, String)> {
    let src = root().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    files
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&src).unwrap();
            let first = inside
                .components()
                .next()
                .unwrap()
                .as_os_str()
                .to_str()
                .unwrap();
            let module = first.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            (module, path, text)
        })
        .collect()
}

/// The top-level modules that `text` names as `crate::module`, also inside `use crate::{...}`.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = &group[..group.find('}').unwrap_or(group.len())];
            found.extend(group.split(',').map(|item| leading_name(item.trim())));
        } else {
            found.push(leading_name(rest));
        }
    }
    found
}

fn leading_name(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// `text` without its line comments, so that a doc link may point anywhere.
fn code(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_point_up_the_pipeline() {
    let order = modules();
    let position = |module: &str| order.iter().position(|known| known == module);
    let mut wrong = Vec::new();
    for (module, path, text) in sources() {
        let Some(here) = position(&module) else {
            continue;
        };
        for import in imports(&code(&text)) {
            if position(&import).is_some_and(|there| there > here) {
                wrong.push(format!(
                    "{}: crate::{import} stands below {module}",
                    path.display()
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports that point down the pipeline:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_import_reader_sees_every_form() {
    let text = "use crate::store::X; let y = crate::drive::run(); use crate::{units::A, plan};";
    assert_eq!(imports(text), ["store", "drive", "units", "plan"]);
    assert_eq!(
        imports(&code("let a = 1; // crate::report")),
        Vec::<String>::new()
    );
}

#[test]
fn files_stay_readable() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(_, path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| format!("{} ({lines})", path.display()))
        .collect();
    assert!(
        long.is_empty(),
        "files over {LINES_MAX} lines: {}",
        long.join(", ")
    );
}

#[test]
fn every_module_says_what_it_is_for() {
    for (_, path, text) in sources() {
        assert!(
            text.starts_with("//! "),
            "{} has no module docs",
            path.display()
        );
    }
}
