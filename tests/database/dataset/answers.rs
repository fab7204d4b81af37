//! What was filled is what the generator says: rows, keys and known answers.

use super::{
    COMMON_TERM, Dataset, DateTime, ERROR_TERM, Filled, PgConnectOptions, PgConnection, RARE_TERM,
    Table, TimeDelta, Utc, count, count_where, ensure, migrated, plan, ranges,
};

/// Every table has the plan's rows, and every answer that the generator gives is SQL's.
pub(crate) async fn answers_are_those_of_sql(options: PgConnectOptions) {
    let plan = plan();
    let (mut connection, edition) = migrated(&options).await;
    let Filled::Now(report) = ensure(&options, &plan, edition).await.unwrap() else {
        panic!("an empty target was reused");
    };
    for (table, filled) in Table::ALL.into_iter().zip(&report.tables) {
        assert_eq!(
            count(&mut connection, table).await,
            table.rows(&plan),
            "{}",
            table.name()
        );
        assert_eq!(
            (filled.name, filled.rows),
            (table.name(), table.rows(&plan))
        );
    }
    let held: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_class WHERE 'autovacuum_enabled=false' = ANY (reloptions)",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(held, 0, "autovacuum is let at every table and chunk again");
    let dataset = Dataset::new(&plan);
    for range in ranges(&plan) {
        traces_agree(&mut connection, &dataset, range).await;
        logs_agree(&mut connection, &dataset, range).await;
        points_agree(&mut connection, &dataset, range).await;
    }
}

async fn traces_agree(
    connection: &mut PgConnection,
    dataset: &Dataset,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) {
    const ALL: &str = "SELECT count(*) FROM highwater.traces
        WHERE start_time >= $1 AND start_time < $2 AND $3 = ''";
    const OF_SERVICE: &str = "SELECT count(*) FROM highwater.traces
        WHERE start_time >= $1 AND start_time < $2 AND service_name = $3";
    const OF_STATUS: &str = "SELECT count(*) FROM highwater.traces
        WHERE start_time >= $1 AND start_time < $2 AND status = $3";
    let range = (start, end);
    let found = count_where(connection, ALL, range, "").await;
    assert_eq!(dataset.trace_rows_in(start, end), found);
    for rank in 0..dataset.plan().services {
        let name = dataset.service_name(rank).to_owned();
        let found = count_where(connection, OF_SERVICE, range, &name).await;
        assert_eq!(
            dataset.count_service_traces(rank, start, end, u64::MAX),
            found,
            "{name}"
        );
    }
    let failed = count_where(connection, OF_STATUS, range, "error").await;
    assert_eq!(dataset.count_error_traces(start, end, u64::MAX), failed);
}

async fn logs_agree(
    connection: &mut PgConnection,
    dataset: &Dataset,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) {
    const HOLDING: &str = "SELECT count(*) FROM highwater.log_records
        WHERE timestamp >= $1 AND timestamp < $2 AND body ILIKE '%' || $3 || '%'";
    const OF_SERVICE: &str = "SELECT count(*) FROM highwater.log_records
        WHERE timestamp >= $1 AND timestamp < $2 AND service_name = $3";
    const SEVERE: &str = "SELECT count(*) FROM highwater.log_records
        WHERE timestamp >= $1 AND timestamp < $2 AND severity_number >= 17 AND $3 = ''";
    let range = (start, end);
    for text in [
        COMMON_TERM,
        RARE_TERM,
        ERROR_TERM,
        "Retrying",
        "gpt-4o",
        "no such text",
    ] {
        let found = count_where(connection, HOLDING, range, text).await;
        assert_eq!(
            dataset.count_log_matches(text, start, end, u64::MAX),
            found,
            "{text}"
        );
    }
    let name = dataset.service_name(0).to_owned();
    let found = count_where(connection, OF_SERVICE, range, &name).await;
    assert_eq!(dataset.count_service_logs(0, start, end, u64::MAX), found);
    let severe = count_where(connection, SEVERE, range, "").await;
    assert_eq!(dataset.count_error_logs(start, end, u64::MAX), severe);
}

async fn points_agree(
    connection: &mut PgConnection,
    dataset: &Dataset,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) {
    for series in 0..dataset.plan().series {
        for width_s in [300_i64, 420, 3600] {
            let (points, buckets, sum, last): (i64, i64, Option<f64>, Option<DateTime<Utc>>) =
                sqlx::query_as(
                    "SELECT count(*),
                         count(DISTINCT date_bin($4, timestamp, '2000-01-03T00:00:00Z')),
                         sum(value), max(timestamp)
                     FROM highwater.metric_data_points
                     WHERE metric_id = $1 AND timestamp >= $2 AND timestamp < $3",
                )
                .bind(dataset.metric(series).id)
                .bind(start)
                .bind(end)
                .bind(std::time::Duration::from_secs(width_s as u64))
                .fetch_one(&mut *connection)
                .await
                .unwrap();
            let width = TimeDelta::seconds(width_s);
            assert_eq!(dataset.points_in(series, start, end), points as u64);
            assert_eq!(
                dataset.buckets_in(series, start, end, width),
                buckets as u64
            );
            // Equal to the last bit: every value is a whole number of 1,024ths.
            assert_eq!(dataset.sum_in(series, start, end), sum.unwrap_or(0.0));
            if points > 0 {
                assert_eq!(dataset.latest_point(series, end), last);
            }
        }
    }
}

/// A trace's key leads to its row, its spans and its logs; absent keys lead nowhere.
pub(crate) async fn keys_lead_to_rows(options: PgConnectOptions) {
    let plan = plan();
    let (mut connection, edition) = migrated(&options).await;
    ensure(&options, &plan, edition).await.unwrap();
    let dataset = Dataset::new(&plan);
    for index in (0..plan.traces).step_by(157) {
        let key = dataset.trace(index);
        let row: (uuid::Uuid, String, DateTime<Utc>, i64, bool, i64, i64, i64) = sqlx::query_as(
            "SELECT id, service_name, start_time, duration_us, status = 'error',
                 span_count::int8,
                 (SELECT count(*) FROM highwater.trace_spans s WHERE s.trace_id = t.id),
                 (SELECT count(*) FROM highwater.log_records l WHERE l.trace_id = t.trace_id)
             FROM highwater.traces t WHERE trace_id = $1",
        )
        .bind(key.trace_id.as_str())
        .fetch_one(&mut connection)
        .await
        .unwrap();
        let spans = i64::from(key.spans);
        let service = dataset.service_name(key.service).to_owned();
        let duration_us = key.duration_us.cast_signed();
        let expected = (
            key.id,
            service,
            key.start,
            duration_us,
            key.failed,
            spans,
            spans,
            i64::from(key.logs),
        );
        assert_eq!(row, expected);
    }
    let absent: i64 =
        sqlx::query_scalar("SELECT count(*) FROM highwater.traces WHERE trace_id = $1 OR id = $2")
            .bind(dataset.absent_trace_id(0).as_str())
            .bind(dataset.absent_uuid(0))
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(absent, 0);
    unique_across_chunks(&mut connection).await;
}

/// The key of `traces` does not make `trace_id` unique, having the time in it: the generator does.
async fn unique_across_chunks(connection: &mut PgConnection) {
    for sql in [
        "SELECT count(*) - count(DISTINCT trace_id) FROM highwater.traces",
        "SELECT count(*) - count(DISTINCT id) FROM highwater.traces",
        "SELECT count(*) - count(DISTINCT span_id) FROM highwater.trace_spans",
        "SELECT count(*) FROM highwater.trace_spans s
         WHERE parent_span_id IS NOT NULL AND NOT EXISTS (
             SELECT FROM highwater.trace_spans p
             WHERE p.trace_id = s.trace_id AND p.span_id = s.parent_span_id)",
    ] {
        let bad: i64 = sqlx::query_scalar(sql)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!(bad, 0, "{sql}");
    }
}
