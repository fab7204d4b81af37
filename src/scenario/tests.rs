//! Properties of the format as a whole.

use std::collections::BTreeSet;

use super::*;

/// The keys that serde knows for `T`, out of its message about a key that it does not.
fn keys<T: serde::de::DeserializeOwned>() -> BTreeSet<String> {
    let message = toml::from_str::<T>("no_such_key = 0").err().unwrap();
    let known = message.message().split('`').skip(3).step_by(2);
    known.map(str::to_owned).collect()
}

fn reference() -> &'static str {
    shipped::by_name("reference").unwrap().text
}

/// The reference with its commented-out keys in force.
fn reference_with_all_keys() -> String {
    let is_key = |line: &str| {
        let name = line.split(" = ").next().unwrap_or_default();
        line.contains(" = ")
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit())
    };
    let lines = reference()
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if is_key(rest) => rest,
            _ => line,
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_reference_names_every_key_of_the_format() {
    let text = reference_with_all_keys();
    toml::from_str::<Sections>(&text).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let written = |path: &str| -> BTreeSet<String> {
        table[path].as_table().unwrap().keys().cloned().collect()
    };
    let of_all = |path: &str| -> BTreeSet<String> {
        let entries = table[path].as_table().unwrap().values();
        entries
            .flat_map(|entry| entry.as_table().unwrap().keys().cloned())
            .collect()
    };
    let top: BTreeSet<String> = table.keys().cloned().collect();
    assert_eq!(top, keys::<Sections>());
    assert_eq!(written("target"), keys::<TargetSection>());
    assert_eq!(written("dataset"), keys::<DatasetSection>());
    assert_eq!(written("drive"), keys::<DriveSection>());
    assert_eq!(written("pool"), keys::<PoolSection>());
    assert_eq!(written("validity"), keys::<ValiditySection>());
    assert_eq!(of_all("operations"), keys::<OperationSection>());
    assert_eq!(of_all("objectives"), keys::<ObjectiveSection>());
    // serde says "expected `x`" where there is one key only.
    assert_eq!(written("schema"), keys::<SchemaSection>());
}

#[test]
fn every_line_of_the_reference_that_holds_a_key_explains_it() {
    let lines = reference_with_all_keys();
    let mut seen = BTreeSet::new();
    for line in lines
        .lines()
        .filter(|line| line.contains(" = ") && !line.starts_with('#'))
    {
        let key = line.split(" = ").next().unwrap();
        let is_new = seen.insert(key);
        assert!(
            !is_new || line.contains("# ") || key == "shared_buffers",
            "{line}"
        );
    }
}

#[test]
fn every_file_of_the_folder_is_shipped() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let shipped: BTreeSet<String> = shipped::ALL.iter().map(|one| one.name.to_owned()).collect();
    assert_eq!(files, shipped);
}

#[test]
fn an_override_wins_and_is_known_as_one() {
    let set = ["drive.workers=7".to_owned(), "drive.workers=9".to_owned()];
    let source = Source::new("a.toml", "[drive]\nworkers = 1\nconnections = 3\n");
    let scenario = Scenario::parse("a", source, &set).unwrap();
    let workers = scenario.sections.drive.workers.unwrap();
    assert_eq!(*workers.get_ref(), 9);
    assert_eq!(
        scenario.source.place(&workers.span()).to_string(),
        "--set drive.workers=9"
    );
    let connections = scenario.sections.drive.connections.unwrap();
    assert_eq!(
        scenario.source.place(&connections.span()).to_string(),
        "a.toml:3:15"
    );
}
