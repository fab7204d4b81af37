-- Editions timescaledb-*: the tables become hypertables. The migrating session sets
-- highwater.chunk_interval, and has created the extension.

SELECT create_hypertable('traces', 'start_time',
    chunk_time_interval => current_setting('highwater.chunk_interval')::interval);
SELECT create_hypertable('trace_spans', 'start_time',
    chunk_time_interval => current_setting('highwater.chunk_interval')::interval);
SELECT create_hypertable('metric_data_points', 'timestamp',
    chunk_time_interval => current_setting('highwater.chunk_interval')::interval);
SELECT create_hypertable('log_records', 'timestamp',
    chunk_time_interval => current_setting('highwater.chunk_interval')::interval);
SELECT create_hypertable('llm_traces', 'ts',
    chunk_time_interval => current_setting('highwater.chunk_interval')::interval);
