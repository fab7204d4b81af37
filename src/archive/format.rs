//! `run.json`, schema `highwater.run/1`.
//!
//! What is not known is null, never 0. Fields may be added within version 1; a field never changes
//! its meaning or its unit.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::latency::{Latencies, LatencyRecord};
use super::verdicts::{Objectives, Validity};

/// One run: what was asked, what was found, and whether it may be believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// The version of this format.
    pub schema: RunSchema,
    /// Names this run among all runs: a UUID.
    pub run_id: String,
    /// When the run started, before anything was provisioned.
    pub started_at: DateTime<Utc>,
    /// The scenario's name.
    pub scenario: String,
    /// Whether the run ended early, by Ctrl-C or an error; the numbers cover what was measured.
    pub interrupted: bool,
    /// Whether the numbers may be believed.
    pub validity: Validity,
    /// The budgets and whether they were met.
    pub objectives: Objectives,
    /// What was found out about target and host.
    pub facts: Facts,
    /// The resolved plan: every decision, every default.
    pub plan: Value,
    /// When what happened.
    pub phases: PhaseRecord,
    /// In the scenario's order.
    pub operations: Vec<OperationRecord>,
    /// Actual minus intended hand-over of each arrival, in nanoseconds; null in a closed loop,
    /// which has no schedule.
    pub pacing_ns: Option<LatencyRecord>,
    /// What the run cost.
    pub resources: ResourceRecord,
    /// What the tables held.
    pub dataset: DatasetRecord,
}

/// The version of `run.json`. Any other text is refused when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum RunSchema {
    /// The first.
    #[default]
    #[serde(rename = "highwater.run/1")]
    V1,
}

/// What was found out about target and host.
///
/// Four keys are always there; the others are as many as could be found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// `postgresql`, `timescaledb-apache` or `timescaledb-community`.
    pub edition: String,
    /// The server's version, such as `17.6`.
    pub postgresql: String,
    /// The extension's version, such as `2.19.3`; null without the extension.
    pub timescaledb: Option<String>,
    /// How the generator reaches the server: `unix-socket`, `tcp-loopback`, `tcp` and the like.
    pub transport: String,
    /// Everything else, by name.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

impl Facts {
    /// Takes the four required keys out of `facts`, which must be an object.
    ///
    /// # Errors
    /// When `edition`, `postgresql` or `transport` is missing or no text.
    pub fn from_value(facts: Value) -> serde_json::Result<Self> {
        serde_json::from_value(facts)
    }
}

/// When what happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseRecord {
    /// Seconds that it took to connect; null when the run did not come so far.
    pub connect_s: Option<f64>,
    /// Seconds of warm-up; null when the run did not come so far.
    pub warm_up_s: Option<f64>,
    /// Seconds of measuring; null when the run did not come so far.
    pub measure_s: Option<f64>,
    /// Seconds until the last call had ended or was given up; null when the run did not come so
    /// far.
    pub drain_s: Option<f64>,
    /// The first scheduled instant of the measuring; null when the run did not come so far.
    pub measure_started_at: Option<DateTime<Utc>>,
    /// The end of the measuring; null when the run did not come so far.
    pub measure_ended_at: Option<DateTime<Utc>>,
    /// The end of the run.
    pub ended_at: DateTime<Utc>,
}

/// What one operation did while the run was measuring.
///
/// `scheduled` = `ok` + `failed` + `timed_out` + `shed` + `unfinished`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OperationRecord {
    /// The name in the scenario.
    pub name: String,
    /// Calls that were to start.
    pub scheduled: u64,
    /// Calls that ended with a right (or unchecked) answer.
    pub ok: u64,
    /// Calls that ended with an error or a wrong answer.
    pub failed: u64,
    /// Calls that had no answer when their timeout, counted from the scheduled start, was over.
    pub timed_out: u64,
    /// Calls that were given up before they got a connection.
    pub shed: u64,
    /// Calls that were under way or waiting when the drain ended.
    pub unfinished: u64,
    /// Answers that were not the one that the data set implies; null when answers were not checked.
    pub wrong_answers: Option<u64>,
    /// Answers without rows where there must be some; null when answers were not checked.
    pub empty_answers: Option<u64>,
    /// Failed calls by class, such as `57` (SQLSTATE class) or `connection`, the most frequent
    /// first.
    pub errors: IndexMap<String, u64>,
    /// The database's words for one failed call of each class; a class may be missing.
    #[serde(default)]
    pub error_examples: BTreeMap<String, String>,
    /// Rows decoded.
    pub rows: u64,
    /// Calls per second that the schedule asked for; null in a closed loop.
    pub offered_per_second: Option<f64>,
    /// Calls per second that ended `ok`.
    pub achieved_per_second: f64,
    /// Sum over all calls of the time for which a connection was held, the pool's own ping
    /// included, in nanoseconds.
    pub hold_ns_total: u64,
    /// The four times, in nanoseconds.
    pub latency_ns: Latencies,
}

impl OperationRecord {
    /// Calls that did not end `ok`.
    pub fn lost(&self) -> u64 {
        self.failed + self.timed_out + self.shed + self.unfinished
    }
}

/// What the run cost while it was measuring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceRecord {
    /// CPU time of the generator, user and system, in seconds; null when it was not seen.
    pub generator_cpu_seconds: Option<f64>,
    /// CPU time of the server, user and system, in seconds; null when it was not seen.
    pub server_cpu_seconds: Option<f64>,
    /// CPUs of the host that runs the generator.
    pub host_cpus: u32,
    /// The time that the CPU seconds cover.
    pub measure_seconds: f64,
    /// The largest resident set of the generator; null when it was not seen.
    pub generator_max_rss_bytes: Option<u64>,
}

/// What the tables held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DatasetRecord {
    /// Two equal digests mean the same bytes.
    pub digest: String,
    /// Rows by table, in the order of filling.
    pub rows: IndexMap<String, u64>,
    /// Whether a kept target's data set was used again.
    pub reused: bool,
    /// Seconds that the filling took; null when it was reused.
    pub fill_seconds: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::sample;

    #[test]
    fn round_trips_through_json() {
        let record = sample::passing();
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<RunRecord>(&text).unwrap(), record);
    }

    #[test]
    fn another_version_is_refused() {
        let text = serde_json::to_string(&sample::passing()).unwrap();
        let other = text.replace("highwater.run/1", "highwater.run/2");
        assert!(serde_json::from_str::<RunRecord>(&other).is_err());
    }

    #[test]
    fn facts_want_their_four_keys_and_keep_the_others() {
        let whole = serde_json::json!({
            "edition": "timescaledb-apache", "postgresql": "17.6", "timescaledb": "2.19.3",
            "transport": "unix-socket", "kernel": "6.1",
        });
        let facts = Facts::from_value(whole.clone()).unwrap();
        assert_eq!(facts.more["kernel"], "6.1");
        assert_eq!(serde_json::to_value(&facts).unwrap(), whole);
        let without = serde_json::json!({"edition": "postgresql", "postgresql": "17.6"});
        assert!(Facts::from_value(without).is_err());
    }

    #[test]
    fn what_is_unknown_is_null_and_not_left_out() {
        let mut record = sample::passing();
        record.resources.server_cpu_seconds = None;
        let value = serde_json::to_value(&record).unwrap();
        assert!(value["resources"]["server_cpu_seconds"].is_null());
        assert!(
            value["resources"]
                .as_object()
                .unwrap()
                .contains_key("server_cpu_seconds")
        );
    }
}
