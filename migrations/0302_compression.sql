-- Edition timescaledb-community: how chunks are compressed when a scenario asks for it. No policy
-- does it on its own.

ALTER TABLE traces SET (timescaledb.compress,
    timescaledb.compress_segmentby = 'service_name', timescaledb.compress_orderby = 'start_time DESC');
ALTER TABLE trace_spans SET (timescaledb.compress,
    timescaledb.compress_segmentby = 'service_name', timescaledb.compress_orderby = 'start_time DESC');
ALTER TABLE metric_data_points SET (timescaledb.compress,
    timescaledb.compress_segmentby = 'metric_id', timescaledb.compress_orderby = 'timestamp DESC');
ALTER TABLE log_records SET (timescaledb.compress,
    timescaledb.compress_segmentby = 'service_name', timescaledb.compress_orderby = 'timestamp DESC');
ALTER TABLE llm_traces SET (timescaledb.compress,
    timescaledb.compress_segmentby = 'provider, model', timescaledb.compress_orderby = 'ts DESC');
