//! Targets that stay up for the next run of the same scenario.
//!
//! Input: a plan. Output: a [`KeepKey`]: what a kept container must have been made for. Whether the
//! data in it is whole and untouched is not known here; the data set's manifest says so.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::TargetError;
use super::docker::Found;
use super::image::Image;
use crate::plan::{DatasetPlan, Plan};

/// The scenario that a container is kept for.
pub(super) const LABEL_KEEP: &str = "highwater.keep";
/// The digest of all parts of its [`KeepKey`].
pub(super) const LABEL_DIGEST: &str = "highwater.digest";
/// The parts themselves, as JSON, so that a refusal can say which one differs.
pub(super) const LABEL_PARTS: &str = "highwater.parts";

/// What a kept target was made for: two equal keys can share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepKey {
    scenario: String,
    parts: BTreeMap<String, String>,
}

impl KeepKey {
    /// The key of a plan: its server settings and limits, its schema and its data set.
    pub fn of(plan: &Plan) -> Self {
        let target = &plan.target;
        let limits = (&target.cpus, &target.cpuset, target.memory, target.shm_size);
        // The number of loading threads does not change a byte of the data.
        let dataset = DatasetPlan {
            threads: 0,
            ..plan.dataset.clone()
        };
        let parts = [
            ("server", json(&target.server)),
            ("limits", json(&limits)),
            ("schema", json(&plan.schema)),
            ("dataset", json(&dataset)),
        ];
        let parts = parts.map(|(name, text)| (name.to_owned(), text));
        Self::new(&plan.scenario, parts.into())
    }

    /// A key of stated parts: name and text.
    pub fn new(scenario: &str, parts: BTreeMap<String, String>) -> Self {
        Self {
            scenario: scenario.to_owned(),
            parts,
        }
    }

    /// The scenario's name.
    pub fn scenario(&self) -> &str {
        &self.scenario
    }

    /// The same, for this image.
    pub(super) fn with_image(mut self, image: &Image) -> Self {
        self.parts.insert(
            "image".to_owned(),
            format!("{} {}", image.reference, image.id),
        );
        self
    }

    /// 16 hexadecimal digits over all parts.
    pub(super) fn digest(&self) -> String {
        digest(&self.parts)
    }

    /// The labels of a container that is kept under this key.
    pub(super) fn labels(&self) -> [(&'static str, String); 3] {
        [
            (LABEL_KEEP, self.scenario.clone()),
            (LABEL_DIGEST, self.digest()),
            (LABEL_PARTS, json(&self.parts)),
        ]
    }

    /// Refuses a container that was kept for something else.
    pub(super) fn check(&self, found: &Found) -> Result<(), TargetError> {
        let label = |name| found.labels.get(name).cloned().unwrap_or_default();
        let kept = label(LABEL_DIGEST);
        if kept == self.digest() {
            return Ok(());
        }
        let parts = serde_json::from_str(&label(LABEL_PARTS)).unwrap_or_default();
        Err(TargetError::KeptDiffers {
            scenario: self.scenario.clone(),
            kept,
            asked: self.digest(),
            differs: self.differences(&parts),
        })
    }

    fn differences(&self, kept: &BTreeMap<String, String>) -> String {
        let lines: Vec<_> = self
            .parts
            .iter()
            .filter(|(name, asked)| kept.get(*name) != Some(asked))
            .map(|(name, asked)| {
                let kept = kept.get(name).map_or("unknown", String::as_str);
                format!("{name}: kept {kept}, asked {asked}")
            })
            .collect();
        lines.join("; ")
    }
}

fn digest(parts: &BTreeMap<String, String>) -> String {
    let hash = Sha256::digest(json(parts));
    hash[..8]
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Plan types always serialise; a text that equals no other stands for one that would not.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn key(server: &str) -> KeepKey {
        KeepKey {
            scenario: "quickstart".into(),
            parts: BTreeMap::from([
                ("server".to_owned(), server.to_owned()),
                ("schema".to_owned(), "{}".to_owned()),
            ]),
        }
    }

    fn kept(key: &KeepKey) -> Found {
        Found {
            id: "1".into(),
            running: true,
            labels: HashMap::from(key.labels().map(|(name, value)| (name.to_owned(), value))),
        }
    }

    #[test]
    fn the_same_key_is_accepted() {
        key("a").check(&kept(&key("a"))).unwrap();
        assert_eq!(key("a").digest().len(), 16);
    }

    #[test]
    fn a_refusal_names_what_differs_and_nothing_else() {
        let error = key("b").check(&kept(&key("a"))).unwrap_err().to_string();
        assert!(error.contains("server: kept a, asked b"), "{error}");
        assert!(!error.contains("schema"), "{error}");
        assert!(error.contains("highwater clean --kept"), "{error}");
        assert!(error.contains(&key("a").digest()) && error.contains(&key("b").digest()));
    }
}
