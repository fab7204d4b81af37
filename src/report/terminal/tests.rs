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
        page: Some(Path::new("reports/20260101T120000Z-expected-ab12cd3/report.html")),
        paint: Paint::Plain,
    };
    insta::assert_snapshot!(terminal(&run, &with), @"");
}

#[test]
fn a_suspect_run_that_misses_an_objective() {
    insta::assert_snapshot!(plain(&sample::suspect_and_missed()), @"");
}

#[test]
fn an_invalid_run() {
    insta::assert_snapshot!(plain(&sample::invalid()), @"");
}

#[test]
fn an_interrupted_run() {
    insta::assert_snapshot!(plain(&sample::interrupted()), @"");
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
    let search = text.lines().find(|line| line.starts_with("log.search")).unwrap();
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
    assert!(!text.contains("offered") && !text.contains("pacing"), "{text}");
}
