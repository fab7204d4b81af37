//! The dictionaries of the data set: service names, endpoints, models, people, words.
//!
//! Input: a seed and how many services there are. Output: lists, filled once by `fake`; rows only
//! point into them. Knows nothing of rows.

use std::convert::Infallible;

use fake::Fake;
use fake::faker::internet::en::Username;
use fake::faker::lorem::en::{Word, Words};
use fake::rand::TryRng;

use super::streams;
use crate::stats::draw::Stream;

/// What the first services do; later ones repeat the roles under a name of their own.
const ROLES: [&str; 20] = [
    "api-gateway",
    "chat-service",
    "retrieval-service",
    "embedding-service",
    "agent-runtime",
    "tool-runner",
    "prompt-router",
    "session-store",
    "vector-index",
    "reranker",
    "billing",
    "guardrails",
    "evaluation",
    "document-ingest",
    "search",
    "notification",
    "auth",
    "feature-flags",
    "cache",
    "scheduler",
];

/// Models with their providers.
pub(super) const MODELS: [(&str, &str); 8] = [
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("anthropic", "claude-sonnet"),
    ("anthropic", "claude-haiku"),
    ("google", "gemini-pro"),
    ("google", "gemini-flash"),
    ("mistral", "mistral-large"),
    ("meta", "llama-3-70b"),
];

/// Environments, of which the first is where most traffic runs.
pub(super) const REGIONS: [&str; 4] = ["eu-west-1", "us-east-1", "us-west-2", "ap-south-1"];

/// Entries of each dictionary that rows draw from.
pub(super) const ENTRIES: usize = 64;

/// The filled dictionaries.
#[derive(Debug)]
pub(super) struct Names {
    /// Service names by popularity; all different.
    pub(super) services: Vec<String>,
    /// `METHOD /path` of requests.
    pub(super) endpoints: Vec<String>,
    /// Names of tools that agents call.
    pub(super) tools: Vec<String>,
    /// Login names.
    pub(super) users: Vec<String>,
    /// Three words of no meaning.
    pub(super) phrases: Vec<String>,
}

impl Names {
    pub(super) fn new(seed: u64, services: u32) -> Self {
        let mut rng = IndexedRng {
            stream: Stream::new(seed, streams::NAMES),
            next: 0,
        };
        Self {
            services: (0..services.max(1) as usize)
                .map(|rank| service(rank, &mut rng))
                .collect(),
            endpoints: (0..ENTRIES).map(|i| endpoint(i, &mut rng)).collect(),
            tools: fill(|rng| format!("{}_{}", word(rng), word(rng)), &mut rng),
            users: fill(
                |rng| plain(&Username().fake_with_rng::<String, _>(rng)),
                &mut rng,
            ),
            phrases: fill(
                |rng| plain(&Words(3..4).fake_with_rng::<Vec<String>, _>(rng).join(" ")),
                &mut rng,
            ),
        }
    }
}

fn fill(entry: impl Fn(&mut IndexedRng) -> String, rng: &mut IndexedRng) -> Vec<String> {
    (0..ENTRIES).map(|_| entry(rng)).collect()
}

fn service(rank: usize, rng: &mut IndexedRng) -> String {
    let role = ROLES[rank % ROLES.len()];
    match rank / ROLES.len() {
        0 => role.to_owned(),
        round => format!("{role}-{}-{round}", word(rng)),
    }
}

fn endpoint(entry: usize, rng: &mut IndexedRng) -> String {
    let method = ["GET", "POST", "POST", "PUT"][entry % 4];
    format!("{method} /v1/{}/{}", word(rng), word(rng))
}

fn word(rng: &mut IndexedRng) -> String {
    plain(&Word().fake_with_rng::<String, _>(rng))
}

/// Only characters that JSON and `LIKE` take as they are, so that rows can be put together from
/// bytes.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '.'))
        .collect::<String>()
        .to_ascii_lowercase()
}

/// `fake`'s source of random numbers, the same on every machine and with every version of `rand`.
struct IndexedRng {
    stream: Stream,
    next: u64,
}

impl TryRng for IndexedRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|bits| (bits >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.next += 1;
        Ok(self.stream.at(self.next))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(8) {
            let random = self.try_next_u64()?.to_le_bytes();
            part.copy_from_slice(&random[..part.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn services_are_distinct_and_plain() {
        let names = Names::new(7, 500);
        assert_eq!(names.services.iter().collect::<HashSet<_>>().len(), 500);
        let all = [&names.services, &names.tools, &names.users, &names.phrases];
        for text in all.into_iter().flatten() {
            assert!(!text.is_empty());
            assert!(
                text.bytes().all(|b| b.is_ascii_graphic() || b == b' '),
                "{text}"
            );
            assert!(!text.contains(['"', '\\', '%']), "{text}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_names() {
        assert_eq!(Names::new(7, 3).users, Names::new(7, 3).users);
        assert_ne!(Names::new(7, 3).users, Names::new(8, 3).users);
    }
}
