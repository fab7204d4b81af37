//! Everything that a run found out -> one [`RunRecord`].

use chrono::{DateTime, Utc};
use indexmap::IndexMap;

use super::{
    DatasetRecord, Facts, Latencies, LatencyRecord, ObjectiveCheck, ObjectiveVerdict, Objectives,
    OperationRecord, PhaseRecord, ResourceRecord, RunRecord, RunSchema, Validity, ValidityCheck,
    ValidityVerdict, latency::HistogramError,
};
use crate::drive::Driven;
use crate::judge;
use crate::observe::CpuUse;
use crate::plan::{Model, Plan};
use crate::record::LatencyHistogram;
use crate::summary::{OperationSummary, Summary};

/// A run that cannot be written down.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// A histogram cannot be encoded.
    #[error(transparent)]
    Histogram(#[from] HistogramError),
    /// The plan or the facts are no JSON.
    #[error("the plan or the facts cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// What a run found out, stage by stage.
#[derive(Debug)]
pub struct Run<'a> {
    /// Names this run among all runs.
    pub run_id: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// What was asked.
    pub plan: &'a Plan,
    /// What was found out about target and host, as an object.
    pub facts: serde_json::Value,
    /// What the tables held.
    pub dataset: DatasetRecord,
    /// What was driven; `None` when the run ended before.
    pub driven: Option<&'a Driven>,
    /// Its numbers; without operations when the run ended before.
    pub summary: &'a Summary,
    /// What they are worth.
    pub verdict: &'a judge::Verdict,
    /// CPU time while measuring; `None` when nothing was measured.
    pub cpu: Option<CpuUse>,
    /// CPUs of the generator's host.
    pub host_cpus: u32,
    /// The most memory the generator held.
    pub peak_memory_bytes: Option<u64>,
    /// Whether it was stopped.
    pub interrupted: bool,
}

impl Run<'_> {
    /// Writes it all down.
    pub fn record(&self) -> Result<RunRecord, AssembleError> {
        let open = self.plan.drive.model == Model::Open;
        let pacing = self
            .driven
            .filter(|_| open)
            .map(|driven| latency(&driven.pacing));
        Ok(RunRecord {
            schema: RunSchema::V1,
            run_id: self.run_id.clone(),
            started_at: self.started_at,
            scenario: self.plan.scenario.clone(),
            interrupted: self.interrupted,
            validity: validity(&self.verdict.validity),
            objectives: objectives(&self.verdict.objectives),
            facts: Facts::from_value(self.facts.clone())?,
            plan: serde_json::to_value(self.plan)?,
            phases: self.phases(),
            operations: self
                .summary
                .operations
                .iter()
                .map(|summary| operation(summary, open))
                .collect::<Result<_, _>>()?,
            pacing_ns: pacing.transpose()?,
            resources: self.resources(),
            dataset: self.dataset.clone(),
        })
    }

    fn phases(&self) -> PhaseRecord {
        let times = self.driven.map(|driven| driven.times);
        let started = times.map(|times| DateTime::<Utc>::from(times.measure_started));
        PhaseRecord {
            connect_s: times.map(|times| times.connect.as_secs_f64()),
            warm_up_s: times.map(|times| times.warm_up.as_secs_f64()),
            measure_s: times.map(|times| times.measure.as_secs_f64()),
            drain_s: times.map(|times| times.drain.as_secs_f64()),
            measure_started_at: started,
            measure_ended_at: times.map(|times| (times.measure_started + times.measure).into()),
            ended_at: Utc::now(),
        }
    }

    fn resources(&self) -> ResourceRecord {
        ResourceRecord {
            generator_cpu_seconds: self.cpu.map(|cpu| cpu.generator_seconds),
            server_cpu_seconds: self.cpu.and_then(|cpu| cpu.server_seconds),
            host_cpus: self.host_cpus,
            measure_seconds: self.cpu.map_or(0.0, |cpu| cpu.wall_seconds),
            generator_max_rss_bytes: self.peak_memory_bytes,
        }
    }
}

fn operation(summary: &OperationSummary, open: bool) -> Result<OperationRecord, HistogramError> {
    let record = &summary.total.record;
    let counts = record.counts;
    let checked = counts.checked > 0;
    let mut errors: Vec<_> = record
        .errors
        .iter()
        .map(|(class, count)| (class.to_string(), *count))
        .collect();
    errors.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let examples = record
        .error_examples
        .iter()
        .map(|(class, message)| (class.to_string(), message.clone()))
        .collect();
    Ok(OperationRecord {
        name: summary.total.name.clone(),
        scheduled: summary.total.scheduled,
        ok: counts.ok,
        failed: counts.failed,
        timed_out: counts.timed_out,
        shed: counts.shed,
        unfinished: counts.unfinished,
        wrong_answers: checked.then_some(counts.wrong),
        empty_answers: checked.then_some(counts.empty),
        errors: errors.into_iter().collect::<IndexMap<_, _>>(),
        error_examples: examples,
        rows: counts.rows,
        offered_per_second: open.then_some(summary.offered_per_second),
        achieved_per_second: summary.achieved_per_second,
        hold_ns_total: record.hold_ns,
        latency_ns: Latencies {
            response: latency(&record.response)?,
            lag: latency(&record.lag)?,
            wait: latency(&record.wait)?,
            service: latency(&record.service)?,
        },
    })
}

fn latency(histogram: &LatencyHistogram) -> Result<LatencyRecord, HistogramError> {
    LatencyRecord::of(histogram.as_hdr())
}

fn validity(judged: &judge::Validity) -> Validity {
    let verdict = |verdict| match verdict {
        judge::ValidityVerdict::Unchecked => ValidityVerdict::Unchecked,
        judge::ValidityVerdict::Valid => ValidityVerdict::Valid,
        judge::ValidityVerdict::Suspect => ValidityVerdict::Suspect,
        judge::ValidityVerdict::Invalid => ValidityVerdict::Invalid,
    };
    let checks = judged.checks.iter().map(|check| ValidityCheck {
        name: check.name.to_owned(),
        verdict: verdict(check.verdict),
        value: check.value.clone(),
        limit: check.limit.clone(),
        says: check.says.clone(),
    });
    Validity {
        verdict: verdict(judged.verdict),
        checks: checks.collect(),
    }
}

fn objectives(judged: &judge::Objectives) -> Objectives {
    let verdict = |verdict| match verdict {
        judge::ObjectiveVerdict::Pass => ObjectiveVerdict::Pass,
        judge::ObjectiveVerdict::Fail => ObjectiveVerdict::Fail,
        judge::ObjectiveVerdict::Unknown => ObjectiveVerdict::Unknown,
        judge::ObjectiveVerdict::None => ObjectiveVerdict::None,
    };
    let checks = judged.checks.iter().map(|check| ObjectiveCheck {
        operation: check.operation.clone(),
        metric: check.metric.clone(),
        limit: check.limit.clone(),
        value: check.value.clone(),
        low: None,
        high: None,
        verdict: verdict(check.verdict),
    });
    Objectives {
        verdict: verdict(judged.verdict),
        checks: checks.collect(),
    }
}
