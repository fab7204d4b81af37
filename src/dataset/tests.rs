//! What holds across the data set's files.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::plan::DatasetPlan;
use crate::units::Span;

/// A data set that a scan is quick for.
pub(super) fn small_plan() -> DatasetPlan {
    DatasetPlan {
        seed: 42,
        days: 1,
        end: "2025-01-08T00:00:00Z".parse().unwrap(),
        services: 12,
        traces: 2048,
        spans_per_trace: 8,
        logs_per_trace: 5,
        series: 30,
        point_interval: Span::from_secs(60),
        error_permille: 20,
        threads: 2,
    }
}

fn at(dataset: &Dataset, offset_us: i64) -> DateTime<Utc> {
    dataset.plan().start() + TimeDelta::microseconds(offset_us)
}

#[test]
fn digest_is_stable_and_ignores_threads() {
    let plan = small_plan();
    let digest = Dataset::new(&plan).digest();
    let other_threads = DatasetPlan {
        threads: 7,
        ..plan.clone()
    };
    assert_eq!(Dataset::new(&other_threads).digest(), digest);
    let other_seed = DatasetPlan { seed: 43, ..plan };
    assert_ne!(Dataset::new(&other_seed).digest(), digest);
    insta::assert_snapshot!(digest, @"");
}

#[test]
fn keys_are_unique_and_absent_ones_are_absent() {
    let dataset = Dataset::new(&small_plan());
    let n = dataset.plan().traces;
    let mut trace_ids: HashSet<TraceId> = (0..n).map(|i| dataset.trace(i).trace_id).collect();
    let mut ids: HashSet<_> = (0..n).map(|i| dataset.trace(i).id).collect();
    assert_eq!((trace_ids.len() as u64, ids.len() as u64), (n, n));
    assert!((0..n).all(|i| trace_ids.insert(dataset.absent_trace_id(i))));
    assert!((0..n).all(|i| ids.insert(dataset.absent_uuid(i))));
    let metrics: HashSet<_> = (0..30)
        .map(|s| dataset.metric(s))
        .map(|m| (m.name, m.service))
        .collect();
    assert_eq!(metrics.len(), 30);
}

#[test]
fn the_cheap_key_functions_agree_with_the_whole_key() {
    let dataset = Dataset::new(&small_plan());
    for i in 0..dataset.plan().traces {
        let key = dataset.trace(i);
        assert_eq!(key.index, i);
        assert_eq!(key.id, dataset.trace_row_id(i));
        assert_eq!(key.trace_id, dataset.trace_id(i));
        assert_eq!(key.start, dataset.trace_start(i));
        assert_eq!(key.service, dataset.trace_service(i));
        assert_eq!(key.failed, dataset.trace_failed(i));
        assert!(key.start + TimeDelta::microseconds(key.duration_us as i64) <= dataset.plan().end);
        assert!(!key.failed || key.logs > 0);
    }
}

#[test]
fn spans_and_logs_sum_to_the_plan() {
    let dataset = Dataset::new(&small_plan());
    let keys = || (0..dataset.plan().traces).map(|i| dataset.trace(i));
    assert_eq!(
        keys().map(|k| u64::from(k.spans)).sum::<u64>(),
        dataset.plan().spans()
    );
    let attached = keys().map(|k| u64::from(k.logs)).sum::<u64>();
    let logs = dataset.plan().logs();
    assert!(
        (logs * 90 / 100..logs * 98 / 100).contains(&attached),
        "{attached} of {logs}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn trace_answers_agree_with_a_scan(
        from in -1_000_000_i64..86_500_000_000,
        length in 0_i64..20_000_000_000,
        rank in 0_u32..12,
        at_most in 0_u64..60,
    ) {
        let dataset = Dataset::new(&small_plan());
        let (start, end) = (at(&dataset, from), at(&dataset, from + length));
        let keys: Vec<TraceKey> = (0..2048)
            .map(|i| dataset.trace(i))
            .filter(|k| start <= k.start && k.start < end)
            .collect();
        prop_assert_eq!(dataset.trace_rows_in(start, end), keys.len() as u64);
        let of_service = keys.iter().filter(|k| k.service == rank).count() as u64;
        prop_assert_eq!(
            dataset.count_service_traces(rank, start, end, at_most), of_service.min(at_most));
        let failed = keys.iter().filter(|k| k.failed).count() as u64;
        prop_assert_eq!(dataset.count_error_traces(start, end, at_most), failed.min(at_most));
    }

    #[test]
    fn point_answers_agree_with_a_scan(
        series in 0_u32..30,
        from in -100_000_000_i64..86_500_000_000,
        length in 0_i64..20_000_000_000,
        width_s in 1_i64..900,
        interval_s in 1_u64..400,
    ) {
        let plan = DatasetPlan { point_interval: Span::from_secs(interval_s), ..small_plan() };
        let dataset = Dataset::new(&plan);
        let (start, end) = (at(&dataset, from), at(&dataset, from + length));
        let points: Vec<i64> = (0..plan.points_per_series())
            .map(|tick| dataset.point_us(series, tick))
            .filter(|us| start.timestamp_micros() <= *us && *us < end.timestamp_micros())
            .collect();
        prop_assert_eq!(dataset.points_in(series, start, end), points.len() as u64);
        let origin = "2000-01-03T00:00:00Z".parse::<DateTime<Utc>>().unwrap().timestamp_micros();
        let buckets: HashSet<i64> = points
            .iter()
            .map(|us| (us - origin).div_euclid(width_s * 1_000_000))
            .collect();
        let width = TimeDelta::seconds(width_s);
        prop_assert_eq!(dataset.buckets_in(series, start, end, width), buckets.len() as u64);
    }
}
