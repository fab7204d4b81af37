//! Snapshots of what a person reads at the end of a run.

use super::*;
use crate::archive::sample;

fn plain(run: &RunRecord) -> String {
    terminal(
        run,
        &Terminal {
            previous: None,
            page: None,
            paint: Paint::Plain,
        },
    )
}

#[test]
fn a_run_that_passes() {
    let run = sample::passing();
    let mut previous = HistoryLine::of(&run);
    previous.started_at = "2025-12-31T09:30:00Z".parse().unwrap();
    previous.operations[1].p95 = Some(7_000_000);
    let with = Terminal {
        previous: Some(&previous),
        page: Some(Path::new(
            "reports/20260101T120000Z-expected-ab12cd3/report.html",
        )),
        paint: Paint::Plain,
    };
    insta::assert_snapshot!(terminal(&run, &with), @r"
    VALID  expected  30 s measured after 5 s of warm-up  objectives: pass

    response time in ms, from the scheduled start; offered and achieved in calls per second
    operation                 offered  achieved       n  failed   P50    P95     P99   P99.9   max  mostly
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    trace.get_by_trace_id       500.0     500.0  15,000       0  0.50  0.96    1.26    1.72   2.58  service 85%
    trace.list                   40.0      40.0   1,200       0  2.70  6.43    8.65   (13.0)  17.9  service 98%
    metric.query_time_series     20.0      20.0     600       0  9.57  17.2   (22.5)  (29.6)  29.6  service 99%
    log.search_logs               5.0       5.0     150       0  60.6  (170)   (256)   (295)   295  service 100%
    (in brackets) too few samples to be a measurement; it takes P95 200, P99 1,000, P99.9 10,000

    cpu         server 0.83 of 2 cores, generator 0.11 of 2 cores
    pacing      P99 201 us behind the schedule
    data set    200 k traces, 1.0 M trace_spans, 2.0 M metric_data_points, 1.0 M log_records, filled in 12.4 s (5f1c0d7b)
    target      timescaledb-apache 2.19.3 on PostgreSQL 17.6, unix-socket
    last run    P95 since 2025-12-31 09:30 UTC: trace.list -8%, the others within 1% (two runs: noise included)
    validity    valid
                unchecked: cpu_steal, clock_steps
    objectives  pass: 3 met
                trace.get_by_trace_id     P95 0.96/15 ms   pass
                trace.list                P95 6.43/50 ms   pass
                metric.query_time_series  P95 17.2/100 ms  pass
    page        reports/20260101T120000Z-expected-ab12cd3/report.html
    ");
}

#[test]
fn a_suspect_run_that_misses_an_objective() {
    insta::assert_snapshot!(plain(&sample::suspect_and_missed()), @r"
    SUSPECT  expected  30 s measured after 5 s of warm-up  objectives: fail

    response time in ms, from the scheduled start; offered and achieved in calls per second
    operation                 offered  achieved       n  failed   P50    P95     P99   P99.9   max  mostly
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    trace.get_by_trace_id       500.0     500.0  15,000       0  0.50  0.96    1.26    1.72   2.58  service 85%
    trace.list                   40.0      40.0   1,200       0  2.70  6.43    8.65   (13.0)  17.9  service 98%
    metric.query_time_series     20.0      20.0     600       0  9.57  17.2   (22.5)  (29.6)  29.6  service 99%
    log.search_logs               5.0       4.7     150       9  60.6  (170)   (256)   (295)   295  service 100%
    (in brackets) too few samples to be a measurement; it takes P95 200, P99 1,000, P99.9 10,000
    log.search_logs: 6 failed (57 x4, connection x2), 3 timed out

    cpu         server 0.83 of 2 cores, generator 0.11 of 2 cores
    pacing      P99 201 us behind the schedule
    data set    200 k traces, 1.0 M trace_spans, 2.0 M metric_data_points, 1.0 M log_records, filled in 12.4 s (5f1c0d7b)
    target      timescaledb-apache 2.19.3 on PostgreSQL 17.6, unix-socket
    validity    suspect
                suspect: errors 6 % (limit 1 %): log.search_logs lost 9 of 150 calls: its percentiles leave them out
                unchecked: cpu_steal, clock_steps
    objectives  fail: 1 met, 1 missed, 1 unknown
                trace.get_by_trace_id     P95 0.96/15 ms     pass
                trace.list                P95 6.43/5 ms      fail
                metric.query_time_series  P99.9 17.2/100 ms  unknown
    ");
}

#[test]
fn an_invalid_run() {
    insta::assert_snapshot!(plain(&sample::invalid()), @r"
    INVALID: do not use these numbers  expected  30 s measured after 5 s of warm-up  objectives: unknown

    response time in ms, from the scheduled start; offered and achieved in calls per second
    operation                 offered  achieved       n  failed   P50    P95     P99   P99.9   max  mostly
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    trace.get_by_trace_id       500.0     500.0  15,000       0  0.50  0.96    1.26    1.72   2.58  service 85%
    trace.list                   40.0      40.0   1,200       0  2.70  6.43    8.65   (13.0)  17.9  service 98%
    metric.query_time_series     20.0      20.0     600       0  9.57  17.2   (22.5)  (29.6)  29.6  service 99%
    log.search_logs               5.0       5.0     150       0  60.6  (170)   (256)   (295)   295  service 100%
    (in brackets) too few samples to be a measurement; it takes P95 200, P99 1,000, P99.9 10,000

    cpu         server 0.83 of 2 cores, generator 0.11 of 2 cores
    pacing      P99 201 us behind the schedule
    data set    200 k traces, 1.0 M trace_spans, 2.0 M metric_data_points, 1.0 M log_records, filled in 12.4 s (5f1c0d7b)
    target      timescaledb-apache 2.19.3 on PostgreSQL 17.6, unix-socket
    validity    invalid
                invalid: lag P99 48.1 ms (limit 1.5 ms): the generator itself was late: give it a core of its own or lower
                  the rate
                unchecked: cpu_steal, clock_steps
    objectives  unknown: 0 met, 3 unknown
                trace.get_by_trace_id     P95 0.96/15 ms   unknown
                trace.list                P95 6.43/50 ms   unknown
                metric.query_time_series  P95 17.2/100 ms  unknown
    ");
}

#[test]
fn an_interrupted_run() {
    insta::assert_snapshot!(plain(&sample::interrupted()), @r"
    SUSPECT  expected  4 s measured after 5 s of warm-up  INTERRUPTED  objectives: unknown

    response time in ms, from the scheduled start; offered and achieved in calls per second
    operation                 offered  achieved      n  failed     P50     P95     P99   P99.9   max  mostly
    ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
    trace.get_by_trace_id       500.0     500.0  2,000       0   0.49    0.96    1.26   (1.66)  2.03  service 85%
    trace.list                   40.0      40.0    160       0   2.42   (5.74)  (10.3)  (10.8)  10.8  service 97%
    metric.query_time_series     20.0      20.0     80       0  (9.24)  (18.8)  (28.0)  (28.0)  28.0  service 99%
    log.search_logs               5.0       5.0     20       0  (48.6)   (152)   (205)   (205)   205  service 100%
    (in brackets) too few samples to be a measurement; it takes P50 100, P95 200, P99 1,000, P99.9 10,000

    cpu         server not seen, generator 0.11 of 2 cores
    pacing      P99 201 us behind the schedule
    data set    200 k traces, 1.0 M trace_spans, 2.0 M metric_data_points, 1.0 M log_records, filled in 12.4 s (5f1c0d7b)
    target      timescaledb-apache 2.19.3 on PostgreSQL 17.6, unix-socket
    validity    suspect
                unchecked: cpu_steal, clock_steps
    objectives  unknown: 0 met, 3 unknown
                trace.get_by_trace_id     P95 0.96/15 ms   unknown
                trace.list                P95 5.74/50 ms   unknown
                metric.query_time_series  P95 18.8/100 ms  unknown
    ");
}

#[test]
fn an_invalid_run_says_so_in_the_first_line_and_passes_nothing() {
    let text = plain(&sample::invalid());
    assert!(text.lines().next().unwrap().contains("INVALID"));
    assert!(!text.contains(" pass"));
}

#[test]
fn fits_the_terminal_although_names_are_long() {
    let mut run = sample::passing();
    run.operations[0].name = "metric.get_latency_percentiles".to_owned();
    run.objectives.checks[0].operation = "metric.get_latency_percentiles".to_owned();
    for line in plain(&run).lines() {
        assert!(line.chars().count() <= WIDTH, "{line}");
    }
}

#[test]
fn colour_only_when_asked() {
    let run = sample::suspect_and_missed();
    assert!(!plain(&run).contains('\u{1b}'));
    let with = Terminal {
        previous: None,
        page: None,
        paint: Paint::Colour,
    };
    assert!(terminal(&run, &with).contains("\u{1b}[1;31m"));
}

#[test]
fn a_quantile_of_too_few_samples_is_in_brackets_and_explained() {
    let text = plain(&sample::passing());
    let search = text
        .lines()
        .find(|line| line.starts_with("log.search"))
        .unwrap();
    assert_eq!(search.matches('(').count(), 3, "{search}");
    assert!(text.contains("P95 200, P99 1,000, P99.9 10,000"), "{text}");
}

#[test]
fn every_kind_of_loss_is_named() {
    let mut operation = sample::passing().operations.remove(0);
    (operation.failed, operation.timed_out) = (3, 2);
    (operation.shed, operation.unfinished) = (1_500, 1);
    operation.errors = [("57".to_owned(), 3)].into();
    assert_eq!(
        losses(&operation),
        "3 failed (57 x3), 2 timed out, 1,500 shed, 1 unfinished"
    );
}

#[test]
fn a_closed_loop_has_no_offered_rate() {
    let mut run = sample::passing();
    for operation in &mut run.operations {
        operation.offered_per_second = None;
    }
    run.pacing_ns = None;
    let text = plain(&run);
    assert!(
        !text.contains("offered") && !text.contains("pacing"),
        "{text}"
    );
}
