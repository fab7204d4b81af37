//! What is allowed in a plan but deserves a sentence before it runs.

use super::{Access, Metric, Model, OperationPlan, Plan, TargetChoice};

/// Executions of each statement on each connection before its plan is settled: PostgreSQL plans the
/// first five with their values, and twice that leaves room for chance.
const EXECUTIONS_TO_SETTLE: f64 = 10.0;

impl OperationPlan {
    /// Arrivals expected in `seconds`; `None` in the closed model.
    pub fn expected_in(&self, seconds: f64) -> Option<f64> {
        self.rate.map(|rate| rate.per_second() * seconds)
    }
}

impl Plan {
    /// Sentences for `highwater check`, the most important first; empty where there is nothing to
    /// say.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.unknown_objectives();
        notes.extend(self.unsettled_plans());
        notes.extend(self.ignored());
        notes
    }

    fn unknown_objectives(&self) -> Vec<String> {
        let seconds = self.drive.duration.0.as_secs_f64();
        let mut notes = Vec::new();
        for objective in &self.objectives {
            let Metric::Response { quantile, .. } = objective.metric else {
                continue;
            };
            let expected = self
                .operations
                .iter()
                .find(|operation| operation.name == objective.operation)
                .and_then(|operation| operation.expected_in(seconds));
            let needed = quantile.samples_needed();
            if let Some(expected) = expected.filter(|expected| *expected < needed as f64) {
                notes.push(format!(
                    "{}: about {expected:.0} samples are too few for {quantile} (it needs {needed}); \
                     the objective will be unknown, so raise the rate or the duration",
                    objective.operation
                ));
            }
        }
        notes
    }

    fn unsettled_plans(&self) -> Vec<String> {
        let seconds = self.drive.warm_up.0.as_secs_f64();
        let connections = self.drive.connections as f64;
        self.operations
            .iter()
            .filter_map(|operation| {
                let each = operation.expected_in(seconds)? / connections;
                (each < EXECUTIONS_TO_SETTLE).then(|| {
                    format!(
                        "{}: its rate gives each of {connections} connections about {each:.1} \
                         executions in the warm-up; plans settle after {EXECUTIONS_TO_SETTLE:.0}",
                        operation.name
                    )
                })
            })
            .collect()
    }

    fn ignored(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if matches!(self.target.choice, TargetChoice::External(_)) {
            notes.push(
                "an external target keeps its own settings: [target] and [server] are not applied"
                    .to_owned(),
            );
        }
        if self.drive.model == Model::Closed
            && self.drive.access == Access::Pinned
            && self.drive.callers > self.drive.connections
        {
            notes.push(format!(
                "{} callers share {} pinned connections: the others wait",
                self.drive.callers, self.drive.connections
            ));
        }
        notes
    }
}
