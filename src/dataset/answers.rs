//! The right answers to queries, computed without a table.
//!
//! Input: the data set, a half-open range of time, what is searched. Output: how many rows match;
//! each function agrees with SQL's count on the filled tables. Those that scan keys take
//! `at_most` and stop there: a query with a limit needs no more. Knows nothing of repositories.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use super::key::{Dataset, Shape, TRACE_US_MAX, ceil_us, instant};
use super::lines::{self, Template};
use super::series::interval_us;
use crate::plan::DatasetPlan;

/// Where buckets are counted from, in microseconds since 1970: Monday, 3 January 2000, 00:00 UTC,
/// the origin of TimescaleDB's `time_bucket`. `date_bin` takes its origin as an argument.
const BUCKET_ORIGIN_US: i64 = 946_857_600_000_000;

impl Dataset {
    /// Rows of `traces` that start in the range.
    pub fn trace_rows_in(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> u64 {
        let range = self.traces_in(start, end);
        range.end - range.start
    }

    /// Traces of the service at `rank` that start in the range, or `at_most` if there are more.
    pub fn count_service_traces(
        &self,
        rank: u32,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        at_most: u64,
    ) -> u64 {
        self.count_traces(start, end, at_most, |i| self.trace_service(i) == rank)
    }

    /// Failed traces that start in the range, or `at_most` if there are more.
    pub fn count_error_traces(
        &self,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        at_most: u64,
    ) -> u64 {
        self.count_traces(start, end, at_most, |i| self.trace_failed(i))
    }

    /// Log records of the range whose body holds `text` in any case of letters, or `at_most` if
    /// there are more.
    pub fn count_log_matches(
        &self,
        text: &str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        at_most: u64,
    ) -> u64 {
        let text = text.to_lowercase();
        let mut body = Vec::new();
        self.count_logs(start, end, at_most, |_, bits, template| {
            template.holds(&text).unwrap_or_else(|| {
                body.clear();
                template.write(bits, &self.0.names, &mut body);
                body.make_ascii_lowercase();
                std::str::from_utf8(&body).is_ok_and(|body| body.contains(&text))
            })
        })
    }

    /// Log records of the range from the service at `rank`, or `at_most` if there are more.
    pub fn count_service_logs(
        &self,
        rank: u32,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        at_most: u64,
    ) -> u64 {
        self.count_logs(start, end, at_most, |shape, _, _| shape.service == rank)
    }

    /// Log records of the range at severity ERROR or above, or `at_most` if there are more.
    pub fn count_error_logs(&self, start: DateTime<Utc>, end: DateTime<Utc>, at_most: u64) -> u64 {
        self.count_logs(start, end, at_most, |_, _, template| {
            lines::is_error(template.severity)
        })
    }

    /// Points of `series` in the range.
    pub fn points_in(&self, series: u32, start: DateTime<Utc>, end: DateTime<Utc>) -> u64 {
        let ticks = self.ticks_in(series, start, end);
        ticks.end - ticks.start
    }

    /// Buckets of `width` that hold a point of `series` in the range: what grouping by
    /// `time_bucket` gives. A width below a microsecond counts as one.
    pub fn buckets_in(
        &self,
        series: u32,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        width: TimeDelta,
    ) -> u64 {
        let ticks = self.ticks_in(series, start, end);
        let points = ticks.end - ticks.start;
        let width_us = width.num_microseconds().unwrap_or(i64::MAX).max(1);
        if points == 0 || width_us as u64 <= interval_us(self.plan()) {
            return points;
        }
        let bucket = |tick| (self.point_us(series, tick) - BUCKET_ORIGIN_US).div_euclid(width_us);
        (bucket(ticks.end - 1) - bucket(ticks.start) + 1) as u64
    }

    /// The instant of the newest point of `series` before `end`; `None` when there is none.
    pub fn latest_point(&self, series: u32, end: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let ticks = self.ticks_in(series, self.plan().start(), end);
        let tick = ticks.end.checked_sub(1)?;
        Some(instant(self.point_us(series, tick)))
    }

    /// The instant of point `tick` of `series`, in microseconds since 1970.
    pub(super) fn point_us(&self, series: u32, tick: u64) -> i64 {
        let plan = self.plan();
        let phase = self.0.series[series as usize % self.0.series.len()].phase_us;
        plan.start().timestamp_micros() + (phase + tick * interval_us(plan)).cast_signed()
    }

    /// The points of `series` in the range, counted from its first.
    pub(super) fn ticks_in(
        &self,
        series: u32,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Range<u64> {
        let interval = interval_us(self.plan()).cast_signed();
        let first = self.point_us(series, 0);
        let ticks = self.plan().points_per_series();
        let before = |time| {
            let behind = (ceil_us(time) - first).max(0);
            ((behind + interval - 1) / interval) as u64
        };
        let from = before(start).min(ticks);
        from..before(end).min(ticks).max(from)
    }

    fn traces_in(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Range<u64> {
        let from = self.traces_before(start);
        from..self.traces_before(end).max(from)
    }

    fn count_traces(
        &self,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        at_most: u64,
        matches: impl Fn(u64) -> bool,
    ) -> u64 {
        let found = self.traces_in(start, end).rev().filter(|i| matches(*i));
        found.take(at_most as usize).count() as u64
    }

    /// Counts log records of the range that match, newest traces first.
    fn count_logs(
        &self,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        at_most: u64,
        mut matches: impl FnMut(&Shape, u64, &Template) -> bool,
    ) -> u64 {
        let early = start - TimeDelta::microseconds(TRACE_US_MAX.cast_signed());
        let traces = self.traces_in(early, end);
        let times = ceil_us(start)..ceil_us(end);
        let mut found = 0;
        for block in
            (traces.start / DatasetPlan::BLOCK..traces.end.div_ceil(DatasetPlan::BLOCK)).rev()
        {
            let layout = self.0.blocks.layout(block, &self.0.clock);
            for i in (0..layout.traces).rev() {
                let shape = self.0.shape(&layout, i);
                for log in 0..shape.logs {
                    if found >= at_most {
                        return found;
                    }
                    let (us, bits, template) = self.0.log_line(&shape, log);
                    found += u64::from(times.contains(&us) && matches(&shape, bits, template));
                }
            }
        }
        found
    }
}
