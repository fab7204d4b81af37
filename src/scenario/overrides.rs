//! `--set key.path=value`: reads one, and lays it over the file's tables.

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};
use toml_edit::Key;

use super::error::ScenarioError;

/// The TOML assignment that `typed` means.
///
/// A value that is not TOML is taken as a string, so that a shell needs no second pair of quotes:
/// `drive.model=closed`, `drive.duration=30s`.
///
/// # Errors
/// Where there is no key, no `=` or more than one line.
pub(super) fn assignment(typed: &str) -> Result<String, ScenarioError> {
    let refuse = |says: &str| ScenarioError::Override {
        typed: typed.to_owned(),
        says: says.to_owned(),
    };
    if typed.contains(['\n', '\r']) {
        return Err(refuse("it has more than one line"));
    }
    if !typed.contains('=') {
        return Err(refuse("it has no `=`"));
    }
    let (key, value) = typed
        .match_indices('=')
        .map(|(at, _)| (&typed[..at], typed[at + 1..].trim()))
        .find(|(key, _)| Key::parse(key).is_ok())
        .ok_or_else(|| refuse("what stands before `=` is no key"))?;
    let key = key.trim();
    if is_toml(value) {
        return Ok(format!("{key}={value}"));
    }
    Ok(format!("{key}={}", toml::Value::String(value.to_owned())))
}

fn is_toml(value: &str) -> bool {
    // `x=` and a comment after it: one assignment and nothing else.
    DeTable::parse(&format!("x={value}")).is_ok_and(|table| table.get_ref().len() == 1)
}

/// Lays `over` on `base`: tables key by key, anything else whole.
pub(super) fn merge<'a>(base: &mut DeTable<'a>, over: DeTable<'a>) {
    for (key, value) in over {
        let existing = base.get_mut(key.get_ref().as_ref());
        match (existing.map(Spanned::get_mut), value.get_ref()) {
            (Some(DeValue::Table(inner)), DeValue::Table(_)) => {
                if let DeValue::Table(table) = value.into_inner() {
                    merge(inner, table);
                }
            }
            _ => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_need_no_second_quotes() {
        for (typed, wanted) in [
            ("drive.workers=4", "drive.workers=4"),
            ("drive.model=closed", "drive.model=\"closed\""),
            ("drive.duration = 30s", "drive.duration=\"30s\""),
            (
                "target.image=timescale/timescaledb:2.19",
                "target.image=\"timescale/timescaledb:2.19\"",
            ),
            (
                "operations.\"a=b\".search=x = y",
                "operations.\"a=b\".search=\"x = y\"",
            ),
            ("server.jit=off", "server.jit=\"off\""),
        ] {
            assert_eq!(assignment(typed).unwrap(), wanted);
        }
    }

    #[test]
    fn refuses_what_is_no_assignment() {
        for typed in ["", "drive", "=5", "drive..x=1", "a=1\nb=2"] {
            assert!(assignment(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn merges_deep_and_keeps_the_rest() {
        let mut base = DeTable::parse("[a]\nx = 1\ny = 2").unwrap().into_inner();
        merge(
            &mut base,
            DeTable::parse("a.y = 3\nb = 4").unwrap().into_inner(),
        );
        let shown = format!("{base:?}");
        for part in ["\"1\"", "\"3\"", "\"4\""] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert!(!shown.contains("\"2\""), "{shown}");
    }
}
