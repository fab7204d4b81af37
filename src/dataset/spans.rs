//! Rows of `trace_spans`, trace after trace in order of start; a parent always precedes its
//! children and contains them in time.
//!
//! Input: a range of span indexes. Output: the rows as binary COPY. Knows nothing of connections.

use std::ops::Range;

use super::copy::{Row, put_decimal};
use super::ids;
use super::key::{Dataset, Shape};
use super::names::{ENTRIES, MODELS};
use super::traces::{ARRIVAL_US, root_name, status};
use crate::stats::draw::mix;

pub(super) const COPY: &str = "COPY highwater.trace_spans (id, trace_id, span_id, parent_span_id, \
    name, kind, service_name, start_time, end_time, duration_us, status, status_message, \
    attributes, events, links, created_at) FROM STDIN (FORMAT binary)";
const COLUMNS: u16 = 16;

/// Of a span that is not the root: the likelihood, in 256ths, that its parent is the span just
/// before it. Otherwise any earlier span is, which keeps a tree's depth near the logarithm of its
/// size; the chains make some trees deep.
const CHAIN_OF_256: u64 = 90;

/// A span's place in its trace's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    /// The ordinal of its parent; the root's is its own.
    pub(super) parent: u32,
    /// When it starts, in microseconds after the trace does.
    pub(super) offset_us: u32,
    /// How long it takes, in microseconds, 1 at least.
    pub(super) duration_us: u32,
}

/// What a span does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Retrieval,
    Chat,
    Tool,
    Embedding,
    Request,
    Database,
}

/// Appends rows; keeps one trace's tree between calls.
#[derive(Debug, Default)]
pub(super) struct Spans {
    tree: Vec<Node>,
}

impl Spans {
    /// Appends the rows of `range`.
    pub(super) fn append(&mut self, dataset: &Dataset, range: Range<u64>, out: &mut Vec<u8>) {
        let inner = &dataset.0;
        let mut index = range.start;
        while index < range.end {
            let (block, position) = inner.blocks.of_span(index);
            let layout = inner.blocks.layout(block, &inner.clock);
            for i in layout.trace_of_span(position)..layout.traces {
                let shape = inner.shape(&layout, i);
                let end = range.end.min(shape.first_span + u64::from(shape.spans));
                self.append_trace(dataset, &shape, index..end, out);
                index = end;
                if index == range.end {
                    return;
                }
            }
        }
    }

    fn append_trace(
        &mut self,
        dataset: &Dataset,
        shape: &Shape,
        range: Range<u64>,
        out: &mut Vec<u8>,
    ) {
        grow(dataset, shape, &mut self.tree);
        // A failed trace's blame goes to one span below the root, where there is one.
        let blamed = (mix(shape.first_span) % u64::from(shape.spans)) as u32;
        for index in range {
            let ordinal = (index - shape.first_span) as u32;
            let failed = shape.failed && (ordinal == 0 || ordinal == blamed);
            let span = Span {
                dataset,
                shape,
                ordinal,
                failed,
                bits: dataset.0.random.span.at(index),
            };
            span.append(&self.tree, out);
        }
    }
}

/// Fills `tree` with the spans of a trace.
pub(super) fn grow(dataset: &Dataset, shape: &Shape, tree: &mut Vec<Node>) {
    tree.clear();
    tree.push(Node {
        parent: 0,
        offset_us: 0,
        duration_us: shape.duration_us as u32,
    });
    for ordinal in 1..shape.spans {
        let bits = mix(dataset
            .0
            .random
            .span
            .at(shape.first_span + u64::from(ordinal)));
        let parent = if bits & 255 < CHAIN_OF_256 {
            ordinal - 1
        } else {
            ((((bits >> 8) & 0xFFFF) * u64::from(ordinal)) >> 16) as u32
        };
        let within = tree[parent as usize];
        let whole = u64::from(within.duration_us);
        // Starts in the first three quarters of the parent; takes an eighth or more of what is left.
        let offset = (whole * 3 / 4 * ((bits >> 24) & 0xFFFF)) >> 16;
        let left = whole - offset;
        let duration = left / 8 + ((left * 7 / 8 * (bits >> 48)) >> 16);
        tree.push(Node {
            parent,
            offset_us: within.offset_us + offset as u32,
            duration_us: duration.max(1) as u32,
        });
    }
}

/// One span on its way into a row.
struct Span<'a> {
    dataset: &'a Dataset,
    shape: &'a Shape,
    ordinal: u32,
    failed: bool,
    bits: u64,
}

impl Span<'_> {
    fn append(&self, tree: &[Node], out: &mut Vec<u8>) {
        let node = tree[self.ordinal as usize];
        let random = &self.dataset.0.random;
        let index = self.shape.first_span + u64::from(self.ordinal);
        let work = self.work();
        let start_us = self.shape.start_us + i64::from(node.offset_us);
        let end_us = start_us + i64::from(node.duration_us);
        let mut row = Row::begin(out, COLUMNS);
        row.uuid(ids::uuid(random.span_row_id, index));
        row.uuid(self.dataset.trace_row_id(self.shape.index));
        row.text(&ids::span_id(random.span_id, index));
        if self.ordinal == 0 {
            row.null();
        } else {
            let parent = self.shape.first_span + u64::from(node.parent);
            row.text(&ids::span_id(random.span_id, parent));
        }
        row.text_with(|out| self.name(work, out));
        row.text(self.kind(work));
        row.text(self.dataset.service_name(self.service()).as_bytes());
        row.time(start_us);
        row.time(end_us);
        row.int8(i64::from(node.duration_us));
        row.text(if self.ordinal == 0 {
            status(
                self.failed,
                self.dataset.0.random.trace.at(self.shape.index),
            )
        } else {
            status(self.failed, self.bits)
        });
        if self.failed {
            row.text(self.phrase(14).as_bytes());
        } else {
            row.null();
        }
        row.json_with(|out| self.attributes(work, out));
        if self.failed {
            row.json(br#"[{"name":"exception","attributes":{"exception.type":"UpstreamError"}}]"#);
        } else {
            row.null();
        }
        row.null();
        row.time(end_us + ARRIVAL_US);
    }

    fn work(&self) -> Work {
        match (self.ordinal, self.bits & 15) {
            (0, _) => Work::Request,
            (_, 0..3) => Work::Retrieval,
            (_, 3..7) => Work::Chat,
            (_, 7..10) => Work::Tool,
            (_, 10..12) => Work::Embedding,
            (_, 12..14) => Work::Database,
            _ => Work::Request,
        }
    }

    /// Most spans run in their trace's service, the others in one of its seven neighbours.
    fn service(&self) -> u32 {
        let away = (self.bits >> 4) & 15;
        match (self.ordinal, away) {
            (1.., 0..7) => self.shape.service + 1 + away as u32,
            _ => self.shape.service,
        }
    }

    fn kind(&self, work: Work) -> &'static [u8] {
        match work {
            _ if self.ordinal == 0 => b"server",
            Work::Chat | Work::Embedding | Work::Database | Work::Request => b"client",
            Work::Retrieval => b"internal",
            Work::Tool if self.bits & 256 == 0 => b"producer",
            Work::Tool => b"consumer",
        }
    }

    fn name(&self, work: Work, out: &mut Vec<u8>) {
        let (verb, object): (&[u8], &str) = match work {
            Work::Request if self.ordinal == 0 => (b"", root_name(self.dataset, self.shape)),
            Work::Request => (b"", self.entry(&self.dataset.0.names.endpoints, 8)),
            Work::Chat => (b"chat ", self.model().1),
            Work::Embedding => (b"embeddings ", self.model().1),
            Work::Retrieval => (b"retrieval ", "documents"),
            Work::Tool => (b"execute_tool ", self.entry(&self.dataset.0.names.tools, 8)),
            Work::Database => (b"SELECT ", "sessions"),
        };
        out.extend_from_slice(verb);
        out.extend_from_slice(object.as_bytes());
    }

    fn attributes(&self, work: Work, out: &mut Vec<u8>) {
        match work {
            Work::Chat => {
                self.model_attributes(b"chat", out);
                out.extend_from_slice(b",\"gen_ai.usage.output_tokens\":");
                put_decimal(out, 1 + ((self.bits >> 40) & 0x7FF));
                out.extend_from_slice(b",\"gen_ai.request.temperature\":0.");
                put_decimal(out, (self.bits >> 51) & 7);
            }
            Work::Embedding => {
                self.model_attributes(b"embeddings", out);
                out.extend_from_slice(b",\"gen_ai.embeddings.dimension.count\":1536");
            }
            Work::Retrieval => {
                out.extend_from_slice(b"{\"retrieval.top_k\":");
                put_decimal(out, 5 + ((self.bits >> 40) & 31));
                out.extend_from_slice(b",\"retrieval.index\":\"documents\",\"retrieval.query\":\"");
                out.extend_from_slice(self.phrase(14).as_bytes());
                out.push(b'"');
            }
            Work::Tool => {
                out.extend_from_slice(
                    b"{\"gen_ai.operation.name\":\"execute_tool\",\"tool.name\":\"",
                );
                out.extend_from_slice(self.entry(&self.dataset.0.names.tools, 8).as_bytes());
                out.extend_from_slice(b"\",\"tool.result_bytes\":");
                put_decimal(out, (self.bits >> 40) & 0x7FFF);
            }
            Work::Database => {
                out.extend_from_slice(
                    b"{\"db.system\":\"postgresql\",\"db.operation\":\"SELECT\",\"db.rows\":",
                );
                put_decimal(out, (self.bits >> 40) & 0xFF);
            }
            Work::Request => {
                out.extend_from_slice(b"{\"http.status_code\":");
                out.extend_from_slice(if self.failed { b"500" } else { b"200" });
                out.extend_from_slice(b",\"http.response.body.size\":");
                put_decimal(out, (self.bits >> 40) & 0xFFFF);
            }
        }
        out.extend_from_slice(b",\"user.name\":\"");
        out.extend_from_slice(self.entry(&self.dataset.0.names.users, 20).as_bytes());
        out.extend_from_slice(b"\",\"thread.id\":");
        put_decimal(out, (self.bits >> 26) & 0x3F);
        out.extend_from_slice(b",\"prompt.topic\":\"");
        out.extend_from_slice(self.phrase(30).as_bytes());
        out.extend_from_slice(b"\"}");
    }

    fn model_attributes(&self, operation: &[u8], out: &mut Vec<u8>) {
        let (provider, model) = self.model();
        out.extend_from_slice(b"{\"gen_ai.operation.name\":\"");
        out.extend_from_slice(operation);
        out.extend_from_slice(b"\",\"gen_ai.provider.name\":\"");
        out.extend_from_slice(provider.as_bytes());
        out.extend_from_slice(b"\",\"gen_ai.request.model\":\"");
        out.extend_from_slice(model.as_bytes());
        out.extend_from_slice(b"\",\"gen_ai.usage.input_tokens\":");
        put_decimal(out, 16 + ((self.bits >> 54) << 2));
    }

    fn model(&self) -> (&'static str, &'static str) {
        MODELS[(self.bits >> 8) as usize % MODELS.len()]
    }

    fn phrase(&self, shift: u32) -> &str {
        self.entry(&self.dataset.0.names.phrases, shift)
    }

    fn entry<'n>(&self, entries: &'n [String], shift: u32) -> &'n str {
        &entries[(self.bits >> shift) as usize % ENTRIES]
    }
}
