-- Edition postgresql: the time indexes that TimescaleDB would make, under the names it gives them.

CREATE INDEX traces_start_time_idx ON traces (start_time DESC);
CREATE INDEX trace_spans_start_time_idx ON trace_spans (start_time DESC);
CREATE INDEX metric_data_points_timestamp_idx ON metric_data_points (timestamp DESC);
CREATE INDEX log_records_timestamp_idx ON log_records (timestamp DESC);
CREATE INDEX llm_traces_ts_idx ON llm_traces (ts DESC);
