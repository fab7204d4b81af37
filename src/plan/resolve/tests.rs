//! What a scenario resolves to, and what is refused at which line.

use crate::plan::littles_law::BusyConnections;
use crate::plan::{Flags, Origin, Plan, TargetChoice, Typed};
use crate::scenario::{Scenario, Source, shipped};
use crate::units::Span;

const FLAGS: Flags = Flags {
    target: None,
    image: None,
    duration: None,
    seed: None,
    keep: false,
    allow_existing: false,
    cores: 2,
};

fn load(text: &str, set: &[&str]) -> Scenario {
    let set: Vec<String> = set.iter().map(|&one| one.to_owned()).collect();
    Scenario::parse("a", Source::new("a.toml", text), &set).unwrap()
}

fn resolve(text: &str, set: &[&str]) -> Result<Plan, String> {
    Plan::resolve(&load(text, set), &FLAGS).map_err(|error| error.to_string())
}

fn refused(text: &str) -> String {
    let message = resolve(text, &[]).unwrap_err();
    message.lines().next().unwrap().to_owned()
}

const ONE: &str = "[operations.\"trace.list\"]\nrate = 10\n";

fn shipped_plan(name: &str, set: &[&str]) -> Plan {
    resolve(shipped::by_name(name).unwrap().text, set).unwrap()
}

#[test]
fn every_shipped_scenario_resolves_without_a_note() {
    for one in shipped::ALL {
        let plan = shipped_plan(one.name, &[]);
        assert!(!plan.description.is_empty(), "{}", one.name);
        if one.name != "reference" {
            assert_eq!(plan.notes(), Vec::<String>::new(), "{}", one.name);
        }
    }
}

#[test]
fn expected_has_the_rows_and_the_budgets_of_the_guide() {
    let plan = shipped_plan("expected", &[]);
    let rows = &plan.dataset;
    assert!(rows.spans() >= 1_000_000 && rows.logs() >= 1_000_000 && rows.points() >= 2_000_000);
    assert_eq!(rows.days, 7);
    let rates: Vec<_> = plan
        .operations
        .iter()
        .map(|one| (one.call.name(), one.rate.unwrap().per_second()))
        .collect();
    assert_eq!(
        rates,
        [
            ("trace.get_by_trace_id", 1000.0),
            ("trace.list", 500.0),
            ("metric.query_time_series", 200.0),
            ("log.search_logs", 100.0)
        ]
    );
    let busy = BusyConnections::of(&plan);
    let each: Vec<_> = busy
        .rows
        .iter()
        .map(crate::plan::littles_law::Busy::connections)
        .collect();
    // 1000/s x 5 ms, 500/s x 20 ms, 200/s x 50 ms, 100/s x 100 ms.
    for (got, wanted) in each.iter().zip([5.0, 10.0, 10.0, 10.0]) {
        assert!((got - wanted).abs() < 1e-9, "{each:?}");
    }
    assert!((busy.total() - 35.0).abs() < 1e-9 && !busy.fits());
    assert_eq!(busy.connections, 20);
}

#[test]
fn rate_scale_multiplies_every_rate() {
    let plan = shipped_plan("expected", &["drive.rate_scale=4"]);
    let total: f64 = plan
        .operations
        .iter()
        .map(|one| one.rate.unwrap().per_second())
        .sum();
    assert!((total - 7_200.0).abs() < 1e-9);
}

#[test]
fn flags_stand_above_set_above_the_environment_above_the_file() {
    let text = format!("[target]\nimage = \"file\"\n{ONE}");
    let image = |set: &[&str], typed: Option<(&str, Origin)>| {
        let flags = Flags {
            image: typed.map(|(text, origin)| Typed {
                text: text.to_owned(),
                origin,
            }),
            ..FLAGS
        };
        let plan = Plan::resolve(&load(&text, set), &flags).unwrap();
        plan.target.image.unwrap()
    };
    assert_eq!(image(&[], None), "file");
    assert_eq!(image(&[], Some(("env", Origin::Environment))), "env");
    let set = ["target.image=set"];
    assert_eq!(image(&set, Some(("env", Origin::Environment))), "set");
    assert_eq!(image(&set, Some(("flag", Origin::Flag))), "flag");
}

#[test]
fn a_flag_of_time_and_seed_wins() {
    let flags = Flags {
        duration: Some(Span::from_secs(3)),
        seed: Some(9),
        ..FLAGS
    };
    let text = format!("seed = 2\n{ONE}[drive]\nduration = \"1m\"\n");
    let plan = Plan::resolve(&load(&text, &[]), &flags).unwrap();
    assert_eq!((plan.drive.duration, plan.seed), (Span::from_secs(3), 9));
    let flags = Flags {
        duration: Some(Span::default()),
        ..FLAGS
    };
    let error = Plan::resolve(&load(&text, &[]), &flags)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("--duration 0s: `duration` = 0s is out of range"),
        "{error}"
    );
}

#[test]
fn a_target_is_a_word_or_a_url_and_its_password_stays_inside() {
    let target = |text: &str| {
        let flags = Flags {
            target: Some(Typed {
                text: text.to_owned(),
                origin: Origin::Flag,
            }),
            ..FLAGS
        };
        Plan::resolve(&load(ONE, &[]), &flags)
    };
    assert_eq!(
        target("docker").unwrap().target.choice,
        TargetChoice::Docker
    );
    let plan = target("postgres://me:hush@db.test/bench").unwrap();
    assert!(matches!(plan.target.choice, TargetChoice::External(_)));
    assert!(!serde_json::to_string(&plan).unwrap().contains("hush"));
    let near = target("dcoker").unwrap_err().to_string();
    assert!(near.contains("did you mean `docker`?"), "{near}");
    for secret in [
        "postgres://me:hush@[::1/bench",
        "mysql://me:hush@db/x",
        "me:hush@db",
    ] {
        let error = target(secret).unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
    }
}

#[test]
fn server_settings_override_defaults_one_by_one() {
    let text = format!("{ONE}[server]\nmax_connections = 50\njit = false\n");
    let server = resolve(&text, &[]).unwrap().target.server;
    assert_eq!(server["max_connections"], "50");
    assert_eq!(server["jit"], "off");
    assert_eq!(server["max_locks_per_transaction"], "1024");
}

#[test]
fn knobs_out_of_range_name_line_and_range() {
    for (keys, says) in [
        (
            "[dataset]\nthreads = 0",
            "a.toml:4:11: `threads` = 0 is out of range: write 1 to 1024",
        ),
        (
            "[drive]\nconnections = 0",
            "a.toml:4:15: `connections` = 0 is out of range: write 1 to 10000",
        ),
        (
            "[drive]\ntimeout = \"0s\"",
            "a.toml:4:11: `timeout` = 0s is out of range: write 1ns to 365d",
        ),
        (
            "[drive]\nduration = \"0s\"",
            "a.toml:4:12: `duration` = 0s is out of range: write 1ns to 365d",
        ),
        (
            "[pool]\nmin = 21",
            "a.toml:4:7: `min` = 21 is out of range: write 0 to 20",
        ),
        (
            "[validity]\nlag_share_max = 1.5",
            "a.toml:4:17: `lag_share_max` = 1.5 is out of range: write 0 to 1",
        ),
        (
            "[validity]\nlag_share_max = nan",
            "a.toml:4:17: `lag_share_max` = NaN is out of range: write 0 to 1",
        ),
        (
            "[dataset]\ntraces = 1000",
            "a.toml:4:10: `traces` = 1000 is not a multiple of 64, the size of a block: write 960 or 1024",
        ),
        (
            "[dataset]\nend = 2026-06-01",
            "a.toml:4:7: `end` = 2026-06-01 names no instant: write a date with time and zone, such as 2026-06-01T00:00:00Z",
        ),
        (
            "[schema]\nchunk_interval = \"1s\"",
            "a.toml:4:18: 604800 chunks a table are more than 10000: lengthen `chunk_interval` or shorten `days`",
        ),
        (
            "[target]\ncpuset = \"3-1\"",
            "a.toml:4:10: `cpuset` = \"3-1\" is out of range: write CPU numbers such as \"0\" to \"0-3,6\"",
        ),
    ] {
        assert_eq!(refused(&format!("{ONE}{keys}\n")), says);
    }
}

#[test]
fn contradictions_name_both_sides() {
    for (text, says) in [
        (
            "",
            "a.toml: no operations: add a table such as [operations.\"trace.list\"]; `highwater list` shows what can be called",
        ),
        (
            "[operations.\"trace.list\"]\n",
            "a.toml:1:13: operation `trace.list` has no rate, and the open model needs one: write `rate = 100.0` (arrivals per second), or `model = \"closed\"` in [drive]",
        ),
        (
            "[drive]\nmodel = \"closed\"\n[operations.\"trace.list\"]\nrate = 5\n",
            "a.toml:4:8: `rate` is read only in the open model, and this scenario drives the closed one: take it out, or write `model = \"open\"` in [drive]",
        ),
        (
            "[operations.\"trace.list\"]\nrate = 5\nweight = 2\n",
            "a.toml:3:10: `weight` is read only in the closed model, and this scenario drives the open one: take it out, or write `model = \"closed\"` in [drive]",
        ),
        (
            "[operations.\"trace.list\"]\nrate = 5\nwindow = \"8d\"\n",
            "a.toml:3:10: a window of 8d is longer than the data, 7 days: shorten it, or raise `days` in [dataset]",
        ),
        (
            "[operations.\"trace.list\"]\nrate = 5\nbucket = \"5m\"\n",
            "a.toml:3:10: trace.list does not use `bucket`; it uses window, at, draw, limit, offset",
        ),
        (
            "[operations.\"metric.query_time_series\"]\nrate = 5\nbucket = \"7m\"\n",
            "a.toml:3:10: a bucket of 7m does not divide the window of 1h into whole buckets: write a whole number of seconds that does",
        ),
        (
            "[operations.\"trace.get_by_traceid\"]\nrate = 5\n",
            "a.toml:1:13: no operation `trace.get_by_traceid`: did you mean `trace.get_by_trace_id`? (`highwater list` shows all; a label of your own needs `call = \"...\"`)",
        ),
        (
            "[operations.\"Big List\"]\ncall = \"trace.list\"\nrate = 5\n",
            "a.toml:1:13: `Big List` is no name for an operation: use up to 64 of a-z, 0-9, `_`, `-` and `.`",
        ),
        (
            "[drive]\nworkers = 4\nconnections = 2\n[operations.\"trace.list\"]\nrate = 5\n",
            "a.toml:2:11: `workers` = 4 is above `connections` = 2: a worker without a connection does nothing; take fewer workers",
        ),
    ] {
        assert_eq!(refused(text), says);
    }
}

#[test]
fn objectives_must_say_something_true() {
    for (objective, says) in [
        (
            "[objectives.\"trace.lst\"]\np95 = \"1s\"",
            "a.toml:3:13: objective for `trace.lst`, which this scenario does not call: did you mean `trace.list`?",
        ),
        (
            "[objectives.\"log.list\"]\np95 = \"1s\"",
            "a.toml:3:13: objective for `log.list`, which this scenario does not call: write `trace.list`",
        ),
        (
            "[objectives.\"trace.list\"]\np50 = \"2s\"\np95 = \"1s\"",
            "a.toml:5:7: p95 = 1s is below p50 = 2s: a percentile is never below a lower one, so one of the two says nothing",
        ),
        (
            "[objectives.\"trace.list\"]\np50 = \"2s\"\np999 = \"1s\"",
            "a.toml:5:8: p999 = 1s is below p50 = 2s: a percentile is never below a lower one, so one of the two says nothing",
        ),
        (
            "[objectives.\"trace.list\"]\np95 = \"10s\"",
            "a.toml:4:7: `p95` = 10s is not below `timeout` = 10s: no call is waited for that long, so raise the timeout in [drive]",
        ),
        (
            "[objectives.\"trace.list\"]\nerror_share = 2.0",
            "a.toml:4:15: `error_share` = 2 is out of range: write 0 to 1",
        ),
        (
            "[objectives.\"trace.list\"]",
            "a.toml:3:13: objective for `trace.list` limits nothing: write p50, p90, p95, p99, p999 or error_share",
        ),
    ] {
        assert_eq!(refused(&format!("{ONE}{objective}\n")), says);
    }
}

#[test]
fn notes_name_objectives_that_will_stay_unknown() {
    let text = format!("{ONE}[objectives.\"trace.list\"]\np50 = \"1s\"\np99 = \"2s\"\n");
    let notes = resolve(&text, &[]).unwrap().notes();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].contains("about 300 samples are too few for P99 (it needs 1000)"),
        "{notes:?}"
    );
    assert!(notes[1].contains("about 5.0 executions"), "{notes:?}");
}
