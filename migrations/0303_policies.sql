-- Edition timescaledb-community: policies, created unscheduled. A retention job would take a data
-- set of the past for old and delete it; any job would disturb a measurement.

SELECT alter_job(add_retention_policy('traces', INTERVAL '30 days'), scheduled => false);
SELECT alter_job(add_retention_policy('trace_spans', INTERVAL '30 days'), scheduled => false);
SELECT alter_job(add_retention_policy('metric_data_points', INTERVAL '90 days'), scheduled => false);
SELECT alter_job(add_retention_policy('log_records', INTERVAL '30 days'), scheduled => false);
SELECT alter_job(add_retention_policy('llm_traces', INTERVAL '90 days'), scheduled => false);
SELECT alter_job(add_compression_policy('traces', INTERVAL '7 days'), scheduled => false);
SELECT alter_job(add_compression_policy('trace_spans', INTERVAL '7 days'), scheduled => false);
SELECT alter_job(add_compression_policy('metric_data_points', INTERVAL '7 days'), scheduled => false);
SELECT alter_job(add_compression_policy('log_records', INTERVAL '7 days'), scheduled => false);
SELECT alter_job(add_compression_policy('llm_traces', INTERVAL '7 days'), scheduled => false);
