-- Edition timescaledb-community: continuous aggregates. WITH NO DATA, because WITH DATA cannot run
-- in a transaction; a refresh is a step of its own, and so is any refresh policy.

CREATE MATERIALIZED VIEW llm_metrics_1min
WITH (timescaledb.continuous) AS
SELECT
    time_bucket(INTERVAL '1 minute', ts) AS bucket,
    provider,
    model,
    count(*) AS request_count,
    avg(duration_ms) AS avg_duration_ms,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95_duration_ms
FROM llm_traces
GROUP BY bucket, provider, model
WITH NO DATA;

CREATE MATERIALIZED VIEW metric_points_5min
WITH (timescaledb.continuous) AS
SELECT
    metric_id,
    time_bucket(INTERVAL '5 minutes', timestamp) AS bucket,
    count(value) AS count,
    sum(value) AS sum,
    min(value) AS min,
    max(value) AS max
FROM metric_data_points
GROUP BY metric_id, bucket
WITH NO DATA;
