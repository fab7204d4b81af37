-- The base indexes. The time indexes come with the edition: TimescaleDB makes its own.

CREATE INDEX idx_traces_service_timestamp ON traces (service_name, start_time DESC);
CREATE INDEX idx_traces_status ON traces (status, start_time DESC);
CREATE INDEX idx_spans_trace_id ON trace_spans (trace_id, start_time);
CREATE INDEX idx_logs_trace_id ON log_records (trace_id, timestamp) WHERE trace_id IS NOT NULL;
CREATE INDEX idx_logs_service_timestamp ON log_records (service_name, timestamp DESC);
CREATE INDEX idx_logs_severity_timestamp ON log_records (severity_number, timestamp DESC);
CREATE INDEX idx_metrics_service_name ON metrics (service_name);
