//! `report.html`: one page that needs nothing but itself.
//!
//! Input: a run, its columns over time, the run before. Output: the page's text. The first screen
//! answers (verdict, table, objectives); what follows explains. Knows nothing of files.

mod details;
mod operations;
mod summary;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::archive::{Columns, HistogramError, HistoryLine, RunRecord};

/// What the page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The run.
    pub run: &'a RunRecord,
    /// What it did over time; `None` when nobody wrote that down.
    pub columns: Option<&'a Columns>,
    /// The last comparable run; `None` when there was none.
    pub previous: Option<&'a HistoryLine>,
}

/// The page's text, in UTF-8.
///
/// # Errors
/// When a histogram of the run cannot be decoded.
pub fn page(page: &Page<'_>) -> Result<String, HistogramError> {
    let run = page.run;
    let title = format!("{}: {}", run.scenario, run.validity.verdict.word());
    let operations = operations::operations(page)?;
    let text: Markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " - Highwater" }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                main {
                    (summary::header(run))
                    (summary::reasons(run))
                    (summary::table(run))
                    (summary::objectives(run))
                    (summary::about(page))
                    (operations)
                    (details::validity(run))
                    (details::facts(run))
                    (details::how_to_read())
                }
            }
        }
    };
    Ok(text.into_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::sample;

    fn render(run: &RunRecord, columns: Option<&Columns>) -> String {
        page(&Page {
            run,
            columns,
            previous: None,
        })
        .unwrap()
    }

    #[test]
    fn needs_nothing_but_itself() {
        let run = sample::passing();
        let text = render(&run, Some(&sample::columns(&run)));
        for outside in ["src=", "href=\"http", "@import", "url(", "<script", "<link"] {
            assert!(!text.contains(outside), "{outside}");
        }
        for inside in [
            "timescaledb-apache",
            "17.6",
            "unix-socket",
            "log.search_logs",
            "P99.9",
        ] {
            assert!(text.contains(inside), "{inside}");
        }
        assert_eq!(text.matches("<svg").count(), text.matches("<desc>").count());
        assert!(!text.contains("NaN"));
    }

    #[test]
    fn an_hour_of_twenty_operations_fits_two_mebibytes() {
        let run = sample::long(20, 3_600);
        let text = render(&run, Some(&sample::columns(&run)));
        assert!(text.len() <= 2 << 20, "{} bytes", text.len());
        assert!(text.matches("<svg").count() > 60);
    }

    #[test]
    fn an_invalid_run_says_so_first_and_passes_nothing() {
        let text = render(&sample::invalid(), None);
        let at = |needle: &str| text.find(needle).unwrap_or(usize::MAX);
        assert!(at("do not use these numbers") < at("<table"));
        assert!(!text.contains(">pass<"));
    }

    #[test]
    fn names_cannot_break_the_page() {
        let mut run = sample::passing();
        run.operations[0].name = "<b>&\"x\"".to_owned();
        let text = render(&run, Some(&sample::columns(&run)));
        assert!(!text.contains("<b>"));
        assert!(text.contains("&lt;b&gt;"));
    }

    #[test]
    fn a_damaged_histogram_is_an_error() {
        let mut run = sample::passing();
        run.operations[0].latency_ns.wait.histogram = "nothing".to_owned();
        let page = page(&Page {
            run: &run,
            columns: None,
            previous: None,
        });
        assert!(page.is_err());
    }

    /// Writes the pages that a person looks at: `HIGHWATER_PAGES=DIR cargo test pages_to_look_at`.
    #[test]
    fn pages_to_look_at() {
        let Some(folder) = std::env::var_os("HIGHWATER_PAGES") else {
            return;
        };
        for (name, run) in [
            ("passing", sample::passing()),
            ("suspect", sample::suspect_and_missed()),
            ("invalid", sample::invalid()),
            ("interrupted", sample::interrupted()),
            ("long", sample::long(20, 3_600)),
        ] {
            let path = std::path::Path::new(&folder).join(format!("{name}.html"));
            let columns = sample::columns(&run);
            let begun = std::time::Instant::now();
            let text = render(&run, Some(&columns));
            println!("{name}: {} bytes in {:?}", text.len(), begun.elapsed());
            std::fs::write(path, text).unwrap();
        }
    }
}
