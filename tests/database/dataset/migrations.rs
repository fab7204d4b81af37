//! Migrations that run again, what they refuse, and what an edition gets from them.

use super::{
    CHUNKS, Connection, Edition, PgConnectOptions, PgConnection, SchemaError, SchemaPlan, Span,
    Table, ensure, migrated, plan, schema,
};

/// Migrating twice changes nothing; a newer target, another edition's and other chunks are refused.
pub(crate) async fn migrations_run_again_and_refuse_what_they_do_not_know(
    options: PgConnectOptions,
) {
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let edition = Edition::detect(&mut connection).await.unwrap();
    let first = schema::migrate(&options, edition, &CHUNKS).await.unwrap();
    assert!(first.new >= 3);
    let again = schema::migrate(&options, edition, &CHUNKS).await.unwrap();
    assert_eq!((again.version, again.new), (first.version, 0));
    if edition.has_hypertables() {
        let hours = SchemaPlan {
            chunk_interval: Span::from_secs(3600),
        };
        let refused = schema::migrate(&options, edition, &hours)
            .await
            .unwrap_err();
        assert!(
            matches!(refused, SchemaError::ChunkInterval { .. }),
            "{refused}"
        );
        let refused = schema::migrate(&options, Edition::Postgresql, &CHUNKS)
            .await
            .unwrap_err();
        assert!(
            matches!(refused, SchemaError::OtherEdition { .. }),
            "{refused}"
        );
    }
    sqlx::query(
        "INSERT INTO highwater._sqlx_migrations
             (version, description, success, checksum, execution_time)
         VALUES (9001, 'from the future', true, '', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let refused = schema::migrate(&options, edition, &CHUNKS)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("9001") && refused.contains("303"),
        "{refused}"
    );
    schema::reset(&options).await.unwrap();
    assert_eq!(
        schema::migrate(&options, edition, &CHUNKS).await.unwrap(),
        first
    );
}

/// Plain tables have the time indexes that hypertables would have, under the same names.
pub(crate) async fn the_plain_edition_has_the_same_indexes(options: PgConnectOptions) {
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let edition = Edition::detect(&mut connection).await.unwrap();
    let mut indexes = Vec::new();
    for edition in [edition, Edition::Postgresql] {
        schema::migrate(&options, edition, &CHUNKS).await.unwrap();
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'highwater' ORDER BY 1",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        indexes.push(names);
        schema::reset(&options).await.unwrap();
    }
    assert_eq!(indexes[0], indexes[1]);
}

/// The community edition has policies that do not run, compression that nothing has used yet, and
/// rollups that hold what a refresh puts into them; the Apache edition has none of it.
pub(crate) async fn only_the_community_edition_has_rollups_and_policies(options: PgConnectOptions) {
    let plan = plan();
    let (mut connection, edition) = migrated(&options).await;
    ensure(&options, &plan, edition).await.unwrap();
    let (policies, scheduled, rollups, compressible, compressed): (i64, i64, i64, i64, i64) =
        sqlx::query_as(
            "SELECT (SELECT count(*) FROM timescaledb_information.jobs WHERE job_id >= 1000),
                 (SELECT count(*) FROM timescaledb_information.jobs
                  WHERE job_id >= 1000 AND scheduled),
                 (SELECT count(*) FROM timescaledb_information.continuous_aggregates),
                 (SELECT count(*) FROM timescaledb_information.hypertables
                  WHERE hypertable_schema = 'highwater' AND compression_enabled),
                 (SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed)",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let found = (policies, rollups, compressible);
    if !edition.is_community() {
        assert_eq!(found, (0, 0, 0));
        return;
    }
    assert_eq!(found, (10, 2, 5));
    assert_eq!((scheduled, compressed), (0, 0));
    assert_eq!(rolled_up(&mut connection).await, 0, "created without data");
    sqlx::raw_sql("CALL refresh_continuous_aggregate('highwater.metric_points_5min', NULL, NULL)")
        .execute(&mut connection)
        .await
        .unwrap();
    let points = Table::Points.rows(&plan);
    assert_eq!(rolled_up(&mut connection).await, points);
}

/// Metric points that the rollup of five minutes has counted.
async fn rolled_up(connection: &mut PgConnection) -> u64 {
    let points: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(count), 0)::int8 FROM highwater.metric_points_5min",
    )
    .fetch_one(connection)
    .await
    .unwrap();
    points as u64
}
