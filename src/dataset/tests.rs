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
    insta::assert_snapshot!(digest, @"de93908b26bd4997e9d9f2047364bac6e934aaedfa40ce4efceb30e7d36b6aed");
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
        assert!(
            key.start + TimeDelta::microseconds(key.duration_us.cast_signed())
                <= dataset.plan().end
        );
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

/// The columns of each row of binary COPY; `None` is null.
fn rows(mut bytes: &[u8]) -> Vec<Vec<Option<Vec<u8>>>> {
    fn take<'a>(bytes: &mut &'a [u8], n: usize) -> &'a [u8] {
        let (taken, rest) = bytes.split_at(n);
        *bytes = rest;
        taken
    }
    let mut rows = Vec::new();
    while !bytes.is_empty() {
        let columns = u16::from_be_bytes(take(&mut bytes, 2).try_into().unwrap());
        let row = (0..columns).map(|_| {
            let length = i32::from_be_bytes(take(&mut bytes, 4).try_into().unwrap());
            (length >= 0).then(|| take(&mut bytes, length as usize).to_vec())
        });
        rows.push(row.collect());
    }
    rows
}

fn whole(dataset: &Dataset, table: Table) -> Vec<u8> {
    let mut bytes = Vec::new();
    Generator::new(dataset).append(table, 0..u64::MAX, &mut bytes);
    bytes
}

fn number(row: &[Option<Vec<u8>>], column: usize) -> i64 {
    i64::from_be_bytes(row[column].as_deref().unwrap().try_into().unwrap())
}

#[test]
fn every_byte_is_as_it_was() {
    // A change here changes the data set: raise GENERATOR_VERSION with it.
    let dataset = Dataset::new(&small_plan());
    let digests: Vec<String> = Table::ALL
        .iter()
        .map(|table| {
            let digest = <sha2::Sha256 as sha2::Digest>::digest(whole(&dataset, *table));
            let first = u64::from_be_bytes(digest[..8].try_into().unwrap());
            format!("{} {first:016x}", table.name())
        })
        .collect();
    insta::assert_snapshot!(digests.join("\n"), @r"
    traces 92de31261d34e0e6
    trace_spans 937709633abdc413
    metrics 9975fb35a4e88945
    metric_data_points f27e2e46856cba05
    log_records 66eb556d043f1674
    ");
}

#[test]
fn every_table_has_its_rows_with_distinct_ids_and_valid_json() {
    let dataset = Dataset::new(&small_plan());
    for table in Table::ALL {
        let rows = rows(&whole(&dataset, table));
        assert_eq!(
            rows.len() as u64,
            table.rows(dataset.plan()),
            "{}",
            table.name()
        );
        let ids: HashSet<_> = rows.iter().map(|row| row[0].clone()).collect();
        assert_eq!(ids.len(), rows.len(), "{}", table.name());
        for column in rows
            .iter()
            .flatten()
            .flatten()
            .filter(|c| c.starts_with(b"\x01{\""))
        {
            let json: serde_json::Value = serde_json::from_slice(&column[1..]).unwrap();
            assert!(
                json.as_object().is_some_and(|fields| fields.len() >= 2),
                "{json}"
            );
        }
    }
}

#[test]
fn a_parent_precedes_its_children_and_contains_them() {
    let dataset = Dataset::new(&small_plan());
    let mut seen = std::collections::HashMap::new();
    let (mut deepest, mut roots) = (0, 0);
    for row in rows(&whole(&dataset, Table::Spans)) {
        let (trace, start, end) = (row[1].clone().unwrap(), number(&row, 7), number(&row, 8));
        assert_eq!(end - start, number(&row, 9));
        assert!(end > start);
        let depth = match &row[3] {
            None => {
                roots += 1;
                0
            }
            Some(parent) => {
                let (of_trace, from, to, depth): &(Vec<u8>, i64, i64, u32) = &seen[parent];
                assert_eq!(*of_trace, trace);
                assert!(
                    *from <= start && end <= *to,
                    "{from}..{to} holds {start}..{end}"
                );
                depth + 1
            }
        };
        deepest = deepest.max(depth);
        assert!(
            seen.insert(row[2].clone().unwrap(), (trace, start, end, depth))
                .is_none()
        );
    }
    assert_eq!(roots, dataset.plan().traces);
    assert!((8..60).contains(&deepest), "{deepest}");
}

#[test]
fn times_lie_inside_the_data_and_logs_inside_their_traces() {
    let dataset = Dataset::new(&small_plan());
    let since_2000 = |time: DateTime<Utc>| time.timestamp_micros() - 946_684_800_000_000;
    let (start, end) = (
        since_2000(dataset.plan().start()),
        since_2000(dataset.plan().end),
    );
    for (table, column) in [
        (Table::Traces, 3),
        (Table::Spans, 7),
        (Table::Points, 2),
        (Table::Logs, 1),
    ] {
        let bytes = whole(&dataset, table);
        assert!(
            rows(&bytes)
                .iter()
                .all(|row| (start..end).contains(&number(row, column)))
        );
    }
    let traces: std::collections::HashMap<Vec<u8>, TraceKey> = (0..dataset.plan().traces)
        .map(|i| dataset.trace(i))
        .map(|key| (key.trace_id.as_bytes().to_vec(), key))
        .collect();
    let mut logs = std::collections::HashMap::<Vec<u8>, u32>::new();
    for row in rows(&whole(&dataset, Table::Logs)) {
        let Some(trace_id) = row[7].clone() else {
            continue;
        };
        let begin = since_2000(traces[&trace_id].start);
        let end = begin + traces[&trace_id].duration_us.cast_signed();
        assert!((begin..end).contains(&number(&row, 1)));
        *logs.entry(trace_id).or_default() += 1;
    }
    assert!(
        traces
            .iter()
            .all(|(id, key)| logs.get(id).copied().unwrap_or(0) == key.logs)
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

    #[test]
    fn log_answers_agree_with_a_scan(
        from in -1_000_000_i64..86_500_000_000,
        length in 0_i64..40_000_000_000,
        text in prop::sample::select(vec![
            COMMON_TERM, ERROR_TERM, RARE_TERM, "Cache MISS", "gpt-4o", "ms", "no such text", "",
        ]),
        at_most in 0_u64..200,
    ) {
        let dataset = Dataset::new(&small_plan());
        let (start, end) = (at(&dataset, from), at(&dataset, from + length));
        let range = start.timestamp_micros()..end.timestamp_micros();
        let logs: Vec<_> = rows(&whole(&dataset, Table::Logs))
            .into_iter()
            .filter(|row| range.contains(&(number(row, 1) + 946_684_800_000_000)))
            .collect();
        let matching = |row: &&Vec<Option<Vec<u8>>>| {
            let body = String::from_utf8(row[5].clone().unwrap()).unwrap();
            body.to_lowercase().contains(&text.to_lowercase())
        };
        let found = logs.iter().filter(matching).count() as u64;
        prop_assert_eq!(dataset.count_log_matches(text, start, end, at_most), found.min(at_most));
        let of_first = dataset.service_name(0).as_bytes();
        let found = logs.iter().filter(|row| row[6].as_deref() == Some(of_first)).count() as u64;
        prop_assert_eq!(dataset.count_service_logs(0, start, end, at_most), found.min(at_most));
        let severe = |row: &&Vec<Option<Vec<u8>>>| row[3].as_deref().unwrap()[3] >= 17;
        let found = logs.iter().filter(severe).count() as u64;
        prop_assert_eq!(dataset.count_error_logs(start, end, at_most), found.min(at_most));
    }

    #[test]
    fn bytes_do_not_depend_on_how_a_table_is_cut(
        cuts in prop::collection::vec(0_u64..3000, 0..12),
        spans_per_trace in 1_u32..12,
        logs_per_trace in 0_u32..7,
    ) {
        let plan = DatasetPlan {
            traces: 230, spans_per_trace, logs_per_trace, series: 7,
            point_interval: Span::from_secs(300), ..small_plan()
        };
        let dataset = Dataset::new(&plan);
        for table in Table::ALL {
            let mut borders: Vec<u64> = cuts.iter().map(|cut| (*cut).min(table.rows(&plan))).collect();
            borders.extend([0, table.rows(&plan)]);
            borders.sort_unstable();
            let mut generator = Generator::new(&dataset);
            let mut bytes = Vec::new();
            for pair in borders.windows(2) {
                generator.append(table, pair[0]..pair[1], &mut bytes);
            }
            prop_assert_eq!(bytes == whole(&dataset, table), true, "{}", table.name());
        }
    }

    #[test]
    fn bytes_do_not_depend_on_threads(threads in 1_usize..6) {
        let dataset = Dataset::new(&DatasetPlan { traces: 256, threads, ..small_plan() });
        for table in Table::ALL {
            let rows = table.rows(dataset.plan());
            let share = rows.div_ceil(threads as u64);
            let parts: Vec<Vec<u8>> = std::thread::scope(|scope| {
                let workers: Vec<_> = (0..threads as u64)
                    .map(|i| {
                        let mut generator = Generator::new(&dataset);
                        scope.spawn(move || {
                            let mut out = Vec::new();
                            generator.append(table, i * share..(i + 1) * share, &mut out);
                            out
                        })
                    })
                    .collect();
                workers.into_iter().map(|worker| worker.join().unwrap()).collect()
            });
            prop_assert_eq!(parts.concat() == whole(&dataset, table), true, "{}", table.name());
        }
    }
}

#[test]
fn the_default_search_text_is_in_the_data() {
    assert_eq!(crate::plan::defaults::SEARCH, crate::dataset::COMMON_TERM);
}
