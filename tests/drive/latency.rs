//! What is reported is what the server did and what the schedule wanted.

use std::time::Duration;

use highwater::plan::{Access, Model};
use highwater::record::Part;
use highwater::units::{Quantile, Span};

use crate::fake::{Behaviour, Fake, drive, load};

fn ms(operation: &highwater::drive::OperationTotal, part: Part, quantile: Quantile) -> f64 {
    operation.record.part(part).at(quantile).unwrap() as f64 / 1e6
}

#[test]
fn a_known_delay_is_the_service_time() {
    for access in [Access::Pinned, Access::Pool] {
        let mut load = load(8, &[100.0]);
        load.drive.access = access;
        let fake = Fake::new(8, |_, _| Behaviour::After(Duration::from_millis(20)));
        let driven = drive(&load, &fake, None);
        let operation = &driven.operations[0];
        assert_eq!(
            (operation.scheduled, operation.record.counts.ok),
            (200, 200)
        );
        let p50 = ms(operation, Part::Service, Quantile::P50);
        assert!((20.0..40.0).contains(&p50), "{access:?}: {p50} ms");
        assert!(ms(operation, Part::Response, Quantile::P50) >= p50);
        assert_eq!(
            driven.pacing.count(),
            200,
            "each arrival has its pacing error"
        );
        assert_eq!(driven.primed_executions, 10);
    }
}

/// One connection serves 20 calls a second and 40 are due: response counts from the schedule, so
/// it grows to a second and more, while service stays what it is.
#[test]
fn an_overload_shows_in_wait_and_not_in_service() {
    let load = load(1, &[40.0]);
    let fake = Fake::new(1, |_, _| Behaviour::After(Duration::from_millis(50)));
    let driven = drive(&load, &fake, None);
    let operation = &driven.operations[0];
    assert_eq!(
        operation.record.counts.ok, 80,
        "the drain serves what waits"
    );
    assert!(
        operation.ok_in_window <= 41,
        "{} in the window",
        operation.ok_in_window
    );
    let service = ms(operation, Part::Service, Quantile::P99);
    assert!((50.0..100.0).contains(&service), "{service} ms");
    // The last of 80 is due at 2 s and served at 4 s at the earliest.
    assert!(ms(operation, Part::Response, Quantile::P99) > 1_900.0);
    assert!(ms(operation, Part::Wait, Quantile::P99) > 1_850.0);
    assert!(
        ms(operation, Part::Lag, Quantile::P50) < 50.0,
        "the generator kept its schedule"
    );
    assert!(driven.waiting_max >= 35, "{} waited", driven.waiting_max);
}

/// A stall of 500 ms in a run at 100/s makes 50 arrivals late, from 500 ms down to nothing; a
/// closed loop on the same connection sees it once.
#[test]
fn a_stall_is_charged_to_every_arrival_that_it_delays() {
    let stall = |_, index| match index {
        100 => Behaviour::After(Duration::from_millis(500)),
        _ => Behaviour::After(Duration::ZERO),
    };
    let open = drive(&load(1, &[100.0]), &Fake::new(1, stall), None);
    let late = |driven: &highwater::drive::Driven| {
        let response = driven.operations[0]
            .record
            .part(Part::Response)
            .as_hdr()
            .clone();
        response.count_between(50_000_000, u64::MAX)
    };
    // Arrivals 0..450 ms into the stall respond after more than 50 ms: 45 or 46, and what noise
    // adds.
    assert!((44..=60).contains(&late(&open)), "{} late", late(&open));
    let mut closed = load(1, &[100.0]);
    closed.drive.model = Model::Closed;
    closed.drive.think_time = Span::from_millis(8);
    let closed = drive(&closed, &Fake::new(1, stall), None);
    assert!((1..=5).contains(&late(&closed)), "{} late", late(&closed));
}

#[test]
fn a_closed_loop_runs_as_many_calls_as_callers_can() {
    let mut load = load(4, &[1.0]);
    load.drive.model = Model::Closed;
    load.drive.access = Access::Pool;
    load.drive.callers = 16;
    let fake = Fake::new(4, |_, _| Behaviour::After(Duration::from_millis(20)));
    let driven = drive(&load, &fake, None);
    let operation = &driven.operations[0];
    // 4 connections, 20 ms each (tokio rounds up to 21-22): 180 to 200 calls a second.
    assert!(
        (250..=404).contains(&operation.scheduled),
        "{}",
        operation.scheduled
    );
    // 16 callers on 4 connections: three quarters of the time are spent waiting.
    let (wait, service) = (
        ms(operation, Part::Wait, Quantile::P50),
        ms(operation, Part::Service, Quantile::P50),
    );
    assert!(
        wait > 2.0 * service,
        "{wait} ms of wait, {service} ms of service"
    );
    assert_eq!(operation.record.counts.total(), operation.scheduled);
}

#[test]
fn operations_are_told_apart() {
    let fake = Fake::new(8, |operation, _| {
        Behaviour::After(Duration::from_millis(if operation == 0 { 5 } else { 60 }))
    });
    let driven = drive(&load(8, &[50.0, 25.0]), &fake, None);
    let [quick, slow] = &driven.operations[..] else {
        panic!("two operations")
    };
    assert_eq!((quick.scheduled, slow.scheduled), (100, 50));
    assert!(ms(quick, Part::Service, Quantile::P50) < 40.0);
    assert!(ms(slow, Part::Service, Quantile::P50) >= 60.0);
}
