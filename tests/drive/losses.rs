//! Nothing scheduled is lost: errors, timeouts, interruption and the end of the drain.

use std::sync::atomic::Ordering;
use std::time::Duration;

use highwater::plan::Access;
use highwater::record::Part;
use highwater::units::{Quantile, Span};
use highwater::workload::ErrorClass;

use crate::fake::{Behaviour, Fake, drive, load};

const NOW: Behaviour = Behaviour::After(Duration::ZERO);
const NEVER: Behaviour = Behaviour::After(Duration::from_hours(1));

#[test]
fn failures_are_counted_by_class_and_have_no_latency() {
    let behaviour = |_, index| match index % 4 {
        0 => Behaviour::Fail,
        1 => Behaviour::Wrong,
        2 => Behaviour::Empty,
        _ => NOW,
    };
    let driven = drive(&load(2, &[100.0]), &Fake::new(2, behaviour), None);
    let record = &driven.operations[0].record;
    assert_eq!((record.counts.ok, record.counts.failed), (50, 150));
    assert_eq!(
        (
            record.counts.wrong,
            record.counts.empty,
            record.counts.checked
        ),
        (50, 50, 150)
    );
    assert_eq!(record.errors[&ErrorClass::SqlState(*b"53")], 50);
    assert!(record.error_examples[&ErrorClass::SqlState(*b"53")].contains("53300"));
    assert_eq!(
        record.part(Part::Response).count(),
        50,
        "a fast failure improves no percentile"
    );
}

#[test]
fn a_timeout_enters_at_its_deadline_and_its_connection_recovers() {
    for access in [Access::Pinned, Access::Pool] {
        let mut load = load(4, &[50.0]);
        load.drive.access = access;
        load.drive.timeout = Span::from_millis(200);
        // Every tenth call hangs; the four connections can lose one and go on.
        let fake = Fake::new(4, |_, index| if index % 10 == 5 { NEVER } else { NOW });
        let driven = drive(&load, &fake, None);
        let operation = &driven.operations[0];
        assert_eq!(operation.record.counts.timed_out, 10, "{access:?}");
        assert_eq!(operation.record.counts.ok, 90, "{access:?}");
        let longest = operation.record.part(Part::Response).max().unwrap() as f64 / 1e6;
        assert!(
            (longest / 200.0 - 1.0).abs() < 0.01,
            "{access:?}: {longest} ms"
        );
        let p50 = operation
            .record
            .part(Part::Response)
            .at(Quantile::P50)
            .unwrap();
        assert!(
            p50 < 50_000_000,
            "{access:?}: the call after a timeout does not pay for it"
        );
        assert!(fake.recovered.load(Ordering::Relaxed) >= 10, "{access:?}");
        assert_eq!(fake.discarded.load(Ordering::Relaxed), 0, "{access:?}");
    }
}

/// Each connection takes longer to open than a call may wait. The calls that asked for it time out,
/// and the connection serves those that wait behind them.
#[test]
fn a_connection_that_comes_late_serves_the_next_call() {
    let mut load = load(4, &[200.0]);
    load.drive.access = Access::Pool;
    load.drive.timeout = Span::from_millis(200);
    let fake = Fake::slow_to_open(Duration::from_millis(300), 4);
    let driven = drive(&load, &fake, None);
    let counts = driven.operations[0].record.counts;
    assert_eq!(counts.total(), 400);
    // Four connections, each ready every 300 ms, for two seconds: 26 calls, and some luck.
    assert!((10..60).contains(&counts.ok), "{counts:?}");
}

#[test]
fn what_hangs_at_the_end_of_the_drain_is_unfinished() {
    let mut load = load(2, &[10.0]);
    load.drive.drain = Span::from_millis(300);
    let fake = Fake::new(2, |_, index| if index >= 15 { NEVER } else { NOW });
    let driven = drive(&load, &fake, None);
    let operation = &driven.operations[0];
    let counts = operation.record.counts;
    assert_eq!((operation.scheduled, counts.total()), (20, 20));
    // The warm-up took one arrival, so calls 15.. are measured arrivals 14..20: two hold the
    // connections, the others never get one.
    assert_eq!((counts.ok, counts.unfinished), (14, 6), "{counts:?}");
    let shortest = operation
        .record
        .part(Part::Response)
        .as_hdr()
        .value_at_quantile(0.999);
    assert!(shortest >= 300_000_000, "a lower bound covers the drain");
}

#[test]
fn an_interrupted_run_keeps_what_it_measured() {
    for access in [Access::Pinned, Access::Pool] {
        let mut load = load(4, &[200.0]);
        load.drive.access = access;
        load.drive.duration = Span::from_secs(60);
        let fake = Fake::new(4, |_, _| Behaviour::After(Duration::from_millis(3)));
        let driven = drive(&load, &fake, Some(Duration::from_millis(1_300)));
        assert!(driven.interrupted);
        let operation = &driven.operations[0];
        assert_eq!(operation.record.counts.total(), operation.scheduled);
        assert!(
            (100..400).contains(&operation.scheduled),
            "{}",
            operation.scheduled
        );
        assert!(driven.times.measure < Duration::from_secs(5));
    }
}

#[test]
fn an_interruption_during_warm_up_measures_nothing() {
    let mut load = load(2, &[100.0]);
    load.drive.warm_up = Span::from_secs(60);
    let driven = drive(
        &load,
        &Fake::new(2, |_, _| NOW),
        Some(Duration::from_millis(300)),
    );
    assert!(driven.interrupted);
    assert_eq!(
        (driven.operations[0].scheduled, driven.times.measure),
        (0, Duration::ZERO)
    );
    assert!(driven.times.warm_up < Duration::from_secs(30));
}

#[test]
fn a_call_that_fails_while_priming_ends_the_run_before_it_starts() {
    use highwater::drive::Watcher;
    use highwater::workload::{Answer, CallError, Operations};
    struct Broken;
    impl Operations for Broken {
        type Session = ();
        type Reply = ();
        async fn acquire(&self) -> Result<(), CallError> {
            Ok(())
        }
        async fn release(&self, (): ()) {}
        async fn recover(&self, (): ()) -> Option<()> {
            None
        }
        fn discard(&self, (): ()) {}
        async fn call(&self, (): &mut (), _: usize, _: u64) -> Result<(), CallError> {
            Err(CallError {
                class: ErrorClass::SqlState(*b"42"),
                message: "relation \"traces\" does not exist (42P01)".into(),
                connection_lost: false,
            })
        }
        fn check(&self, _: usize, _: u64, (): ()) -> Answer {
            unreachable!("no call succeeds")
        }
    }
    struct Silent;
    impl Watcher for Silent {}
    for access in [Access::Pinned, Access::Pool] {
        let mut load = load(2, &[100.0]);
        load.drive.access = access;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let error = highwater::drive::run(
            &load,
            std::sync::Arc::new(Broken),
            runtime.handle(),
            &mut Silent,
            &tokio_util::sync::CancellationToken::new(),
        )
        .unwrap_err()
        .to_string();
        assert!(
            error.contains("operation 0") && error.contains("42P01"),
            "{error}"
        );
    }
}
