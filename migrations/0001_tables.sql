-- The store's tables, in the schema that search_path names first. Every key of a table that can
-- become a hypertable holds its time column.

CREATE TABLE traces (
    id uuid NOT NULL,
    trace_id text NOT NULL,
    service_name text NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz,
    duration_us int8,
    status text NOT NULL,
    status_message text,
    root_span_name text,
    attributes jsonb NOT NULL DEFAULT '{}',
    resource_attributes jsonb NOT NULL DEFAULT '{}',
    span_count int4 NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT traces_pkey PRIMARY KEY (id, start_time),
    CONSTRAINT idx_traces_trace_id UNIQUE (trace_id, start_time)
);

CREATE TABLE trace_spans (
    id uuid NOT NULL,
    -- The row id of the trace. No foreign key: a hypertable cannot be the target of one.
    trace_id uuid NOT NULL,
    span_id text NOT NULL,
    parent_span_id text,
    name text NOT NULL,
    kind text NOT NULL,
    service_name text NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz,
    duration_us int8,
    status text NOT NULL,
    status_message text,
    attributes jsonb NOT NULL DEFAULT '{}',
    events jsonb,
    links jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT trace_spans_pkey PRIMARY KEY (id, start_time)
);

CREATE TABLE metrics (
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    unit text,
    metric_type text NOT NULL,
    service_name text NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}',
    resource_attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT metrics_pkey PRIMARY KEY (id),
    CONSTRAINT metrics_name_service_key UNIQUE (name, service_name)
);

CREATE TABLE metric_data_points (
    id uuid NOT NULL,
    metric_id uuid NOT NULL,
    timestamp timestamptz NOT NULL,
    value float8,
    count int8,
    sum float8,
    min float8,
    max float8,
    buckets jsonb,
    quantiles jsonb,
    exemplars jsonb,
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT metric_data_points_pkey PRIMARY KEY (metric_id, timestamp, id)
);

CREATE TABLE log_records (
    id uuid NOT NULL,
    timestamp timestamptz NOT NULL,
    observed_timestamp timestamptz NOT NULL,
    severity_number int4 NOT NULL,
    severity_text text NOT NULL,
    body text NOT NULL,
    service_name text NOT NULL,
    -- The trace's trace_id, 32 hexadecimal digits; null where a record belongs to no trace.
    trace_id text,
    span_id text,
    trace_flags int4,
    attributes jsonb NOT NULL DEFAULT '{}',
    resource_attributes jsonb NOT NULL DEFAULT '{}',
    scope_name text,
    scope_version text,
    scope_attributes jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT log_records_pkey PRIMARY KEY (id, timestamp)
);

CREATE TABLE llm_traces (
    ts timestamptz NOT NULL,
    trace_id text NOT NULL,
    span_id text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    status_code text NOT NULL,
    duration_ms int8 NOT NULL,
    prompt_tokens int8,
    completion_tokens int8,
    total_tokens int8,
    total_cost_usd float8,
    environment text,
    CONSTRAINT llm_traces_pkey PRIMARY KEY (ts, trace_id, span_id)
);

-- What the tables were filled with; one row at most.
CREATE TABLE manifest (
    one boolean NOT NULL DEFAULT true,
    generator_version int4 NOT NULL,
    digest text NOT NULL,
    plan jsonb NOT NULL,
    -- 'filling' until every row is there, then 'complete'.
    state text NOT NULL CHECK (state IN ('filling', 'complete')),
    -- Set before the first write of a run: the tables no longer hold the data set alone.
    dirty boolean NOT NULL DEFAULT false,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT manifest_pkey PRIMARY KEY (one),
    CONSTRAINT manifest_one CHECK (one)
);
