//! Migrations that run again, and what they refuse.

use super::{
    CHUNKS, Connection, Edition, PgConnectOptions, PgConnection, SchemaError, SchemaPlan, Span,
    schema,
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
