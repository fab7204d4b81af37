//! How a block of traces shares its spans and log records.
//!
//! Input: the plan and a block's number. Output: the block's layout: where each trace's spans and
//! logs begin. A block holds exactly as many spans and logs as its traces have on average, split
//! among them with a heavy tail, so that a row's index leads to its trace within one block. Knows
//! nothing of rows.

use super::clock::Clock;
use super::distribution::QuantileTable;
use super::streams;
use crate::plan::DatasetPlan;
use crate::stats::draw::Stream;

const BLOCK: usize = DatasetPlan::BLOCK as usize;
/// One log record in this many belongs to no trace.
const DETACHED_ONE_IN: u32 = 20;
/// The smallest weights before shifting.
const SPAN_SCALE: u32 = 256;
const LOG_SCALE: u32 = 256;

/// Draws layouts.
#[derive(Debug)]
pub(super) struct Blocks {
    traces: u64,
    spans_per_trace: u64,
    logs_per_trace: u64,
    span_weights: QuantileTable,
    log_weights: QuantileTable,
    spans: Stream,
    logs: Stream,
    detached: Stream,
}

/// One block's layout. Positions count from the block's first span and log record.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The block's number.
    pub(super) block: u64,
    /// Its traces: 64, fewer in the last block.
    pub(super) traces: usize,
    /// Which traces failed, a bit each.
    failed: u64,
    /// Where each trace's spans begin, and behind the last trace the end.
    spans: [u32; BLOCK + 1],
    /// Where each trace's log records begin, and behind the last trace the end.
    logs: [u32; BLOCK + 1],
}

impl Blocks {
    pub(super) fn new(plan: &DatasetPlan) -> Self {
        Self {
            traces: plan.traces,
            spans_per_trace: u64::from(plan.spans_per_trace.max(1)),
            logs_per_trace: u64::from(plan.logs_per_trace),
            span_weights: QuantileTable::pareto(f64::from(SPAN_SCALE), 1.2),
            log_weights: QuantileTable::pareto(f64::from(LOG_SCALE), 1.6),
            spans: Stream::new(plan.seed, streams::SPAN_WEIGHT),
            logs: Stream::new(plan.seed, streams::LOG_WEIGHT),
            detached: Stream::new(plan.seed, streams::DETACHED),
        }
    }

    /// The layout of block `block`.
    pub(super) fn layout(&self, block: u64, clock: &Clock) -> Layout {
        let first = block * DatasetPlan::BLOCK;
        let traces = self.traces.saturating_sub(first).min(DatasetPlan::BLOCK) as usize;
        let failed = failures(first, traces, clock);
        let n = traces as u64;
        let spans = split(n * self.spans_per_trace, traces, u64::MAX, |i| {
            self.span_weights.draw(self.spans, first + i as u64)
        });
        let reserved = if self.logs_per_trace == 0 { 0 } else { failed };
        let logs = split(n * self.logs_per_trace, traces, reserved, |i| {
            // From 1, so that quiet traces get no log record at all.
            self.log_weights.draw(self.logs, first + i as u64) - (LOG_SCALE - 1)
        });
        Layout {
            block,
            traces,
            failed,
            spans,
            logs,
        }
    }

    /// The block and the position in it of span `index`.
    pub(super) fn of_span(&self, index: u64) -> (u64, u32) {
        let each = self.spans_per_trace * DatasetPlan::BLOCK;
        (index / each, (index % each) as u32)
    }

    /// The block and the position in it of log record `index`.
    pub(super) fn of_log(&self, index: u64) -> (u64, u32) {
        let each = (self.logs_per_trace * DatasetPlan::BLOCK).max(1);
        (index / each, (index % each) as u32)
    }

    /// The index of the first span of `block`.
    pub(super) fn first_span(&self, block: u64) -> u64 {
        block * self.spans_per_trace * DatasetPlan::BLOCK
    }

    /// The index of the first log record of `block`.
    pub(super) fn first_log(&self, block: u64) -> u64 {
        block * self.logs_per_trace * DatasetPlan::BLOCK
    }

    /// How many of trace `index`'s `logs` records, its last ones, name no trace. A failed trace
    /// keeps one at least.
    pub(super) fn detached(&self, index: u64, logs: u32, failed: bool) -> u32 {
        let drawn = (logs + self.detached.below(index, u64::from(DETACHED_ONE_IN)) as u32)
            / DETACHED_ONE_IN;
        drawn.min(logs.saturating_sub(u32::from(failed)))
    }
}

impl Layout {
    /// Whether the block's trace `i` failed.
    pub(super) fn failed(&self, i: usize) -> bool {
        (self.failed >> i) & 1 == 1
    }

    /// Where trace `i`'s spans begin, and how many they are.
    pub(super) fn spans(&self, i: usize) -> (u32, u32) {
        (self.spans[i], self.spans[i + 1] - self.spans[i])
    }

    /// Where trace `i`'s log records begin, and how many they are.
    pub(super) fn logs(&self, i: usize) -> (u32, u32) {
        (self.logs[i], self.logs[i + 1] - self.logs[i])
    }

    /// The trace that holds the span at `position`.
    pub(super) fn trace_of_span(&self, position: u32) -> usize {
        self.spans[1..=self.traces].partition_point(|end| *end <= position)
    }

    /// The trace that holds the log record at `position`.
    pub(super) fn trace_of_log(&self, position: u32) -> usize {
        self.logs[1..=self.traces].partition_point(|end| *end <= position)
    }
}

fn failures(first: u64, traces: usize, clock: &Clock) -> u64 {
    if traces == 0 {
        return 0;
    }
    let mut failed = 0;
    let last = first + traces as u64 - 1;
    let (from, to) = (clock.slot(first), clock.slot(last));
    for i in 0..traces {
        let index = first + i as u64;
        let slot = if from == to { from } else { clock.slot(index) };
        failed |= u64::from(clock.failed(index, slot)) << i;
    }
    failed
}

/// Splits `total` among `parts` by weight, one of it going first to each part whose bit is set in
/// `reserved`. The shares sum to `total` exactly: each is a difference of rounded running sums.
fn split(
    total: u64,
    parts: usize,
    reserved: u64,
    weight: impl Fn(usize) -> u32,
) -> [u32; BLOCK + 1] {
    let mut sums = [0_u64; BLOCK + 1];
    for i in 0..parts {
        sums[i + 1] = sums[i] + u64::from(weight(i));
    }
    let all = sums[parts].max(1);
    let kept = if parts == BLOCK {
        reserved
    } else {
        reserved & ((1 << parts) - 1)
    };
    let left = total - u64::from(kept.count_ones());
    let mut begins = [0_u32; BLOCK + 1];
    let mut given = 0;
    for i in 0..parts {
        given += ((kept >> i) & 1) as u32;
        begins[i + 1] = given + (left * sums[i + 1] / all) as u32;
    }
    begins
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::small_plan;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_heavy_tailed() {
        let plan = small_plan();
        let (clock, blocks) = (Clock::new(&plan), Blocks::new(&plan));
        let layouts: Vec<Layout> = (0..plan.traces / 64)
            .map(|b| blocks.layout(b, &clock))
            .collect();
        let sizes: Vec<u32> = layouts
            .iter()
            .flat_map(|l| (0..64).map(|i| l.spans(i).1))
            .collect();
        let small = sizes.iter().filter(|n| **n < plan.spans_per_trace).count();
        assert!(small > sizes.len() * 6 / 10, "{small} of {}", sizes.len());
        assert!(*sizes.iter().max().unwrap() > 20 * plan.spans_per_trace);
        assert!(layouts.iter().any(|l| (0..64).any(|i| l.logs(i).1 == 0)));
    }

    proptest! {
        #[test]
        fn block_sums_are_exact(
            block in 0_u64..32,
            spans_per_trace in 1_u32..40,
            logs_per_trace in 0_u32..20,
            traces in 1_u64..2048,
            error_permille in 0_u32..1000,
        ) {
            let plan = DatasetPlan {
                traces, spans_per_trace, logs_per_trace, error_permille, ..small_plan()
            };
            let (clock, blocks) = (Clock::new(&plan), Blocks::new(&plan));
            let layout = blocks.layout(block, &clock);
            let n = layout.traces as u32;
            prop_assert_eq!(u64::from(n), traces.saturating_sub(block * 64).min(64));
            let spans: u32 = (0..layout.traces).map(|i| layout.spans(i).1).sum();
            let logs: u32 = (0..layout.traces).map(|i| layout.logs(i).1).sum();
            prop_assert_eq!(spans, n * spans_per_trace);
            prop_assert_eq!(logs, n * logs_per_trace);
            for i in 0..layout.traces {
                let index = block * 64 + i as u64;
                prop_assert!(layout.spans(i).1 >= 1);
                prop_assert_eq!(layout.failed(i), clock.failed(index, clock.slot(index)));
                if layout.failed(i) && logs_per_trace > 0 {
                    let logs = layout.logs(i).1;
                    prop_assert!(blocks.detached(index, logs, true) < logs);
                }
                let (begin, count) = layout.spans(i);
                prop_assert_eq!(layout.trace_of_span(begin), i);
                prop_assert_eq!(layout.trace_of_span(begin + count - 1), i);
            }
        }
    }
}
