//! The JSON Schema of `run.json`, generated from the types that write it, kept as
//! `docs/run.schema.json`.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::format::RunRecord;

/// The JSON Schema (draft 2020-12) of what [`RunRecord`] writes.
pub fn run_schema() -> Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<RunRecord>()
        .to_value()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::archive::{Facts, sample};

    /// Compares with a file of the repository, or writes it when `HIGHWATER_BLESS=1`.
    fn assert_is_kept(path: &str, now: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        if std::env::var_os("HIGHWATER_BLESS").is_some() {
            std::fs::write(&path, now).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == now,
            "{} is not what the types say: run the tests with HIGHWATER_BLESS=1 and read the diff",
            path.display()
        );
    }

    fn pretty(value: &Value) -> String {
        serde_json::to_string_pretty(value).unwrap() + "\n"
    }

    #[test]
    fn the_kept_schema_is_the_generated_one() {
        assert_is_kept("docs/run.schema.json", &pretty(&run_schema()));
    }

    #[test]
    fn the_golden_run_is_kept_and_validates() {
        let golden = serde_json::to_value(sample::passing()).unwrap();
        assert_is_kept("tests/golden/run.json", &pretty(&golden));
        let validator = jsonschema::validator_for(&run_schema()).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&golden)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }

    #[test]
    fn the_schema_refuses_what_is_not_a_run() {
        let validator = jsonschema::validator_for(&run_schema()).unwrap();
        let golden = serde_json::to_value(sample::passing()).unwrap();
        for (pointer, wrong) in [
            ("/schema", Value::from("highwater.run/2")),
            ("/validity/verdict", Value::from("fine")),
            ("/operations/0/scheduled", Value::from(-1)),
            ("/operations/0/latency_ns", Value::Null),
            ("/facts/transport", Value::Null),
        ] {
            let mut run = golden.clone();
            *run.pointer_mut(pointer).unwrap() = wrong;
            assert!(!validator.is_valid(&run), "{pointer}");
        }
        for required in ["edition", "postgresql", "timescaledb", "transport"] {
            let mut run = golden.clone();
            run["facts"].as_object_mut().unwrap().shift_remove(required);
            assert!(!validator.is_valid(&run), "{required}");
        }
    }

    #[test]
    fn the_golden_facts_read_back() {
        let golden = serde_json::to_value(sample::passing()).unwrap();
        let facts = Facts::from_value(golden["facts"].clone()).unwrap();
        assert_eq!(facts.edition, "timescaledb-apache");
    }
}
