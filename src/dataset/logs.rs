//! Rows of `log_records`, in the order in which their traces start.
//!
//! Input: a range of log indexes. Output: the rows as binary COPY. Knows nothing of connections.

use std::ops::Range;

use super::copy::{Row, put_decimal};
use super::ids;
use super::key::{Dataset, Inner, Shape};
use super::lines::{self, Speaker, Template};
use super::names::ENTRIES;
use super::traces::resource;

pub(super) const COPY: &str = "COPY highwater.log_records (id, timestamp, observed_timestamp, \
    severity_number, severity_text, body, service_name, trace_id, span_id, trace_flags, \
    attributes, resource_attributes, scope_name, scope_version, scope_attributes, created_at) \
    FROM STDIN (FORMAT binary)";
const COLUMNS: u16 = 16;

/// A record is written this much after its instant, in microseconds.
const ARRIVAL_US: i64 = 500_000;

/// Appends the rows of `range`.
pub(super) fn append(dataset: &Dataset, range: Range<u64>, out: &mut Vec<u8>) {
    let inner = &dataset.0;
    let mut index = range.start;
    while index < range.end {
        let (block, position) = inner.blocks.of_log(index);
        let layout = inner.blocks.layout(block, &inner.clock);
        for i in layout.trace_of_log(position)..layout.traces {
            let shape = inner.shape(&layout, i);
            let end = range.end.min(shape.first_log + u64::from(shape.logs));
            for log in index..end {
                append_row(dataset, &shape, (log - shape.first_log) as u32, out);
            }
            index = end;
            if index == range.end {
                return;
            }
        }
    }
}

impl Inner {
    /// The instant in microseconds since 1970, the random bits and the template of log record `log`
    /// of a trace.
    pub(super) fn log_line(&self, shape: &Shape, log: u32) -> (i64, u64, &'static Template) {
        let bits = self.random.log.at(shape.first_log + u64::from(log));
        let speaker = if log >= shape.attached {
            Speaker::Background
        } else if shape.failed && log + 1 == shape.attached {
            Speaker::Failure
        } else {
            Speaker::Trace
        };
        let position = u64::from(log) * 1024 + (bits & 1023);
        let within = shape.duration_us * position / (u64::from(shape.logs) * 1024);
        (
            shape.start_us + within.cast_signed(),
            bits,
            lines::template(speaker, bits),
        )
    }
}

fn append_row(dataset: &Dataset, shape: &Shape, log: u32, out: &mut Vec<u8>) {
    let inner = &dataset.0;
    let (at_us, bits, template) = inner.log_line(shape, log);
    let service = dataset.service_name(shape.service);
    let mut row = Row::begin(out, COLUMNS);
    row.uuid(ids::uuid(
        inner.random.log_row_id,
        shape.first_log + u64::from(log),
    ));
    row.time(at_us);
    row.time(at_us + ((bits >> 44) % 1000).cast_signed());
    row.int4(template.severity);
    row.text(lines::severity_text(template.severity).as_bytes());
    row.text_with(|out| template.write(bits, &inner.names, out));
    row.text(service.as_bytes());
    if log < shape.attached {
        let span = shape.first_span + bits % u64::from(shape.spans);
        row.text(dataset.trace_id(shape.index).as_bytes());
        row.text(&ids::span_id(inner.random.span_id, span));
        row.int4(1);
    } else {
        row.null();
        row.null();
        row.null();
    }
    row.json_with(|out| attributes(dataset, bits, out));
    row.json_with(|out| resource(service, bits, out));
    row.text(b"highwater.demo");
    row.null();
    row.null();
    row.time(at_us + ARRIVAL_US);
}

fn attributes(dataset: &Dataset, bits: u64, out: &mut Vec<u8>) {
    let names = &dataset.0.names;
    out.extend_from_slice(b"{\"user.name\":\"");
    out.extend_from_slice(names.users[(bits >> 10) as usize % ENTRIES].as_bytes());
    out.extend_from_slice(b"\",\"code.function\":\"");
    out.extend_from_slice(names.tools[(bits >> 16) as usize % ENTRIES].as_bytes());
    out.extend_from_slice(b"\",\"thread.id\":");
    put_decimal(out, (bits >> 22) & 0x3F);
    out.extend_from_slice(b"}");
}
