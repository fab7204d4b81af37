//! Finds, reads and parses a scenario.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::error::{Problem, ScenarioError};
use super::nearest::Hint;
use super::overrides;
use super::sections::Sections;
use super::shipped;
use super::source::Source;

/// A scenario as written.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file's stem.
    pub name: String,
    /// Its text and what changed it, for messages.
    pub source: Source,
    /// Its keys.
    pub sections: Sections,
}

impl Scenario {
    /// Reads the scenario `wanted`: a file of that path, else `scenarios/WANTED.toml` below the
    /// working directory, else the shipped one of that name. `set` are the texts after `--set`.
    pub fn load(wanted: &str, set: &[String]) -> Result<Self, ScenarioError> {
        let local = Path::new("scenarios").join(format!("{wanted}.toml"));
        let is_name = !wanted.contains(['/', '\\', '.']);
        if let Some(path) = [PathBuf::from(wanted), local.clone()]
            .into_iter()
            .take(1 + usize::from(is_name))
            .find(|path| path.is_file())
        {
            return Self::read(&path, set);
        }
        match shipped::by_name(wanted) {
            Some(found) => Self::parse(
                found.name,
                Source::new(local.display().to_string(), found.text),
                set,
            ),
            None => Err(not_found(wanted)),
        }
    }

    /// Reads the file at `path`.
    pub fn read(path: &Path, set: &[String]) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(path).map_err(|source| ScenarioError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let shown = path.display().to_string();
        Self::parse(&name, Source::new(shown, text), set)
    }

    /// Parses a scenario's text with `set` laid over it.
    pub fn parse(name: &str, mut source: Source, set: &[String]) -> Result<Self, ScenarioError> {
        let texts = set
            .iter()
            .map(|typed| Ok(source.add_override(typed, &overrides::assignment(typed)?)))
            .collect::<Result<Vec<String>, ScenarioError>>()?;
        let sections = parse_sections(&source, &texts)?;
        Ok(Self {
            name: name.to_owned(),
            source,
            sections,
        })
    }
}

fn parse_sections(source: &Source, texts: &[String]) -> Result<Sections, ScenarioError> {
    let refuse = |error: toml::de::Error| ScenarioError::from_toml(source, &error);
    let mut table = DeTable::parse(source.text()).map_err(refuse)?;
    for text in texts {
        let over = DeTable::parse(text).map_err(refuse)?;
        overrides::merge(table.get_mut(), over.into_inner());
    }
    refuse_unquoted_names(source, table.get_ref())?;
    Sections::deserialize(Deserializer::from(table)).map_err(refuse)
}

/// `[operations.trace.list]` is a slip that serde would report as an unknown key `list`.
fn refuse_unquoted_names(source: &Source, root: &DeTable<'_>) -> Result<(), ScenarioError> {
    for name in ["operations", "objectives"] {
        let Some(DeValue::Table(entries)) = root.get(name).map(Spanned::get_ref) else {
            continue;
        };
        for (key, value) in entries {
            let nested = value.get_ref().as_table().is_some_and(|keys| {
                keys.values()
                    .any(|value| value.get_ref().as_table().is_some())
            });
            if nested {
                let problem = Problem::UnquotedName {
                    table: name,
                    key: key.get_ref().to_string(),
                };
                return Err(ScenarioError::at(source, Some(key.span()), problem));
            }
        }
    }
    Ok(())
}

fn not_found(wanted: &str) -> ScenarioError {
    let stem = Path::new(wanted).file_stem().unwrap_or_default();
    let names = shipped::ALL.map(|shipped| shipped.name);
    let hint = Hint::new(&stem.to_string_lossy(), names);
    ScenarioError::NotFound {
        name: wanted.to_owned(),
        near: hint
            .nearest()
            .map_or(String::new(), |near| format!("; did you mean `{near}`?")),
        shipped: names.join(", "),
    }
}
