//! What `check` and `list` show.

use super::run;

#[test]
fn check_shows_the_plan_the_arrivals_and_the_busy_connections() {
    let pinned = ["--set", "dataset.threads=2", "--set", "drive.workers=2"];
    let (code, stdout, stderr) = run(&[], &[&["check", "expected"][..], &pinned].concat());
    assert_eq!((code, stderr.as_str()), (0, ""));
    insta::assert_snapshot!(stdout, @r#"
    expected (scenarios/expected.toml)
    the guide's four rows at once: 1,800 queries/s on 4.2 M rows with its P50, P95 and P99

    Target
      from                         a container when Docker answers, else local binaries
      image                        the default one
      limits                       none
      /dev/shm                     256 MiB
      max_connections              100
      max_locks_per_transaction    1024
      max_worker_processes         32
      shared_buffers               1GB
      shared_preload_libraries     timescaledb,pg_stat_statements
      timescaledb.telemetry_level  off

    Data set
      time      2026-05-25 00:00:00 UTC to 2026-06-01 00:00:00 UTC
      chunks    7 of 1d in each table
      traces    131,072
      spans     1,048,576
      logs      1,048,576
      points    2,016,000 (200 series, one each 1m)
      services  10
      errors    20 per thousand traces, more in bursts
      seed      1
      threads   2

    Drive
      model    open, poisson arrivals
      access   a pool of 5 to 20 connections, 2 threads, a ping before each hand-out
      timeout  5s from the scheduled start
      seed     1

    Operations
      trace.get_by_trace_id       id drawn uniform
      trace.list                  window 6h, anywhere, service drawn zipf, limit 100
      metric.query_time_series    window 1d, anywhere, bucket 5m, series drawn uniform
      log.search_logs             window 1h, anywhere, search "cache miss", limit 100

    Objectives, at most
      trace.get_by_trace_id     P50 5ms, P95 15ms, P99 30ms, errors 0.1 %
      trace.list                P50 20ms, P95 50ms, P99 100ms, errors 0.1 %
      metric.query_time_series  P50 50ms, P95 150ms, P99 300ms, errors 0.1 %
      log.search_logs           P50 100ms, P95 300ms, P99 500ms, errors 0.1 %

    Arrivals, expected
      operation                   rate  mean gap  in the warm-up  measured
      trace.get_by_trace_id     1000/s   1.00 ms          15,000    60,000
      trace.list                 500/s   2.00 ms           7,500    30,000
      metric.query_time_series   200/s   5.00 ms           3,000    12,000
      log.search_logs            100/s   10.0 ms           1,500     6,000
      total                     1800/s    556 us          27,000   108,000

    Busy connections by Little's law, if each P50 objective is just met
      trace.get_by_trace_id      1000/s x 5ms   5.0
      trace.list                 500/s x 20ms  10.0
      metric.query_time_series   200/s x 50ms  10.0
      log.search_logs           100/s x 100ms  10.0
      35.0 busy on average, but only 20 to share: calls that just meet their objectives cannot all be served; they must take less than 57 % of that time.

    Run time
      fill       about 1m24s for 4,244,424 rows, if 50,000/s
      warm-up    15s
      measuring  1m
      drain      at most 5s
    "#);
}

#[test]
fn check_of_a_closed_loop_speaks_of_callers() {
    let (code, stdout, _) = run(&[], &["check", "concurrent"]);
    assert_eq!(code, 0);
    assert!(
        stdout.contains("closed, 100 callers without a pause"),
        "{stdout}"
    );
    assert!(
        stdout.contains("At most 20 of 100 callers hold a connection"),
        "{stdout}"
    );
    assert!(!stdout.contains("Arrivals"), "{stdout}");
}

#[test]
fn json_is_the_plan() {
    let (code, stdout, _) = run(&[], &["check", "expected", "--json"]);
    let plan: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(code, 0);
    assert_eq!(plan["operations"][0]["call"], "trace.get_by_trace_id");
    assert_eq!(plan["drive"]["connections"], 20);
}

#[test]
fn list_shows_scenarios_and_operations() {
    let (code, stdout, stderr) = run(&[], &["list"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    insta::assert_snapshot!(stdout, @r"
    Scenarios (highwater run NAME, or a path to a file of your own)
      quickstart  a first look: six queries at modest rates on 270,000 rows
      expected    the guide's four rows at once: 1,800 queries/s on 4.2 M rows with its P50, P95 and P99
      patterns    the guide's five query patterns at light load, the upper end of each range as P95
      concurrent  100 callers in a closed loop over a pool of 20, point reads of many ids
      reference   every key of the format, explained; runs too, on a small data set

    Operations that a scenario can call, with their parameters
      trace.get_by_id                 one trace by its row id                                        draw unknown_share
      trace.get_by_trace_id           one trace by its trace id                                      draw unknown_share
      trace.get_trace_by_id           one trace and its spans                                        draw unknown_share
      trace.context                   one trace, its spans, then its logs: a sequence of two calls   draw unknown_share
      trace.get_traces                the latest traces of a window, all services                    window at limit
      trace.list                      the latest traces of one service in a window                   window at draw limit offset
      trace.list_after                the next page of the same, from a cursor                       window at draw limit
      trace.search_by_service         all traces of one service in a window                          window at draw
      trace.search_errors             the latest failed traces of a window                           window at limit offset
      metric.query_time_series        one series in buckets over a window                            window at bucket draw
      metric.get_latency_percentiles  P50, P95, P99 of a service's points in a window                window at draw
      metric.get_latest_data_point    the newest point of one series within a lookback               window draw
      log.get_logs_by_trace           every log record of one trace                                  draw unknown_share
      log.search_logs                 the latest log records of a window whose body holds a text     window at search limit
      log.list                        the latest log records of one service in a window              window at draw limit offset
      log.get_errors                  the latest log records of a window at severity ERROR or above  window at limit
    ");
}

#[test]
fn a_file_stands_above_the_shipped_scenario_of_its_name() {
    let own = "description = \"mine\"\n[operations.\"trace.list\"]\nrate = 10.0\n";
    let (code, stdout, _) = run(&[("expected.toml", own)], &["check", "expected.toml"]);
    assert_eq!(code, 0);
    assert!(
        stdout.starts_with("expected (expected.toml)\nmine\n"),
        "{stdout}"
    );
}

#[test]
fn the_environment_stands_above_the_file_and_below_a_flag() {
    let folder = tempfile::tempdir().unwrap();
    let image = |arguments: &[&str]| {
        let output = super::highwater(&folder)
            .env("HIGHWATER_IMAGE", "from-env")
            .args(["check", "expected"])
            .args(arguments)
            .output()
            .unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        let line = shown.lines().find(|line| line.trim().starts_with("image"));
        line.unwrap().split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!(image(&[]), "from-env");
    assert_eq!(image(&["--set", "target.image=from-set"]), "from-set");
    assert_eq!(image(&["--image", "from-flag"]), "from-flag");
}
