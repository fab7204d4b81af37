//! Rows of `metrics`, one for each series.
//!
//! Input: a range of series. Output: the rows as binary COPY. Knows nothing of connections.

use std::ops::Range;

use super::copy::Row;
use super::key::Dataset;
use super::traces::resource;
use crate::stats::draw::mix;

pub(super) const COPY: &str = "COPY highwater.metrics (id, name, description, unit, metric_type, \
    service_name, attributes, resource_attributes, created_at, updated_at) \
    FROM STDIN (FORMAT binary)";
const COLUMNS: u16 = 10;

/// Appends the rows of `range`.
pub(super) fn append(dataset: &Dataset, range: Range<u64>, out: &mut Vec<u8>) {
    let created_us = dataset.plan().start().timestamp_micros();
    for index in range {
        let series = &dataset.0.series[index as usize];
        let service = dataset.service_name(series.service);
        let mut row = Row::begin(out, COLUMNS);
        row.uuid(series.id);
        row.text(series.name.as_bytes());
        row.null();
        row.text(series.unit.as_bytes());
        row.text(series.kind.as_str().as_bytes());
        row.text(service.as_bytes());
        row.json(series.attributes.as_bytes());
        row.json_with(|out| resource(service, mix(index), out));
        row.time(created_us);
        row.time(created_us);
    }
}
