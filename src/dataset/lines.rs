//! Which line a log record says, and its text.
//!
//! Input: random bits and whether the record is a failure's. Output: a template and its body.
//! The known search terms live here, because their selectivity is the templates' shares. Knows
//! nothing of traces or columns.

use super::copy::put_decimal;
use super::names::{ENTRIES, MODELS, Names};
use crate::stats::draw::mix;

/// A phrase in about 7 % of all log records, at severity WARN.
pub const COMMON_TERM: &str = "cache miss";

/// A phrase in one of 20,000 log records, at severity WARN.
pub const RARE_TERM: &str = "quota exhausted";

/// A phrase in exactly one log record of each failed trace, at severity ERROR or FATAL; 2 % of
/// traces fail by default, several times as many in a burst.
pub const ERROR_TERM: &str = "error occurred";

/// One log record in this many holds [`RARE_TERM`].
const RARE_ONE_IN: u64 = 20_000;
/// One failure in this many is FATAL.
const FATAL_ONE_IN: u64 = 32;

/// A part of a line.
#[derive(Debug, Clone, Copy)]
enum Part {
    Text(&'static str),
    /// A whole number below the bound.
    Number(u64),
    User,
    Phrase,
    Tool,
    Endpoint,
    Model,
}

use Part::{Endpoint, Model, Number, Phrase, Text, Tool, User};

/// What a record says before its values are filled in.
#[derive(Debug)]
pub(super) struct Template {
    /// OpenTelemetry's severity number.
    pub(super) severity: i32,
    /// Its share among the lines of its kind, in thousandths.
    permille: u16,
    parts: &'static [Part],
}

const TRACE: i32 = 1;
const DEBUG: i32 = 5;
const INFO: i32 = 9;
const WARN: i32 = 13;
const ERROR: i32 = 17;
const FATAL: i32 = 21;

/// Lines of a trace that goes well.
static USUAL: [Template; 14] = [
    line(
        INFO,
        150,
        &[
            Text("request started: "),
            Endpoint,
            Text(" for user "),
            User,
        ],
    ),
    line(
        INFO,
        150,
        &[
            Text("request finished: "),
            Endpoint,
            Text(" in "),
            Number(4000),
            Text(" ms"),
        ],
    ),
    line(
        INFO,
        110,
        &[
            Text("chat completion from "),
            Model,
            Text(": "),
            Number(4096),
            Text(" prompt tokens, "),
            Number(2048),
            Text(" completion tokens, about "),
            Phrase,
        ],
    ),
    line(
        INFO,
        90,
        &[
            Text("retrieved "),
            Number(50),
            Text(" documents for the query '"),
            Phrase,
            Text("'"),
        ],
    ),
    line(
        INFO,
        80,
        &[
            Text("tool "),
            Tool,
            Text(" returned "),
            Number(20_000),
            Text(" bytes"),
        ],
    ),
    line(
        INFO,
        60,
        &[
            Text("session "),
            Number(1_000_000),
            Text(" resumed by user "),
            User,
        ],
    ),
    line(
        INFO,
        40,
        &[
            Text("response streamed in "),
            Number(400),
            Text(" parts: "),
            Phrase,
        ],
    ),
    line(
        DEBUG,
        90,
        &[
            Text("embedding batch of "),
            Number(256),
            Text(" texts, dimension 1536"),
        ],
    ),
    line(
        DEBUG,
        60,
        &[Text("prompt rendered from template '"), Phrase, Text("'")],
    ),
    line(
        DEBUG,
        40,
        &[Text("connection acquired after "), Number(900), Text(" us")],
    ),
    line(TRACE, 20, &[Text("span context propagated to "), Tool]),
    line(
        WARN,
        75,
        &[
            Text("cache miss for key "),
            Tool,
            Text(":"),
            Number(100_000),
        ],
    ),
    line(
        WARN,
        20,
        &[Text("retrying "), Endpoint, Text(", attempt "), Number(5)],
    ),
    line(
        WARN,
        15,
        &[
            Text("slow response from "),
            Model,
            Text(": "),
            Number(30_000),
            Text(" ms"),
        ],
    ),
];

/// Lines that belong to no trace.
static BACKGROUND: [Template; 4] = [
    line(
        INFO,
        500,
        &[Text("health check passed in "), Number(90), Text(" ms")],
    ),
    line(INFO, 250, &[Text("configuration reloaded: "), Phrase]),
    line(
        DEBUG,
        200,
        &[
            Text("connection pool holds "),
            Number(64),
            Text(" connections"),
        ],
    ),
    line(
        ERROR,
        50,
        &[
            Text("lost contact with the collector, buffering "),
            Number(900),
        ],
    ),
];

static FAILURE: Template = line(
    ERROR,
    1000,
    &[
        Text("error occurred in "),
        Endpoint,
        Text(" for user "),
        User,
        Text(": "),
        Phrase,
    ],
);
static FATAL_FAILURE: Template = line(
    FATAL,
    1000,
    &[
        Text("fatal error occurred in "),
        Endpoint,
        Text(", process restarts: "),
        Phrase,
    ],
);
static RARE: Template = line(
    WARN,
    1000,
    &[
        Text("quota exhausted for user "),
        User,
        Text(" on "),
        Model,
        Text(", retry in "),
        Number(60),
        Text(" s"),
    ],
);

static USUAL_BY_PERMILLE: [u8; 1000] = by_permille(&USUAL);
static BACKGROUND_BY_PERMILLE: [u8; 1000] = by_permille(&BACKGROUND);

/// What kind of record speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// One that names its trace.
    Trace,
    /// The one that says why a trace failed.
    Failure,
    /// One that names no trace.
    Background,
}

/// The template that `bits` choose.
pub(super) fn template(speaker: Speaker, bits: u64) -> &'static Template {
    let below = |n: u64| ((u128::from(mix(bits)) * u128::from(n)) >> 64) as u64;
    match speaker {
        Speaker::Failure if below(FATAL_ONE_IN) == 0 => &FATAL_FAILURE,
        Speaker::Failure => &FAILURE,
        _ if below(RARE_ONE_IN) == 0 => &RARE,
        Speaker::Trace => &USUAL[USUAL_BY_PERMILLE[permille(bits)] as usize],
        Speaker::Background => &BACKGROUND[BACKGROUND_BY_PERMILLE[permille(bits)] as usize],
    }
}

impl Template {
    /// Whether every line of this template holds the lower-case `text`, or none does; `None` when
    /// that depends on the values.
    pub(super) fn holds(&self, text: &str) -> Option<bool> {
        let known = |part: &Part| matches!(part, Text(fixed) if fixed.contains(text));
        if self.parts.iter().any(known) {
            return Some(true);
        }
        [COMMON_TERM, RARE_TERM, ERROR_TERM]
            .contains(&text)
            .then_some(false)
    }

    /// Appends the line's text; its values come from `bits`.
    pub(super) fn write(&self, bits: u64, names: &Names, out: &mut Vec<u8>) {
        let mut values = bits;
        for part in self.parts {
            let value = values;
            let entry = (value >> 32) as usize % ENTRIES;
            match *part {
                Text(text) => {
                    out.extend_from_slice(text.as_bytes());
                    continue;
                }
                Number(bound) => put_decimal(out, (value >> 32) % bound),
                User => out.extend_from_slice(names.users[entry].as_bytes()),
                Phrase => out.extend_from_slice(names.phrases[entry].as_bytes()),
                Tool => out.extend_from_slice(names.tools[entry].as_bytes()),
                Endpoint => out.extend_from_slice(names.endpoints[entry].as_bytes()),
                Model => out.extend_from_slice(MODELS[entry % MODELS.len()].1.as_bytes()),
            }
            values = mix(values);
        }
    }
}

/// OpenTelemetry's text of a severity number.
pub(super) fn severity_text(severity: i32) -> &'static str {
    match severity {
        TRACE => "TRACE",
        DEBUG => "DEBUG",
        INFO => "INFO",
        WARN => "WARN",
        ERROR => "ERROR",
        _ => "FATAL",
    }
}

/// Severity ERROR or above.
pub(super) fn is_error(severity: i32) -> bool {
    severity >= ERROR
}

const fn line(severity: i32, permille: u16, parts: &'static [Part]) -> Template {
    Template {
        severity,
        permille,
        parts,
    }
}

const fn by_permille(templates: &[Template]) -> [u8; 1000] {
    let mut table = [0; 1000];
    let (mut filled, mut i) = (0, 0);
    while i < templates.len() {
        let end = filled + templates[i].permille as usize;
        while filled < end {
            table[filled] = i as u8;
            filled += 1;
        }
        i += 1;
    }
    assert!(filled == 1000, "the shares of a kind of line sum to 1,000");
    table
}

fn permille(bits: u64) -> usize {
    ((u128::from(bits) * 1000) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(template: &Template, bits: u64, names: &Names) -> String {
        let mut out = Vec::new();
        template.write(bits, names, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_terms_have_their_selectivity() {
        let names = Names::new(1, 5);
        let n = 400_000_u64;
        let (mut common, mut rare) = (0, 0);
        for i in 0..n {
            let bits = mix(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let text = body(template(Speaker::Trace, bits), bits, &names);
            common += u64::from(text.contains(COMMON_TERM));
            rare += u64::from(text.contains(RARE_TERM));
            assert!(!text.contains(ERROR_TERM));
        }
        assert!((n * 70 / 1000..n * 80 / 1000).contains(&common), "{common}");
        assert!((5..40).contains(&rare), "{rare}");
    }

    #[test]
    fn a_template_knows_what_it_holds() {
        let names = Names::new(1, 5);
        for speaker in [Speaker::Trace, Speaker::Failure, Speaker::Background] {
            for i in 0..50_000 {
                let bits = mix(i);
                let template = template(speaker, bits);
                let text = body(template, bits, &names);
                for term in [COMMON_TERM, RARE_TERM, ERROR_TERM] {
                    assert_eq!(template.holds(term), Some(text.contains(term)), "{text}");
                }
                assert_eq!(text.contains(ERROR_TERM), speaker == Speaker::Failure);
            }
        }
    }
}
