//! Whether host, generator and server were as a run in earnest has them.

use super::{Evidence, ValidityCheck, ValidityVerdict, made, percent, unchecked, unless};
use crate::plan::Limits;

pub(super) fn generator_cpu(evidence: &Evidence, limits: &Limits) -> ValidityCheck {
    let Some(cpu) = evidence.cpu.filter(|cpu| cpu.wall_seconds > 0.0) else {
        return unchecked(
            "generator_cpu",
            Some(format!("<= {}", percent(limits.generator_cpu_share_max))),
            "nothing was measured",
        );
    };
    let share = cpu.generator_seconds / cpu.wall_seconds / f64::from(evidence.host_cpus.max(1));
    let high = share > limits.generator_cpu_share_max;
    let says = if high {
        "the generator uses so much of this host that it slows the server beside it: move one of them, or offer less"
    } else {
        "CPU of the generator over all CPUs of its host"
    };
    made(
        "generator_cpu",
        unless(high, ValidityVerdict::Suspect),
        percent(share),
        Some(format!("<= {}", percent(limits.generator_cpu_share_max))),
        says,
    )
}

/// The server plans a statement's first five executions with their values, then perhaps
/// generically.
pub(super) fn primed(evidence: &Evidence) -> ValidityCheck {
    let needed = crate::drive::prime::EXECUTIONS;
    let few = evidence.primed_executions < needed;
    let says = if few {
        "statements ran too few times on each connection before the warm-up: plans may change inside the window; warm up longer"
    } else {
        "executions of each statement on each connection before the warm-up"
    };
    made(
        "primed",
        unless(few, ValidityVerdict::Suspect),
        evidence.primed_executions.to_string(),
        Some(format!(">= {needed}")),
        says,
    )
}

/// Settings that make a server faster than one that keeps its promises.
pub(super) fn durability(evidence: &Evidence) -> ValidityCheck {
    const NAMES: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];
    let value = |name: &str| {
        evidence
            .settings
            .get(name)
            .map_or("unknown", String::as_str)
    };
    let off = NAMES.iter().any(|name| value(name) == "off");
    let unknown = NAMES.iter().any(|name| value(name) == "unknown");
    let verdict = match (off, unknown) {
        (true, _) => ValidityVerdict::Suspect,
        (false, true) => ValidityVerdict::Unchecked,
        (false, false) => ValidityVerdict::Valid,
    };
    let says = if off {
        "the server does not keep what it commits: no such server is run in earnest, and its writes cost less; switch it on"
    } else {
        "the server keeps what it commits"
    };
    let found = NAMES
        .map(|name| format!("{name}={}", value(name)))
        .join(" ");
    made(
        "durability",
        verdict,
        found,
        Some("none off".to_owned()),
        says,
    )
}

pub(super) fn transport(evidence: &Evidence) -> ValidityCheck {
    let proxied = evidence.published_port;
    let says = if proxied {
        "a published port passes through a proxy that copies every byte: short queries look twice as slow as over the socket"
    } else {
        "how the generator reaches the server"
    };
    made(
        "transport",
        unless(proxied, ValidityVerdict::Suspect),
        evidence.transport.clone(),
        Some("no published port".to_owned()),
        says,
    )
}
