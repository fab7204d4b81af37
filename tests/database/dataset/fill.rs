//! Fills that are reused, refused, redone or interrupted.

use super::{
    CancellationToken, Dataset, DatasetPlan, FillError, FillState, Filled, PgConnectOptions,
    PgConnection, Silent, Table, count, ensure, fill, manifest, migrated, plan,
};

/// A whole data set with the same digest is reused; another one is refused with both digests, and
/// so is one that a run has written to.
pub(crate) async fn a_whole_data_set_is_reused_or_refused(options: PgConnectOptions) {
    let plan = plan();
    let (mut connection, edition) = migrated(&options).await;
    ensure(&options, &plan, edition).await.unwrap();
    let more_threads = DatasetPlan {
        threads: 1,
        ..plan.clone()
    };
    assert!(matches!(
        ensure(&options, &more_threads, edition).await,
        Ok(Filled::Reused)
    ));
    let other = DatasetPlan {
        seed: 8,
        ..plan.clone()
    };
    let message = ensure(&options, &other, edition)
        .await
        .unwrap_err()
        .to_string();
    assert!(message.contains(&Dataset::new(&plan).digest()), "{message}");
    assert!(
        message.contains(&Dataset::new(&other).digest()),
        "{message}"
    );
    manifest::mark_dirty(&mut connection).await.unwrap();
    let refused = ensure(&options, &plan, edition).await;
    assert!(matches!(refused, Err(FillError::Dirty { .. })));
}

/// A fill that was interrupted is never taken for whole: the next one starts over.
pub(crate) async fn a_half_done_fill_is_redone(options: PgConnectOptions) {
    let plan = plan();
    let (mut connection, edition) = migrated(&options).await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let dataset = Dataset::new(&plan);
    let stopped = fill(&options, &dataset, edition, &cancel, &Silent).await;
    assert!(matches!(stopped, Err(FillError::Cancelled)));
    manifest::begin(&mut connection, &dataset).await.unwrap();
    sqlx::query(
        "INSERT INTO highwater.traces (id, trace_id, service_name, start_time, status)
         VALUES (gen_random_uuid(), 'left behind', '', '2025-01-07', 'ok')",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let found = manifest::read(&mut connection).await.unwrap().unwrap();
    assert_eq!(found.state, FillState::Filling);
    assert!(matches!(
        ensure(&options, &plan, edition).await,
        Ok(Filled::Now(_))
    ));
    assert_eq!(count(&mut connection, Table::Traces).await, plan.traces);
    let found = manifest::read(&mut connection).await.unwrap().unwrap();
    assert_eq!((found.state, found.dirty), (FillState::Complete, false));
    assert!(found.finished_at.is_some());
}

/// Ctrl-C while rows are being sent ends the fill at once and leaves no COPY running.
pub(crate) async fn an_interrupted_fill_stops_its_copies(options: PgConnectOptions) {
    let plan = DatasetPlan {
        traces: 3_200_000,
        ..plan()
    };
    let (mut connection, edition) = migrated(&options).await;
    let cancel = CancellationToken::new();
    let filling = tokio::spawn({
        let (options, cancel) = (options.clone(), cancel.clone());
        async move { fill(&options, &Dataset::new(&plan), edition, &cancel, &Silent).await }
    });
    let copies = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'COPY highwater.%'";
    wait_until(&mut connection, copies, |n| n > 0).await;
    cancel.cancel();
    assert!(matches!(filling.await.unwrap(), Err(FillError::Cancelled)));
    wait_until(&mut connection, copies, |n| n == 0).await;
    assert_eq!(count(&mut connection, Table::Traces).await, 0);
    let found = manifest::read(&mut connection).await.unwrap().unwrap();
    assert_eq!(found.state, FillState::Filling);
}

async fn wait_until(connection: &mut PgConnection, sql: &'static str, holds: fn(i64) -> bool) {
    for _ in 0..600 {
        let value: i64 = sqlx::query_scalar(sql)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        if holds(value) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("30 s were not enough for: {sql}");
}

/// Rows that nobody accounts for are never built upon.
pub(crate) async fn rows_without_a_manifest_are_refused(options: PgConnectOptions) {
    let (mut connection, edition) = migrated(&options).await;
    sqlx::query(
        "INSERT INTO highwater.metrics (id, name, metric_type, service_name)
         VALUES (gen_random_uuid(), 'somebody else''s', 'gauge', 'theirs')",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let refused = ensure(&options, &plan(), edition).await;
    assert!(matches!(
        refused,
        Err(FillError::Unaccounted { table: "metrics" })
    ));
}
