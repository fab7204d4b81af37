//! What is set up: target, data set, drive, operations and their parameters.

use crate::commands::columns::{columns, thousands};
use crate::plan::{
    Access, Call, Metric, Model, OperationPlan, Parameter, Plan, TargetChoice, WindowEnd,
};

/// The sections of the plan, aligned.
pub(super) fn text(plan: &Plan) -> String {
    format!(
        "\nTarget\n{}\nData set\n{}\nDrive\n{}\nOperations\n{}{}",
        columns(&target(plan), 2),
        columns(&dataset(plan), 2),
        columns(&drive(plan), 2),
        columns(&operations(plan), 3),
        objectives(plan),
    )
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a row takes what it shows, borrowed or just formatted"
)]
fn row(name: &str, value: impl ToString) -> [String; 2] {
    [name.to_owned(), value.to_string()]
}

fn target(plan: &Plan) -> Vec<[String; 2]> {
    let target = &plan.target;
    let mut rows = vec![row("from", choice(&target.choice))];
    let image = target.image.as_deref();
    rows.push(row("image", image.unwrap_or("the default one")));
    let mut limits = Vec::new();
    limits.extend(target.cpus.map(|cpus| format!("{cpus} CPUs")));
    limits.extend(target.cpuset.as_ref().map(|set| format!("on CPUs {set}")));
    limits.extend(target.memory.map(|memory| format!("{memory} of memory")));
    if limits.is_empty() {
        limits.push("none".to_owned());
    }
    rows.push(row("limits", limits.join(", ")));
    rows.push(row("/dev/shm", target.shm_size));
    for (name, value) in &target.server {
        rows.push(row(name, value));
    }
    rows
}

fn choice(choice: &TargetChoice) -> String {
    match choice {
        TargetChoice::Auto => "a container when Docker answers, else local binaries".to_owned(),
        TargetChoice::Docker => "a container".to_owned(),
        TargetChoice::Local => "server binaries of this machine".to_owned(),
        // Host and database only: user, password and options stay out of every output.
        TargetChoice::External(url) => format!(
            "the server at {}{}",
            url.host_str().unwrap_or("a local socket"),
            url.path()
        ),
    }
}

fn dataset(plan: &Plan) -> Vec<[String; 2]> {
    let data = &plan.dataset;
    let minute = "%Y-%m-%d %H:%M:%S UTC";
    let times = format!(
        "{} to {}",
        data.start().format(minute),
        data.end.format(minute)
    );
    let chunks = plan.schema.chunks(data);
    let chunk = plan.schema.chunk_interval;
    let points = format!(
        "{} ({} series, one each {})",
        thousands(data.points()),
        thousands(u64::from(data.series)),
        data.point_interval
    );
    vec![
        row("time", times),
        row(
            "chunks",
            format!("{} of {chunk} in each table", thousands(chunks)),
        ),
        row("traces", thousands(data.traces)),
        row("spans", thousands(data.spans())),
        row("logs", thousands(data.logs())),
        row("points", points),
        row("services", thousands(u64::from(data.services))),
        row(
            "errors",
            format!(
                "{} per thousand traces, more in bursts",
                data.error_permille
            ),
        ),
        row("seed", data.seed),
        row("threads", data.threads),
    ]
}

fn drive(plan: &Plan) -> Vec<[String; 2]> {
    let drive = &plan.drive;
    let model = match drive.model {
        Model::Open => format!("open, {} arrivals", drive.arrivals),
        Model::Closed if drive.think_time.0.is_zero() => {
            format!("closed, {} callers without a pause", drive.callers)
        }
        Model::Closed => format!(
            "closed, {} callers, {} apart",
            drive.callers, drive.think_time
        ),
    };
    let threads = format!("{} threads", drive.workers);
    let access = match drive.access {
        Access::Pinned => format!("{} pinned connections, {threads}", drive.connections),
        Access::Pool => format!(
            "a pool of {} to {} connections, {threads}, {} before each hand-out",
            drive.pool.min,
            drive.connections,
            if drive.pool.test_before_acquire {
                "a ping"
            } else {
                "no ping"
            },
        ),
    };
    vec![
        row("model", model),
        row("access", access),
        row(
            "timeout",
            format!("{} from the scheduled start", drive.timeout),
        ),
        row("seed", plan.seed),
    ]
}

fn operations(plan: &Plan) -> Vec<[String; 3]> {
    plan.operations
        .iter()
        .map(|operation| {
            let called = operation.call.name();
            let call = if called == operation.name { "" } else { called };
            let used = operation.call.parameters().iter();
            let parameters: Vec<_> = used
                .filter_map(|used| parameter(operation, *used))
                .collect();
            [
                operation.name.clone(),
                call.to_owned(),
                parameters.join(", "),
            ]
        })
        .collect()
}

/// A parameter as people read it; `None` where it changes nothing.
fn parameter(operation: &OperationPlan, parameter: Parameter) -> Option<String> {
    let all = &operation.parameters;
    Some(match parameter {
        Parameter::Window => format!("window {}", all.window),
        Parameter::Limit => format!("limit {}", all.limit),
        Parameter::Offset if all.offset == 0 => return None,
        Parameter::Offset => format!("offset {}", all.offset),
        Parameter::Search => format!("search {:?}", all.search),
        Parameter::Bucket => format!("bucket {}", all.bucket),
        Parameter::At => match all.at {
            WindowEnd::Latest => "ending with the data".to_owned(),
            WindowEnd::Uniform => "anywhere".to_owned(),
        },
        Parameter::Draw => format!("{} drawn {}", drawn(operation.call), all.draw),
        Parameter::UnknownShare if all.unknown_share == 0.0 => return None,
        Parameter::UnknownShare => format!("{} unknown", percent(all.unknown_share)),
    })
}

/// What [`Parameter::Draw`] draws for this call.
fn drawn(call: Call) -> &'static str {
    match call {
        Call::TraceList
        | Call::TraceListAfter
        | Call::TraceSearchByService
        | Call::MetricGetLatencyPercentiles
        | Call::LogList => "service",
        Call::MetricQueryTimeSeries | Call::MetricGetLatestDataPoint => "series",
        _ => "id",
    }
}

fn objectives(plan: &Plan) -> String {
    let mut rows: Vec<[String; 2]> = Vec::new();
    for objective in &plan.objectives {
        let says = match &objective.metric {
            Metric::Response { quantile, limit } => format!("{quantile} {limit}"),
            Metric::ErrorShare { limit } => format!("errors {}", percent(*limit)),
        };
        match rows.last_mut() {
            Some([name, all]) if *name == objective.operation => all.extend([", ", &says]),
            _ => rows.push([objective.operation.clone(), says]),
        }
    }
    if rows.is_empty() {
        return "\nObjectives: none, so the run only measures\n".to_owned();
    }
    format!("\nObjectives, at most\n{}", columns(&rows, 2))
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1e6).round() / 1e4)
}
