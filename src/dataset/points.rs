//! Rows of `metric_data_points`, interleaved over the series: point p is tick p / series of series
//! p % series, as scrapes arrive in life. Every number is a whole number of 1,024ths, so that sums
//! and averages have one answer.
//!
//! Input: a range of point indexes. Output: the rows as binary COPY, or their values. Knows nothing
//! of connections.

use std::ops::Range;

use super::copy::{Row, put_decimal};
use super::ids;
use super::key::{Dataset, MetricKind};
use super::series::Series;

pub(super) const COPY: &str = "COPY highwater.metric_data_points (id, metric_id, timestamp, \
    value, count, sum, min, max, buckets, quantiles, exemplars, attributes, created_at) \
    FROM STDIN (FORMAT binary)";
const COLUMNS: u16 = 13;

/// A counter restarts after this many points, as its process does.
const COUNTER_TICKS: u64 = 4096;
/// A point is written this much after its instant, in microseconds.
const ARRIVAL_US: i64 = 2_000_000;
/// Upper bounds of a histogram's buckets, in multiples of a quarter of its mean.
const BOUNDS: [u64; 5] = [1, 2, 4, 8, 16];

/// Appends the rows of `range`.
pub(super) fn append(dataset: &Dataset, range: Range<u64>, out: &mut Vec<u8>) {
    let all = &dataset.0.series;
    let n = all.len() as u64;
    let (mut tick, mut series) = (range.start / n, range.start % n);
    for index in range {
        append_row(
            dataset,
            &all[series as usize],
            index,
            tick,
            series as u32,
            out,
        );
        series += 1;
        if series == n {
            (tick, series) = (tick + 1, 0);
        }
    }
}

impl Dataset {
    /// The value of point `tick` of `series`, exact: a whole number of 1,024ths.
    pub fn point_value(&self, series: u32, tick: u64) -> f64 {
        let all = &self.0.series;
        let index = tick * all.len() as u64 + u64::from(series);
        let bits = self.0.random.point.at(index);
        value(&all[series as usize % all.len()], tick, bits) as f64 / 1024.0
    }

    /// The sum of the values of the points of `series` in the range, exact.
    pub fn sum_in(
        &self,
        series: u32,
        start: chrono::DateTime<chrono::Utc>,
        end: chrono::DateTime<chrono::Utc>,
    ) -> f64 {
        self.ticks_in(series, start, end)
            .map(|tick| self.point_value(series, tick))
            .sum()
    }
}

/// A point's value in 1,024ths.
fn value(series: &Series, tick: u64, bits: u64) -> u64 {
    let noise = ((u128::from(bits) * u128::from(series.level)) >> 64) as u64;
    match series.kind {
        MetricKind::Gauge => series.level / 2 + noise,
        MetricKind::Counter => (tick % COUNTER_TICKS) * series.level + noise,
        // The sum of two draws: a mean with a hump, never 0.
        MetricKind::Histogram => series.level / 4 + noise + (bits & 0xFFFF) * series.level / 65_536,
    }
}

fn append_row(
    dataset: &Dataset,
    series: &Series,
    index: u64,
    tick: u64,
    number: u32,
    out: &mut Vec<u8>,
) {
    let random = &dataset.0.random;
    let bits = random.point.at(index);
    let value = value(series, tick, bits);
    let at_us = dataset.point_us(number, tick);
    let mut row = Row::begin(out, COLUMNS);
    row.uuid(ids::uuid(random.point_row_id, index));
    row.uuid(series.id);
    row.time(at_us);
    row.float_of_1024ths(value);
    if series.kind == MetricKind::Histogram {
        histogram(&mut row, value, bits);
    } else {
        for _ in 0..5 {
            row.null();
        }
    }
    row.null();
    row.null();
    row.json(series.point_attributes.as_bytes());
    row.time(at_us + ARRIVAL_US);
}

/// Count, sum, min, max and buckets of a distribution whose mean is `mean`.
fn histogram(row: &mut Row<'_>, mean: u64, bits: u64) {
    let count = 16 + ((bits >> 16) & 0xFF);
    row.int8(count.cast_signed());
    row.float_of_1024ths(mean * count);
    row.float_of_1024ths(mean / 8);
    row.float_of_1024ths(mean * (3 + ((bits >> 24) & 3)));
    row.json_with(|out| {
        out.extend_from_slice(b"{\"bounds\":[");
        for (i, bound) in BOUNDS.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            put_decimal(out, mean * bound / 4096);
        }
        // Shares of 1/8, 1/4, 3/8 and 1/8; what rounding leaves is in the last two.
        let counts = [count / 8, count / 4, count * 3 / 8, count / 8];
        let rest = count - counts.iter().sum::<u64>();
        out.extend_from_slice(b"],\"counts\":[");
        for part in counts {
            put_decimal(out, part);
            out.push(b',');
        }
        put_decimal(out, rest - rest / 4);
        out.push(b',');
        put_decimal(out, rest / 4);
        out.extend_from_slice(b"]}");
    });
}
