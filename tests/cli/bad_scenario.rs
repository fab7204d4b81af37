//! Bad scenarios: each exits 2, names its line and the right name, prints nothing on stdout, and
//! leaves nothing behind, whatever the verb.

use super::run;

const ONE: &str = "[operations.\"trace.list\"]\nrate = 10.0\n";

/// The first line of stderr for a scenario `bad.toml` of this text.
fn refused(text: &str, set: &[&str]) -> String {
    let mut arguments = vec!["check", "bad.toml"];
    for one in set {
        arguments.extend(["--set", one]);
    }
    let (code, stdout, stderr) = run(&[("bad.toml", text)], &arguments);
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    stderr.lines().next().unwrap().to_owned()
}

#[test]
fn the_line_is_shown_with_a_caret() {
    let text = format!("{ONE}\n[drive]\nconections = 5\n");
    let (code, _, stderr) = run(&[("bad.toml", &text)], &["check", "bad.toml"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(stderr, @r"
    error: bad.toml:5:1: unknown key `conections`: did you mean `connections`?
      |
    5 | conections = 5
      | ^^^^^^^^^^
    ");
}

#[test]
fn each_slip_names_its_place_and_what_is_right() {
    for (text, says) in [
        (
            "[drvie]\n",
            "error: bad.toml:1:2: unknown key `drvie`: did you mean `drive`?",
        ),
        (
            "[operations.\"trace.list\"]\nrat = 1\n",
            "error: bad.toml:2:1: unknown key `rat`: did you mean `rate`?",
        ),
        (
            "[operations.\"trace.lits\"]\nrate = 1\n",
            "error: bad.toml:1:13: no operation `trace.lits`: did you mean `trace.list`? (`highwater list` shows all; a label of your own needs `call = \"...\"`)",
        ),
        (
            "[operations.x]\ncall = \"log.search\"\nrate = 1\n",
            "error: bad.toml:2:8: no operation `log.search`: did you mean `log.search_logs`? (`highwater list` shows all; a label of your own needs `call = \"...\"`)",
        ),
        (
            "[operations.trace.list]\nrate = 1\n",
            "error: bad.toml:1:13: `trace` is a part of a name: an operation's name holds a dot, so put it in quotes, as in [operations.\"trace.list\"]",
        ),
        (
            "[operations.\"trace.list\"]\nrate = 0\n",
            "error: bad.toml:2:8: 0 is not a rate: write arrivals per second, above 0 and at most 1e9",
        ),
        (
            "[operations.\"trace.list\"]\nrate = -1.5\n",
            "error: bad.toml:2:8: -1.5 is not a rate: write arrivals per second, above 0 and at most 1e9",
        ),
        (
            "[operations.\"trace.list\"]\nrate = nan\n",
            "error: bad.toml:2:8: NaN is not a rate: write arrivals per second, above 0 and at most 1e9",
        ),
        (
            "[drive]\nduration = \"-5s\"\n",
            "error: bad.toml:2:12: \"-5s\" is not a duration: write a number and a unit (ns, us, ms, s, m, h, d), such as \"15ms\" or \"1h30m\"",
        ),
        (
            "[drive]\nduration = \"soon\"\n",
            "error: bad.toml:2:12: \"soon\" is not a duration: write a number and a unit (ns, us, ms, s, m, h, d), such as \"15ms\" or \"1h30m\"",
        ),
        (
            "[drive]\nduration = 5\n",
            "error: bad.toml:2:12: invalid type: integer `5`, expected a string: write it in quotes, with its unit, such as \"15ms\" or \"256MiB\"",
        ),
        (
            "[drive]\nmodel = \"opne\"\n",
            "error: bad.toml:2:9: unknown value `opne`: did you mean `open`?",
        ),
        (
            "[drive]\nworkers = 0\n",
            "error: bad.toml:2:11: `workers` = 0 is out of range: write 1 to 1024",
        ),
        (
            "[objectives.\"trace.list\"]\np95 = \"1s\"\n",
            "error: bad.toml: no operations: add a table such as [operations.\"trace.list\"]; `highwater list` shows what can be called",
        ),
        (
            "[operations.\"trace.list\"]\nrate = 1\n[objectives.\"trace.lst\"]\np95 = \"1s\"\n",
            "error: bad.toml:3:13: objective for `trace.lst`, which this scenario does not call: did you mean `trace.list`?",
        ),
    ] {
        assert_eq!(refused(text, &[]), says, "{text}");
    }
}

#[test]
fn broken_toml_names_its_line() {
    let line = refused("[drive\nworkers = 1\n", &[]);
    assert!(line.starts_with("error: bad.toml:1:"), "{line}");
    let line = refused("a = 1\na = 2\n", &[]);
    assert!(line.starts_with("error: bad.toml:2:"), "{line}");
}

#[test]
fn an_override_is_named_instead_of_a_line() {
    for (set, says) in [
        (
            "drive.modle=open",
            "error: --set drive.modle=open: unknown key `modle`: did you mean `model`?",
        ),
        (
            "drive.model=opne",
            "error: --set drive.model=opne: unknown value `opne`: did you mean `open`?",
        ),
        (
            "drive.workers=0",
            "error: --set drive.workers=0: `workers` = 0 is out of range: write 1 to 1024",
        ),
        (
            "operations.\"trace.list\".rate=0",
            "error: --set operations.\"trace.list\".rate=0: 0 is not a rate: write arrivals per second, above 0 and at most 1e9",
        ),
        (
            "operations.trace.list.rate=5",
            "error: --set operations.trace.list.rate=5: `trace` is a part of a name: an operation's name holds a dot, so put it in quotes, as in [operations.\"trace.list\"]",
        ),
        (
            "drive=5",
            "error: --set drive=5: invalid type: integer `5`, expected a table",
        ),
        (
            "drive.workers",
            "error: --set drive.workers: it has no `=`; write key.path=value, such as drive.duration=10s or 'operations.\"trace.list\".rate=50'",
        ),
        (
            "=5",
            "error: --set =5: what stands before `=` is no key; write key.path=value, such as drive.duration=10s or 'operations.\"trace.list\".rate=50'",
        ),
    ] {
        assert_eq!(refused(ONE, &[set]), says);
    }
}

#[test]
fn a_missing_scenario_names_the_nearest_and_all() {
    for wanted in ["expectd", "scenarios/expectd.toml"] {
        let (code, _, stderr) = run(&[], &["run", wanted]);
        assert_eq!(code, 2);
        assert_eq!(
            stderr,
            format!(
                "error: no scenario `{wanted}`: there is no such file, and none of that name is \
                 shipped; did you mean `expected`? (shipped are quickstart, expected, patterns, \
                 concurrent, reference)\n"
            )
        );
    }
}

#[test]
fn every_verb_refuses_before_it_does_anything() {
    for verb in ["run", "fill", "check"] {
        let (code, stdout, stderr) = run(&[], &[verb, "expected", "--set", "drive.workers=0"]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{verb}: {stderr}");
        assert!(stderr.contains("--set drive.workers=0"), "{verb}: {stderr}");
    }
}

#[test]
fn usage_errors_exit_2() {
    for arguments in [
        &["fly"][..],
        &["run"],
        &["check", "expected", "--duration=-5s"],
        &["check", "expected", "--duration=0s"],
        &["check", "expected", "--seed=minus"],
        &["check", "expected", "--target=mysql://me:hush@db/x"],
    ] {
        let (code, stdout, stderr) = run(&[], arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("hush"), "{stderr}");
    }
}
