//! Rows of `traces`, in order of start.
//!
//! Input: a range of trace indexes. Output: the rows as binary COPY. Knows nothing of connections.

use std::ops::Range;

use super::copy::{Row, put_decimal};
use super::key::{Dataset, Shape};
use super::names::{ENTRIES, REGIONS};
use crate::plan::DatasetPlan;

pub(super) const COPY: &str = "COPY highwater.traces (id, trace_id, service_name, start_time, \
    end_time, duration_us, status, status_message, root_span_name, attributes, \
    resource_attributes, span_count, created_at, updated_at) FROM STDIN (FORMAT binary)";
const COLUMNS: u16 = 14;

/// Writing follows a trace's end by this, in microseconds: what a collector's batching takes.
pub(super) const ARRIVAL_US: i64 = 750_000;

/// Appends the rows of `range`.
pub(super) fn append(dataset: &Dataset, range: Range<u64>, out: &mut Vec<u8>) {
    let mut index = range.start;
    while index < range.end {
        let block = index / DatasetPlan::BLOCK;
        let layout = dataset.0.blocks.layout(block, &dataset.0.clock);
        let last = range.end.min((block + 1) * DatasetPlan::BLOCK);
        for i in index..last {
            let shape = dataset.0.shape(&layout, (i % DatasetPlan::BLOCK) as usize);
            append_row(dataset, &shape, out);
        }
        index = last;
    }
}

/// The status of a trace: an eighth of those that went well say nothing.
pub(super) fn status(failed: bool, bits: u64) -> &'static [u8] {
    match (failed, bits & 7) {
        (true, _) => b"error",
        (false, 0) => b"unset",
        (false, _) => b"ok",
    }
}

/// The name of a trace's root span: the endpoint that was called.
pub(super) fn root_name<'a>(dataset: &'a Dataset, shape: &Shape) -> &'a str {
    let bits = dataset.0.random.trace.at(shape.index);
    &dataset.0.names.endpoints[(bits >> 8) as usize % ENTRIES]
}

fn append_row(dataset: &Dataset, shape: &Shape, out: &mut Vec<u8>) {
    let inner = &dataset.0;
    let bits = inner.random.trace.at(shape.index);
    let end_us = shape.start_us + shape.duration_us.cast_signed();
    let mut row = Row::begin(out, COLUMNS);
    row.uuid(dataset.trace_row_id(shape.index));
    row.text(dataset.trace_id(shape.index).as_bytes());
    row.text(dataset.service_name(shape.service).as_bytes());
    row.time(shape.start_us);
    row.time(end_us);
    row.int8(shape.duration_us.cast_signed());
    row.text(status(shape.failed, bits));
    if shape.failed {
        row.text(inner.names.phrases[(bits >> 14) as usize % ENTRIES].as_bytes());
    } else {
        row.null();
    }
    row.text(root_name(dataset, shape).as_bytes());
    row.json_with(|out| attributes(dataset, shape, bits, out));
    row.json_with(|out| resource(dataset.service_name(shape.service), bits, out));
    row.int4(shape.spans.cast_signed());
    row.time(end_us + ARRIVAL_US);
    row.time(end_us + ARRIVAL_US);
}

fn attributes(dataset: &Dataset, shape: &Shape, bits: u64, out: &mut Vec<u8>) {
    let names = &dataset.0.names;
    let entry = |shift: u32| (bits >> shift) as usize % ENTRIES;
    out.extend_from_slice(b"{\"http.route\":\"");
    out.extend_from_slice(root_name(dataset, shape).as_bytes());
    out.extend_from_slice(b"\",\"http.status_code\":");
    out.extend_from_slice(if shape.failed { b"500" } else { b"200" });
    out.extend_from_slice(b",\"user.name\":\"");
    out.extend_from_slice(names.users[entry(20)].as_bytes());
    out.extend_from_slice(b"\",\"session.id\":");
    put_decimal(out, bits >> 40);
    out.extend_from_slice(b",\"prompt.topic\":\"");
    out.extend_from_slice(names.phrases[entry(26)].as_bytes());
    out.extend_from_slice(b"\"}");
}

/// The attributes of what produced a row: the service and where it ran.
pub(super) fn resource(service: &str, bits: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"service.name\":\"");
    out.extend_from_slice(service.as_bytes());
    out.extend_from_slice(b"\",\"cloud.region\":\"");
    out.extend_from_slice(REGIONS[(bits >> 32) as usize % REGIONS.len()].as_bytes());
    out.extend_from_slice(b"\",\"host.name\":\"node-");
    put_decimal(out, (bits >> 34) & 15);
    out.extend_from_slice(b"\",\"deployment.environment\":\"production\"}");
}
