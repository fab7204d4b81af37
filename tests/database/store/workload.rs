//! Every operation of a plan, checked against the data set.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use highwater::plan::{
    Access, Arrivals, Call, DatasetPlan, Draw, DrivePlan, Limits, Model, OperationPlan, Parameters,
    Plan, PoolPlan, SchemaPlan, TargetChoice, TargetPlan, WindowEnd,
};
use highwater::store::StoragePool;
use highwater::units::{Bytes, Span};
use highwater::workload::repository::{pool_config, session_options};
use highwater::workload::{AnswerVerdict, Operations, RepositoryWorkload};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::tiny::filled;

fn operation(call: Call, window: Span, at: WindowEnd, draw: Draw) -> OperationPlan {
    OperationPlan {
        name: call.name().to_owned(),
        call,
        rate: None,
        weight: 1,
        parameters: Parameters {
            window,
            limit: 20,
            offset: 0,
            search: "Cache MISS".to_owned(),
            bucket: Span::from_secs(300),
            at,
            draw,
            unknown_share: 0.2,
        },
    }
}

/// Every call over short and long windows, in each place and by each draw.
fn operations() -> Vec<OperationPlan> {
    let mut operations = Vec::new();
    for (call, ..) in Call::ALL {
        for (hours, at, draw) in [
            (1, WindowEnd::Latest, Draw::Uniform),
            (1, WindowEnd::Uniform, Draw::Zipf),
            (24, WindowEnd::Uniform, Draw::Latest),
            (24, WindowEnd::Latest, Draw::Zipf),
        ] {
            operations.push(operation(call, Span::from_secs(hours * 3_600), at, draw));
        }
    }
    operations
}

fn plan(dataset: &DatasetPlan) -> Plan {
    Plan {
        scenario: "test".to_owned(),
        description: String::new(),
        seed: 11,
        target: TargetPlan {
            choice: TargetChoice::Docker,
            image: None,
            cpus: None,
            cpuset: None,
            memory: None,
            shm_size: Bytes::from_mib(64),
            server: BTreeMap::new(),
            keep: false,
            allow_existing: false,
            start_timeout: Span::from_secs(60),
        },
        schema: SchemaPlan {
            chunk_interval: Span::from_secs(6 * 3_600),
        },
        dataset: dataset.clone(),
        drive: drive(),
        operations: operations(),
        objectives: Vec::new(),
        limits: Limits {
            achieved_share_min: 0.99,
            lag_share_max: 0.1,
            error_share_max: 0.01,
            generator_cpu_share_max: 0.5,
            empty_share_max: 0.0,
        },
    }
}

fn drive() -> DrivePlan {
    DrivePlan {
        model: Model::Closed,
        arrivals: Arrivals::Constant,
        access: Access::Pool,
        workers: 1,
        connections: 3,
        callers: 1,
        think_time: Span::default(),
        warm_up: Span::default(),
        duration: Span::from_secs(1),
        drain: Span::from_secs(1),
        timeout: Span::from_secs(10),
        pool: PoolPlan {
            min: 1,
            acquire_timeout: Span::from_secs(5),
            idle_timeout: Span::default(),
            max_lifetime: Span::default(),
            test_before_acquire: false,
        },
    }
}

async fn run_all(workload: &RepositoryWorkload, plan: &Plan, calls: u64) -> anyhow::Result<u64> {
    let mut rows = 0;
    for (place, operation) in plan.operations.iter().enumerate() {
        let mut session = workload.acquire().await?;
        for index in 0..calls {
            let reply = workload.call(&mut session, place, index).await?;
            let answer = workload.check(place, index, reply);
            ensure!(
                answer.verdict == AnswerVerdict::Right,
                "{} at {place}, call {index}: {answer:?}",
                operation.name
            );
            rows += answer.rows;
        }
        workload.release(session).await;
    }
    Ok(rows)
}

pub(crate) async fn every_call_is_right(options: PgConnectOptions) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let plan = plan(tiny.data.plan());
    let pinned = RepositoryWorkload::pinned(tiny.options.clone(), tiny.edition, &plan, &tiny.data);
    let rows = Box::pin(run_all(&pinned, &plan, 40)).await?;
    ensure!(rows > 40 * 64, "{rows} rows");

    let options = session_options(tiny.options.clone(), plan.drive.timeout);
    let pool = StoragePool::from_options(options, pool_config(&plan.drive)).await?;
    let pooled = RepositoryWorkload::pooled(pool, tiny.edition, &plan, &tiny.data);
    ensure!(
        Box::pin(run_all(&pooled, &plan, 40)).await? == rows,
        "the same calls, the same rows"
    );
    let stats = pooled.pool().context("a pool")?.stats();
    ensure!(stats.active == 0, "every session was given back: {stats:?}");

    let session = pinned.acquire().await?;
    pinned.discard(session);
    Ok(())
}

/// What a database that lost, hid or changed rows must be told of.
pub(crate) async fn a_changed_database_is_noticed(options: PgConnectOptions) -> anyhow::Result<()> {
    let tiny = filled(options).await?;
    let plan = plan(tiny.data.plan());
    let workload =
        RepositoryWorkload::pinned(tiny.options.clone(), tiny.edition, &plan, &tiny.data);
    let mut to = tiny.options.connect().await?;
    for (change, calls, verdict) in [
        (
            "UPDATE traces SET service_name = 'other' WHERE start_time >= $1",
            &[Call::TraceList, Call::TraceSearchByService][..],
            AnswerVerdict::Empty,
        ),
        (
            "DELETE FROM metric_data_points WHERE timestamp >= $1",
            &[
                Call::MetricGetLatestDataPoint,
                Call::MetricGetLatencyPercentiles,
            ],
            AnswerVerdict::Empty,
        ),
        (
            "DELETE FROM traces WHERE id = (SELECT id FROM traces WHERE start_time >= $1 \
             ORDER BY start_time DESC LIMIT 1)",
            &[Call::TraceGetTraces],
            AnswerVerdict::Wrong,
        ),
        (
            "DELETE FROM trace_spans WHERE start_time >= $1",
            &[Call::TraceGetTraceById, Call::TraceContext],
            AnswerVerdict::Empty,
        ),
        (
            "UPDATE log_records SET severity_number = 9, body = 'x' WHERE timestamp >= $1",
            &[Call::LogGetErrors, Call::LogSearchLogs],
            AnswerVerdict::Empty,
        ),
    ] {
        sqlx::query(change)
            .bind(tiny.start())
            .execute(&mut to)
            .await?;
        for call in calls {
            let found = verdicts(&workload, &plan, *call).await?;
            let noticed = found.contains(&verdict) || found.contains(&AnswerVerdict::Wrong);
            ensure!(noticed, "{change}: {} says {found:?}", call.name());
        }
    }
    Ok(())
}

/// What 30 calls over the latest hour say.
async fn verdicts(
    workload: &RepositoryWorkload,
    plan: &Plan,
    call: Call,
) -> anyhow::Result<Vec<AnswerVerdict>> {
    let place = plan.operations.iter().position(|o| o.call == call);
    let place = place.context("the call is in the plan")?;
    let mut session = workload.acquire().await?;
    let mut verdicts = Vec::new();
    for index in 0..30 {
        let reply = workload.call(&mut session, place, index).await?;
        verdicts.push(workload.check(place, index, reply).verdict);
    }
    workload.release(session).await;
    Ok(verdicts)
}
