//! The nearest right name for a wrong one.

use std::fmt;

/// What to say after an unknown name: the nearest right one, else all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    nearest: Option<String>,
    known: Vec<String>,
}

impl Hint {
    /// The hint for `wrong` among `known`.
    pub fn new<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let nearest = nearest(wrong, &known).map(str::to_owned);
        Self { nearest, known }
    }

    /// The nearest right name; `None` where none is near.
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.nearest, self.known.as_slice()) {
            (Some(nearest), _) => write!(f, "did you mean `{nearest}`?"),
            (None, []) => f.write_str("there is none to choose"),
            (None, [only]) => write!(f, "write `{only}`"),
            (None, known) => write!(f, "choose among {}", known.join(", ")),
        }
    }
}

/// The name that `wrong` is most likely a slip of: the one that lacks only its first part, else the
/// one within a third of its letters by edits, else one that starts alike.
fn nearest<'a>(wrong: &str, known: &'a [String]) -> Option<&'a str> {
    let lower = wrong.to_lowercase();
    let tail = known
        .iter()
        .find(|name| name.rsplit('.').next() == Some(&lower));
    let by_edits = || {
        known
            .iter()
            .map(|name| (strsim::damerau_levenshtein(&lower, name), name))
            .filter(|(edits, name)| *edits <= (name.len().max(lower.len()) / 3).max(1))
            .min_by_key(|(edits, _)| *edits)
            .map(|(_, name)| name)
    };
    let by_likeness = || {
        known
            .iter()
            .map(|name| (strsim::jaro_winkler(&lower, name), name))
            .filter(|(likeness, _)| *likeness >= 0.85)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name)
    };
    tail.or_else(by_edits)
        .or_else(by_likeness)
        .map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_slip_and_lists_where_nothing_is_near() {
        let known = ["trace.get_by_trace_id", "trace.list", "log.search_logs"];
        for (wrong, right) in [
            ("trace.get_by_traceid", Some("trace.get_by_trace_id")),
            ("get_by_trace_id", Some("trace.get_by_trace_id")),
            ("Trace.List", Some("trace.list")),
            ("log.search", Some("log.search_logs")),
            ("zebra", None),
        ] {
            assert_eq!(Hint::new(wrong, known).nearest(), right, "{wrong}");
        }
        assert_eq!(
            Hint::new("zebra", ["open", "closed"]).to_string(),
            "choose among open, closed"
        );
    }
}
