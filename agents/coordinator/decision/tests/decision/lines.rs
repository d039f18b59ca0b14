//! JSON lines in, decisions out.

use crate::support::{AS_OF, decided, healthy};
use gangway_decision::{LinesSummary, MAX_LINE_BYTES, RuleSet, decide_lines};
use serde_json::Value;
use std::io::{self, BufReader, Read};

struct Decided {
    summary: LinesSummary,
    out: Vec<Value>,
    err: String,
}

fn lines(input: impl AsRef<[u8]>) -> Decided {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let summary = decide_lines(input.as_ref(), &RuleSet::builtin(), AS_OF, &mut out, &mut err).unwrap();
    let out = String::from_utf8(out).unwrap();
    let out = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Decided { summary, out, err: String::from_utf8(err).unwrap() }
}

#[test]
fn each_line_is_decided_and_says_whose_it_is() {
    let facts = serde_json::to_string(&healthy()).unwrap();
    let decided_lines = lines(format!("{facts}\n{{\"account_id\":\"BETA-002\"}}"));
    assert_eq!(decided_lines.summary, LinesSummary { decided: 2, malformed: 0 });
    assert_eq!(decided_lines.err, "");
    let mut first = serde_json::to_value(decided(&healthy())).unwrap();
    first["account_id"] = "ACME-001".into();
    assert_eq!(decided_lines.out[0], first);
    assert_eq!(decided_lines.out[1]["account_id"], "BETA-002");
    assert_eq!(decided_lines.out[1]["outcome"], "BLOCK");
}

#[test]
fn a_malformed_line_is_named_by_number_and_field_and_the_others_are_decided() {
    let table = [
        (
            r#"{"account_id":"A","opportunity":{"amount":"150000"}}"#,
            "opportunity.amount: invalid type: string \"150000\", expected struct Money, column 50",
        ),
        (
            r#"{"account_id":"A","invoices":[{},{"total":{"minor":1.5,"currency":"USD"}}]}"#,
            "invoices[1].total.minor: invalid type: floating point `1.5`, expected i64, column 54",
        ),
        (r#"{"account":{}}"#, "missing field `account_id`, column 14"),
        (
            r#"{"account_id":"A","opportunity":{"amount":{"minor":1}}}"#,
            "opportunity.amount: missing field `currency`, column 53",
        ),
        (
            r#"{"account_id":"A/B"}"#,
            "account_id: account id contains '/' at position 1; only letters, digits, '-', '_', '.' and ':' are allowed, column 20",
        ),
        (
            r#"{"account_id":"A","account":7}"#,
            "account: invalid type: integer `7`, expected struct Account, column 29",
        ),
        (r#"{"account_id":"A"} {"account_id":"B"}"#, "trailing characters, column 20"),
        (r#"{"account_id":"A","account":{"id":"0"#, "account.id: EOF while parsing a string, column 36"),
        (r#"{"account_id":"A","account":{"#, "account: EOF while parsing an object, column 29"),
        (r#"{"account_id":"A""#, "EOF while parsing an object, column 17"),
        ("[]", "invalid length 0, expected struct Facts with 8 elements, column 2"),
    ];
    for (line, expected) in table {
        let decided =
            lines(format!("\n{{\"account_id\":\"A\"}}\r\n{line}\n  \t\n{{\"account_id\":\"B\"}}\n"));
        assert_eq!(decided.err, format!("line 3: {expected}\n"), "{line}");
        assert_eq!(decided.summary, LinesSummary { decided: 2, malformed: 1 });
        let accounts: Vec<&Value> = decided.out.iter().map(|line| &line["account_id"]).collect();
        assert_eq!(accounts, ["A", "B"]);
    }
}

#[test]
fn a_line_that_is_not_utf_8_is_malformed() {
    let decided = lines(b"{\"account_id\":\"A\xff\"}\n{\"account_id\":\"B\"}\n");
    assert_eq!(decided.err, "line 1: not UTF-8 from column 17 on\n");
    assert_eq!(decided.summary, LinesSummary { decided: 1, malformed: 1 });
}

#[test]
fn a_line_of_one_mebibyte_is_read_and_a_longer_one_is_malformed() {
    let padded = |length: usize| {
        let line = r#"{"account_id":"A"}"#;
        format!("{line}{}", " ".repeat(length - line.len()))
    };
    let too_long = format!("line 2: longer than {MAX_LINE_BYTES} bytes\n");
    for (length, end, decided, err) in [
        (MAX_LINE_BYTES, "\n", 3, ""),
        (MAX_LINE_BYTES, "", 2, ""),
        (MAX_LINE_BYTES + 1, "\n", 2, too_long.as_str()),
        (MAX_LINE_BYTES + 1, "", 1, too_long.as_str()),
        (3 * MAX_LINE_BYTES, "\n", 2, too_long.as_str()),
    ] {
        let after = if end.is_empty() { "" } else { r#"{"account_id":"B"}"# };
        let result = lines(format!("{{\"account_id\":\"A\"}}\n{}{end}{after}", padded(length)));
        assert_eq!(result.err, err, "{length} {end:?}");
        assert_eq!(result.summary.decided, decided, "{length} {end:?}");
    }
}

#[test]
fn a_reason_is_bounded_and_masked() {
    let line =
        format!(r#"{{"account_id":"A","owner":{{"is_active":"jane@acme.example {}"}}}}"#, "x ".repeat(5_000));
    let decided = lines(line);
    assert!(decided.err.starts_with("line 1: owner.is_active: invalid type: string "), "{}", decided.err);
    assert!(decided.err.len() < 400 && !decided.err.contains("jane"), "{}", decided.err);
}

#[test]
fn nothing_in_gives_nothing_out() {
    let decided = lines("\n \n\r\n");
    assert_eq!(decided.summary, LinesSummary::default());
    assert_eq!((decided.out.len(), decided.err.as_str()), (0, ""));
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("broken"))
    }
}

#[test]
fn a_broken_input_or_output_is_an_error() {
    let rules = RuleSet::builtin();
    assert!(decide_lines(BufReader::new(Broken), &rules, AS_OF, io::sink(), io::sink()).is_err());
    let line = r#"{"account_id":"A"}"#.as_bytes();
    assert!(decide_lines(line, &rules, AS_OF, &mut [0_u8; 0][..], io::sink()).is_err());
    assert!(decide_lines(&b"x"[..], &rules, AS_OF, io::sink(), &mut [0_u8; 0][..]).is_err());
}
