//! What a run prints at its end: the verdict, the table, and what explains it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::archive::{
    HistoryLine, LatencyRecord, ObjectiveCheck, ObjectiveVerdict, OperationRecord, RunRecord,
    ValidityVerdict,
};
use crate::units::Quantile;

mod below;

pub(super) use below::{about, since};
use below::{objectives, validity};

use super::table::{Align, Cell, Ink, Paint, Table};
use super::words::{self, TimeUnit, grouped};

/// The width that the table keeps to where the names allow it.
const WIDTH: usize = 120;

/// What is printed beside the run itself.
#[derive(Debug, Clone, Copy)]
pub struct Terminal<'a> {
    /// The last comparable run; `None` when there was none.
    pub previous: Option<&'a HistoryLine>,
    /// Where the page is; `None` when it was not written.
    pub page: Option<&'a Path>,
    /// Whether colour may be used.
    pub paint: Paint,
}

/// The whole text, with its last line end.
pub fn terminal(run: &RunRecord, with: &Terminal<'_>) -> String {
    let paint = with.paint;
    let mut text = headline(run, paint);
    text.push('\n');
    let unit = TimeUnit::of(run);
    let open = run
        .operations
        .iter()
        .any(|o| o.offered_per_second.is_some());
    let note = format!(
        "response time in {}, from the scheduled start; {} in calls per second",
        unit.name,
        if open {
            "offered and achieved"
        } else {
            "achieved"
        }
    );
    let _ = writeln!(text, "{}", Ink::Dim.paint(&note, paint));
    let (table, beside) = table(run, unit);
    text.push_str(&table.render(paint));
    for line in footnotes(run) {
        let _ = writeln!(text, "{}", Ink::Dim.paint(&line, paint));
    }
    text.push('\n');
    let mut lines = about(run);
    if let Some(previous) = with.previous {
        lines.push(("last run", vec![since(run, previous)]));
    }
    for (name, values) in lines {
        block(
            &mut text,
            name,
            values.into_iter().map(Cell::new).collect(),
            paint,
        );
    }
    block(&mut text, "validity", validity(run), paint);
    block(&mut text, "objectives", objectives(run, beside), paint);
    if let Some(page) = with.page {
        block(
            &mut text,
            "page",
            vec![Cell::new(page.display().to_string())],
            paint,
        );
    }
    text
}

fn headline(run: &RunRecord, paint: Paint) -> String {
    let (word, ink) = match run.validity.verdict {
        ValidityVerdict::Valid => ("VALID", Ink::Good),
        ValidityVerdict::Suspect => ("SUSPECT", Ink::Warn),
        ValidityVerdict::Invalid => ("INVALID: do not use these numbers", Ink::Bad),
        ValidityVerdict::Unchecked => ("UNCHECKED", Ink::Warn),
    };
    let measured = run.phases.measure_s.map_or_else(
        || "nothing measured".to_owned(),
        |s| format!("{} measured", words::seconds(s)),
    );
    let warm = run
        .phases
        .warm_up_s
        .map(|s| format!(" after {} of warm-up", words::seconds(s)));
    let mut line = format!(
        "{}  {}  {measured}{}",
        ink.paint(word, paint),
        Ink::Bold.paint(&run.scenario, paint),
        warm.unwrap_or_default(),
    );
    if run.interrupted {
        let _ = write!(line, "  {}", Ink::Warn.paint("INTERRUPTED", paint));
    }
    if run.objectives.verdict != ObjectiveVerdict::None {
        let (word, ink) = objective_word(run.objectives.verdict);
        let _ = write!(line, "  objectives: {}", ink.paint(word, paint));
    }
    line.push('\n');
    line
}

/// The table, with each operation's objective in its last column where that fits; whether it did.
fn table(run: &RunRecord, unit: TimeUnit) -> (Table, bool) {
    let plain = columns(run, unit);
    let single = |operation: &OperationRecord| of(run, operation).count() <= 1;
    if run.objectives.checks.is_empty() || !run.operations.iter().all(single) {
        return (plain, false);
    }
    let mut wide = plain.clone();
    let cells = run.operations.iter().map(|operation| {
        of(run, operation)
            .next()
            .map_or_else(Cell::default, |check| {
                let (word, ink) = objective_word(check.verdict);
                Cell::new(format!("{} {word}", words::against(check))).ink(ink)
            })
    });
    wide.column("objective", Align::Left, cells.collect());
    if wide.width() <= WIDTH {
        (wide, true)
    } else {
        (plain, false)
    }
}

fn of<'a>(
    run: &'a RunRecord,
    operation: &'a OperationRecord,
) -> impl Iterator<Item = &'a ObjectiveCheck> {
    let checks = run.objectives.checks.iter();
    checks.filter(|check| check.operation == operation.name)
}

fn columns(run: &RunRecord, unit: TimeUnit) -> Table {
    let each = |cell: &dyn Fn(&OperationRecord) -> Cell| -> Vec<Cell> {
        run.operations.iter().map(cell).collect()
    };
    let mut table = Table::new();
    table.column("operation", Align::Left, each(&|o| Cell::new(&o.name)));
    if run
        .operations
        .iter()
        .any(|o| o.offered_per_second.is_some())
    {
        let offered = |o: &OperationRecord| o.offered_per_second.map_or("-".to_owned(), rate);
        table.column("offered", Align::Right, each(&|o| Cell::new(offered(o))));
    }
    let done = |o: &OperationRecord| {
        let behind = o
            .offered_per_second
            .is_some_and(|offered| o.achieved_per_second < 0.99 * offered);
        Cell::new(rate(o.achieved_per_second)).ink(if behind { Ink::Warn } else { Ink::Plain })
    };
    table.column("achieved", Align::Right, each(&done));
    let n = |o: &OperationRecord| Cell::new(grouped(o.latency_ns.response.count as f64, 0));
    table.column("n", Align::Right, each(&n));
    let failed = |o: &OperationRecord| {
        let ink = if o.lost() > 0 { Ink::Bad } else { Ink::Plain };
        Cell::new(grouped(o.lost() as f64, 0)).ink(ink)
    };
    table.column("failed", Align::Right, each(&failed));
    for quantile in [Quantile::P50, Quantile::P95, Quantile::P99, Quantile::P999] {
        let cells = quantile_cells(run, unit, |r| r.quantile(quantile), Some(quantile));
        table.column(&quantile.to_string(), Align::Right, cells);
    }
    table.column(
        "max",
        Align::Right,
        quantile_cells(run, unit, |r| r.max, None),
    );
    let mostly = |o: &OperationRecord| {
        words::dominating(o).map_or_else(
            || Cell::new("-"),
            |(part, share)| Cell::new(format!("{} {}", part.name(), words::percent(share))),
        )
    };
    table.column("mostly", Align::Left, each(&mostly));
    table
}

/// One quantile of every operation, at the three digits that the histograms have. A quantile of too
/// few samples stands in brackets; one without samples is a dash.
fn quantile_cells(
    run: &RunRecord,
    unit: TimeUnit,
    value: impl Fn(&LatencyRecord) -> Option<u64>,
    quantile: Option<Quantile>,
) -> Vec<Cell> {
    let responses = || run.operations.iter().map(|o| &o.latency_ns.response);
    let few = |r: &LatencyRecord| quantile.is_some_and(|q| !words::enough(r.count, q));
    let any_few = responses().any(|r| value(r).is_some() && few(r));
    let pad = if any_few { " " } else { "" };
    responses()
        .map(|response| match value(response) {
            None => Cell::new(format!("-{pad}")),
            Some(ns) => {
                let number = words::digits(unit.value(ns));
                if few(response) {
                    Cell::new(format!("({number})")).ink(Ink::Dim)
                } else {
                    Cell::new(format!("{number}{pad}"))
                }
            }
        })
        .collect()
}

fn rate(per_second: f64) -> String {
    grouped(per_second, usize::from(per_second < 1_000.0))
}

/// What the table cannot say in a number: brackets, and how calls were lost.
fn footnotes(run: &RunRecord) -> Vec<String> {
    let mut lines = Vec::new();
    let shown = [Quantile::P50, Quantile::P95, Quantile::P99, Quantile::P999];
    let few: Vec<String> = shown
        .into_iter()
        .filter(|quantile| {
            let mut responses = run.operations.iter().map(|o| &o.latency_ns.response);
            responses.any(|r| r.count > 0 && !words::enough(r.count, *quantile))
        })
        .map(|q| format!("{q} {}", grouped(q.samples_needed() as f64, 0)))
        .collect();
    if !few.is_empty() {
        lines.push(format!(
            "(in brackets) too few samples to be a measurement; it takes {}",
            few.join(", ")
        ));
    }
    for operation in run.operations.iter().filter(|o| o.lost() > 0) {
        lines.push(format!("{}: {}", operation.name, losses(operation)));
    }
    lines.extend(examples(run));
    lines
}

/// The database's words for one failure of each kind.
fn examples(run: &RunRecord) -> Vec<String> {
    let mut words: BTreeMap<&str, &str> = BTreeMap::new();
    for (class, message) in run.operations.iter().flat_map(|o| &o.error_examples) {
        words.entry(class).or_insert(message);
    }
    words
        .into_iter()
        .map(|(class, message)| format!("{class}, for one: {message}"))
        .collect()
}

/// `6 failed (57 x4, connection x2), 3 timed out`.
pub(super) fn losses(operation: &OperationRecord) -> String {
    let errors: Vec<String> = operation
        .errors
        .iter()
        .map(|(class, count)| format!("{class} x{count}"))
        .collect();
    let mut kinds = Vec::new();
    for (count, word) in [
        (operation.failed, "failed"),
        (operation.timed_out, "timed out"),
        (operation.shed, "shed"),
        (operation.unfinished, "unfinished"),
    ] {
        if count > 0 {
            let mut kind = format!("{} {word}", grouped(count as f64, 0));
            if word == "failed" && !errors.is_empty() {
                let _ = write!(kind, " ({})", errors.join(", "));
            }
            kinds.push(kind);
        }
    }
    kinds.join(", ")
}

fn objective_word(verdict: ObjectiveVerdict) -> (&'static str, Ink) {
    let ink = match verdict {
        ObjectiveVerdict::Pass => Ink::Good,
        ObjectiveVerdict::Fail => Ink::Bad,
        ObjectiveVerdict::Unknown => Ink::Warn,
        ObjectiveVerdict::None => Ink::Plain,
    };
    (verdict.word(), ink)
}

fn validity_ink(verdict: ValidityVerdict) -> Ink {
    match verdict {
        ValidityVerdict::Valid => Ink::Good,
        ValidityVerdict::Suspect => Ink::Warn,
        ValidityVerdict::Invalid => Ink::Bad,
        ValidityVerdict::Unchecked => Ink::Dim,
    }
}

/// A name and the lines that belong to it, wrapped between words and indented below it.
fn block(text: &mut String, name: &str, lines: Vec<Cell>, paint: Paint) {
    const INDENT: usize = 12;
    let mut head = format!("{name:<INDENT$}");
    for cell in lines {
        for (i, line) in wrap(&cell.text, WIDTH - INDENT).into_iter().enumerate() {
            let more = if i > 0 { "  " } else { "" };
            let line = cell.ink.paint(&line, paint);
            let _ = writeln!(text, "{}{more}{line}", Ink::Bold.paint(&head, paint));
            head = " ".repeat(INDENT);
        }
    }
}

/// Lines of at most `width` characters, broken at spaces; a longer word stays whole.
fn wrap(text: &str, width: usize) -> Vec<String> {
    // A continuation is indented by two.
    let width = width - 2;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests;
