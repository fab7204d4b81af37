//! `[target]`, `[server]` and `--target`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::check::{Checker, refuse_flag, value};
use crate::plan::{Flags, Origin, PlanError, Refusal, TargetChoice, TargetPlan, Typed, defaults};
use crate::scenario::{Hint, Key, Sections, TargetSection};
use crate::units::{Bytes, Span};

/// What Docker accepts as the least memory is 6 MiB; PostgreSQL does not start below this.
const MEMORY: RangeInclusive<Bytes> = Bytes::from_mib(64)..=Bytes::from_mib(1 << 30);

/// `/dev/shm`, from what PostgreSQL needs at least.
const SHM_SIZE: RangeInclusive<Bytes> = Bytes::from_mib(1)..=Bytes::from_mib(1 << 20);

/// CPUs of the container; Docker's least is a hundredth.
const CPUS: RangeInclusive<f64> = 0.01..=4_096.0;

/// The words beside a URL.
const WORDS: [&str; 3] = ["auto", "docker", "local"];

/// Resolves the target for a drive of `connections`.
pub(super) fn resolve(
    checker: Checker<'_>,
    sections: &Sections,
    flags: &Flags,
    connections: usize,
) -> Result<TargetPlan, PlanError> {
    let written = &sections.target;
    let cpus = checker.within("cpus", &written.cpus, &CPUS, 0.0)?;
    let memory = checker.within("memory", &written.memory, &MEMORY, Bytes(0))?;
    Ok(TargetPlan {
        choice: choice(flags.target.as_ref())?,
        image: image(checker, &written.image, flags.image.as_ref())?,
        cpus: written.cpus.as_ref().map(|_| cpus),
        cpuset: cpuset(checker, written)?,
        memory: written.memory.as_ref().map(|_| memory),
        shm_size: checker.within("shm_size", &written.shm_size, &SHM_SIZE, defaults::SHM_SIZE)?,
        server: server(sections, connections),
        keep: flags.keep,
        allow_existing: flags.allow_existing,
        start_timeout: checker.within(
            "start_timeout",
            &written.start_timeout,
            &(Span::from_secs(1)..=Span::from_secs(3_600)),
            defaults::START_TIMEOUT,
        )?,
    })
}

fn server(sections: &Sections, connections: usize) -> BTreeMap<String, String> {
    let mut server = defaults::server(connections);
    let written = sections.server.iter();
    server.extend(written.map(|(name, setting)| (name.clone(), setting.0.clone())));
    server
}

/// A flag, then `--set`, then the environment, then the file.
fn image(
    checker: Checker<'_>,
    written: &Key<String>,
    typed: Option<&Typed>,
) -> Result<Option<String>, PlanError> {
    let is_set = written
        .as_ref()
        .is_some_and(|key| checker.source().is_override(&key.span()));
    if let Some(typed) = typed.filter(|typed| typed.origin == Origin::Flag || !is_set) {
        return Ok(Some(typed.text.clone()));
    }
    match written {
        Some(key) if key.get_ref().trim().is_empty() => Err(checker.refuse(
            &key.span(),
            Refusal::Empty {
                key: "image",
                wanted: "leave it out for the default, or write an image such as \
                         timescale/timescaledb:2.24.0-pg17",
            },
        )),
        _ => Ok(written.as_ref().map(|key| key.get_ref().clone())),
    }
}

fn cpuset(checker: Checker<'_>, written: &TargetSection) -> Result<Option<String>, PlanError> {
    let Some(key) = &written.cpuset else {
        return Ok(None);
    };
    let text = value(Some(key), crate::scenario::Setting(String::new())).0;
    let is_set = text.split(',').all(|part| {
        let mut ends = part.splitn(2, '-').map(|end| end.trim().parse::<u16>());
        match (ends.next(), ends.next()) {
            (Some(Ok(_)), None) => true,
            (Some(Ok(low)), Some(Ok(high))) => low <= high,
            _ => false,
        }
    });
    if is_set {
        return Ok(Some(text));
    }
    let refusal = Refusal::OutOfRange {
        key: "cpuset",
        value: format!("{text:?}"),
        low: "CPU numbers such as \"0\"".to_owned(),
        high: "\"0-3,6\"".to_owned(),
    };
    Err(checker.refuse(&key.span(), refusal))
}

/// Reads `--target`. A text that may hold a password never reaches a message.
fn choice(typed: Option<&Typed>) -> Result<TargetChoice, PlanError> {
    let Some(Typed { text, origin }) = typed else {
        return Ok(TargetChoice::Auto);
    };
    let refuse = |refusal| {
        let place = match origin {
            Origin::Flag => "--target",
            Origin::Environment => "HIGHWATER_TARGET",
        };
        Err(refuse_flag(place.to_owned(), refusal))
    };
    match text.as_str() {
        "auto" => Ok(TargetChoice::Auto),
        "docker" => Ok(TargetChoice::Docker),
        "local" => Ok(TargetChoice::Local),
        url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            match url::Url::parse(url) {
                Ok(url) => Ok(TargetChoice::External(url)),
                Err(error) => refuse(Refusal::BadUrl {
                    says: error.to_string(),
                }),
            }
        }
        other => {
            let may_hold_a_secret = other.contains([':', '@', '=']);
            let word = if may_hold_a_secret { "..." } else { other };
            let hint = Hint::new(word, WORDS).nearest().map(str::to_owned);
            refuse(Refusal::UnknownTarget {
                word: word.to_owned(),
                hint: hint.map_or(String::new(), |near| format!("; did you mean `{near}`?")),
            })
        }
    }
}
