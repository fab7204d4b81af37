//! `history.jsonl`, schema `highwater.history/1`: a line for each finished run, appended.
//!
//! Input: a [`RunRecord`]. Output: its line, and the last comparable one before it. Knows nothing of
//! what a difference means.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::format::RunRecord;
use super::verdicts::{ObjectiveVerdict, ValidityVerdict};

/// The version of a line. A line of another version is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum HistorySchema {
    /// The first.
    #[default]
    #[serde(rename = "highwater.history/1")]
    V1,
}

/// One finished run in one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// The version of this format.
    pub schema: HistorySchema,
    /// The run's id.
    pub run_id: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// The scenario's name.
    pub scenario: String,
    /// Equal for runs whose numbers may be held against each other: see [`facts_key`].
    pub facts_key: String,
    /// Whether the numbers may be believed.
    pub validity: ValidityVerdict,
    /// Whether the objectives were met.
    pub objectives: ObjectiveVerdict,
    /// By name, in the scenario's order.
    pub operations: IndexMap<String, HistoryOperation>,
}

/// One operation of a line: response in nanoseconds, null without samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryOperation {
    /// The median.
    pub p50: Option<u64>,
    /// The 95th percentile.
    pub p95: Option<u64>,
    /// The 99th percentile.
    pub p99: Option<u64>,
    /// Calls per second that ended `ok`.
    pub achieved_per_second: f64,
}

impl HistoryLine {
    /// The line of `run`.
    pub fn of(run: &RunRecord) -> Self {
        let operations = run.operations.iter().map(|operation| {
            let response = &operation.latency_ns.response;
            let line = HistoryOperation {
                p50: response.p50,
                p95: response.p95,
                p99: response.p99,
                achieved_per_second: operation.achieved_per_second,
            };
            (operation.name.clone(), line)
        });
        Self {
            schema: HistorySchema::V1,
            run_id: run.run_id.clone(),
            started_at: run.started_at,
            scenario: run.scenario.clone(),
            facts_key: facts_key(run),
            validity: run.validity.verdict,
            objectives: run.objectives.verdict,
            operations: operations.collect(),
        }
    }
}

/// Facts that differ from run to run without making the numbers incomparable: the code under test,
/// and what merely names or dates a run.
const NOT_COMPARED: [&str; 12] = [
    "commit",
    "dirty",
    "branch",
    "container_id",
    "container_name",
    "socket",
    "socket_directory",
    "hostname",
    "port",
    "started_at",
    "load_average",
    "memory_available_bytes",
];

/// Parts of the plan that decide what is asked of the target; the rest decides where it comes from
/// (the facts say that) or how the answer is judged.
const PLAN_COMPARED: [&str; 5] = ["seed", "schema", "dataset", "drive", "operations"];

/// A digest of what makes two runs comparable: facts of host and target, the data set and the load.
/// 16 hexadecimal digits.
pub fn facts_key(run: &RunRecord) -> String {
    let mut hash = Sha256::new();
    let mut take = |name: &str, value: &Value| {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(canonical(value).to_string().as_bytes());
        hash.update([0]);
    };
    let facts = serde_json::to_value(&run.facts).unwrap_or_default();
    for (name, value) in canonical(&facts).as_object().into_iter().flatten() {
        if !NOT_COMPARED.contains(&name.as_str()) {
            take(name, value);
        }
    }
    for name in PLAN_COMPARED {
        take(name, run.plan.get(name).unwrap_or(&Value::Null));
    }
    take("dataset", &Value::from(run.dataset.digest.as_str()));
    let digest = hash.finalize();
    let short = u64::from_be_bytes(std::array::from_fn(|i| digest[i]));
    format!("{short:016x}")
}

/// The same value with the keys of every object in alphabetical order.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let sorted = entries.into_iter().map(|(k, v)| (k.clone(), canonical(v)));
            Value::Object(sorted.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

/// The history cannot be read or extended.
#[derive(Debug, thiserror::Error)]
#[error("history {path} cannot be {what}: {source}; the run itself is archived", path = path.display())]
pub struct HistoryError {
    path: PathBuf,
    what: &'static str,
    source: io::Error,
}

/// The `history.jsonl` of an archive folder.
#[derive(Debug, Clone)]
pub struct History {
    path: PathBuf,
}

impl History {
    /// The history of `out`; nothing is touched yet.
    pub fn of(out: &Path) -> Self {
        Self {
            path: out.join("history.jsonl"),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line in one write, so that runs which end together do not mix their lines. A torn
    /// last line is closed first.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&self, line: &HistoryLine) -> Result<(), HistoryError> {
        let write = || -> io::Result<()> {
            let torn = fs::read(&self.path).is_ok_and(|b| b.last().is_some_and(|b| *b != b'\n'));
            let mut text = if torn { "\n".to_owned() } else { String::new() };
            text.push_str(&serde_json::to_string(line)?);
            text.push('\n');
            OpenOptions::new()
                .append(true)
                .create(true)
                .open(&self.path)?
                .write_all(text.as_bytes())
        };
        write().map_err(|source| self.error("extended", source))
    }

    /// Every line that can be read, oldest first; none when there is no file. Torn lines and lines
    /// of other versions are passed over.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn read(&self) -> Result<Vec<HistoryLine>, HistoryError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.error("read", error)),
        };
        Ok(bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect())
    }

    /// The last run of this scenario with these facts that was not invalid.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn last_of(
        &self,
        scenario: &str,
        facts_key: &str,
    ) -> Result<Option<HistoryLine>, HistoryError> {
        Ok(self.read()?.into_iter().rev().find(|line| {
            line.scenario == scenario
                && line.facts_key == facts_key
                && line.validity != ValidityVerdict::Invalid
        }))
    }

    fn error(&self, what: &'static str, source: io::Error) -> HistoryError {
        HistoryError {
            path: self.path.clone(),
            what,
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::sample;

    #[test]
    fn the_last_comparable_run_is_found_past_torn_lines() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::of(folder.path());
        assert_eq!(history.read().unwrap(), []);
        let mut line = HistoryLine::of(&sample::passing());
        history.append(&line).unwrap();
        line.run_id = "second".to_owned();
        history.append(&line).unwrap();
        let mut other = line.clone();
        other.scenario = "other".to_owned();
        history.append(&other).unwrap();
        let mut invalid = line.clone();
        invalid.validity = ValidityVerdict::Invalid;
        history.append(&invalid).unwrap();

        let mut file = OpenOptions::new()
            .append(true)
            .open(history.path())
            .unwrap();
        file.write_all(b"{\"schema\":\"highwater.history/1\",\"run_")
            .unwrap();
        let last = history.last_of(&line.scenario, &line.facts_key).unwrap();
        assert_eq!(last, Some(line.clone()));

        line.run_id = "after the tear".to_owned();
        history.append(&line).unwrap();
        let last = history.last_of(&line.scenario, &line.facts_key).unwrap();
        assert_eq!(last, Some(line.clone()));
        assert_eq!(
            history.last_of(&line.scenario, "no such key").unwrap(),
            None
        );
        assert_eq!(history.read().unwrap().len(), 5);
    }

    #[test]
    fn the_key_ignores_the_commit_and_sees_everything_that_matters() {
        let run = sample::passing();
        let key = facts_key(&run);
        assert_eq!(key.len(), 16);
        let mut same = run.clone();
        same.facts.more.insert("commit".into(), "ffffff0".into());
        same.plan["target"]["keep"] = true.into();
        same.run_id = "other".into();
        assert_eq!(facts_key(&same), key);

        let mut others = vec![run.clone(); 4];
        others[0].facts.transport = "tcp-loopback".into();
        others[1]
            .facts
            .more
            .insert("cpu_model".into(), "other".into());
        others[2].dataset.digest = "other".into();
        others[3].plan["drive"]["connections"] = 99.into();
        for other in &others {
            assert_ne!(facts_key(other), key);
        }
    }

    #[test]
    fn the_key_does_not_depend_on_the_order_of_keys() {
        let mut run = sample::passing();
        run.plan = serde_json::json!({"drive": {"a": 1, "b": {"c": 2, "d": 3}}});
        let key = facts_key(&run);
        run.plan = serde_json::json!({"drive": {"b": {"d": 3, "c": 2}, "a": 1}});
        assert_eq!(facts_key(&run), key);
    }
}
