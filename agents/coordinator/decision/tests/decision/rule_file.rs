//! Rules files: what they change, what they may not, and where it is said.

use crate::arbitrary::facts as any_facts;
use crate::support::{AS_OF, decided, healthy, spoiled};
use gangway_decision::{MAX_RULES, Reading, RuleSet, UNLOWERED, decide, difference};
use gangway_protocol::{Outcome, Severity};
use proptest::prelude::{ProptestConfig, prop_assert, proptest};
use std::fmt::Write as _;

const HEAD: &str = "id = \"t\"\nversion = \"1\"\n";

fn read(text: &str) -> Reading {
    RuleSet::read(text).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(text: &str) -> String {
    RuleSet::read(text).expect_err(text).to_string()
}

fn rule(id: &str, severity: &str, when: &str) -> String {
    format!(
        "[[rule]]\nid = \"{id}\"\ndomain = \"contract\"\nseverity = \"{severity}\"\nwhen = '''{when}'''\n\
         message = \"m\"\nowner = \"Legal\"\nresolution = \"r\"\n"
    )
}

#[test]
fn a_file_that_says_nothing_is_the_builtin_set() {
    for text in ["", "# nothing\n", "[thresholds]\n"] {
        assert_eq!(read(text).rules.reference(), RuleSet::builtin().reference());
    }
}

#[test]
fn the_same_file_gives_the_same_digest_and_any_change_another() {
    let digest = |text: &str| read(text).rules.digest().to_owned();
    let first = format!("{HEAD}{}", rule("NWC-001", "warning", "1 == 1"));
    assert_eq!(digest(&first), digest(&first));
    assert_eq!(digest(&first), digest(&format!("# said\n{first}")), "a comment decides nothing");
    let others = [
        first.replace("1 == 1", "1 == 2"),
        first.replace("\"m\"", "\"n\""),
        first.replace("\"r\"", "\"s\""),
        first.replace("warning", "violation"),
        first.replace("version = \"1\"", "version = \"2\""),
        format!("{first}[thresholds]\namount_gap_percent = 3\n"),
        HEAD.to_owned(),
    ];
    for other in others {
        assert_ne!(digest(&first), digest(&other), "{other}");
    }
    assert_eq!(digest(read(&first).rules.source()), digest(&first));
}

#[test]
fn thresholds_and_severities_are_changed_and_weaker_ones_are_told() {
    let reading = read(&format!(
        "{HEAD}[thresholds]\nunpaid_tolerance_percent = 10\nleast_paid_percent = 60\n\
         [severity]\n\"ACC-102\" = \"violation\"\n\"CON-004\" = \"warning\"\n\"CON-101\" = \"warning\"\n"
    ));
    let told: Vec<_> = reading
        .changes
        .iter()
        .map(|c| (c.what.as_str(), c.from.as_str(), c.to.as_str(), c.weakens))
        .collect();
    assert_eq!(
        told,
        [
            ("least_paid_percent", "50", "60", false),
            ("unpaid_tolerance_percent", "2", "10", true),
            ("ACC-102", "warning", "violation", false),
            ("CON-004", "violation", "warning", true),
        ]
    );
    let no_industry = spoiled(|f| f.account.as_mut().unwrap().industry = None);
    assert_eq!(decided(&no_industry).outcome, Outcome::Escalate);
    assert_eq!(decide(&no_industry, &reading.rules, AS_OF).outcome, Outcome::Block);
    let expired = spoiled(|f| f.contract.as_mut().unwrap().expiry_date = Some("2026-01-14".parse().unwrap()));
    assert_eq!(decided(&expired).outcome, Outcome::Block);
    assert_eq!(decide(&expired, &reading.rules, AS_OF).outcome, Outcome::Escalate);
}

#[test]
fn rules_about_whose_record_it_is_cannot_be_lowered() {
    for id in UNLOWERED {
        let error = refused(&format!("{HEAD}[severity]\n\"{id}\" = \"warning\"\n"));
        assert!(error.starts_with("4:13: ") && error.contains("must stay a violation"), "{error}");
    }
}

#[test]
fn every_problem_is_told_with_its_line_and_column() {
    let text = format!(
        "{HEAD}[thresholds]\namount_gap_percent = 200\n[severity]\n\"ACC-999\" = \"warning\"\n{}{}{}",
        rule("nwc-1", "warning", "true"),
        rule("ACC-001", "warning", "true"),
        rule("NWC-003", "warning", "\ncontract.teir == 'x'"),
    );
    assert_eq!(
        refused(&text),
        "4:22: amount_gap_percent: 200 is no share: 0 to 100 percent\n\
         6:1: ACC-999: no built-in rule of that name; gangway rules list names them. An added rule has its severity in its own table\n\
         8:6: nwc-1: a rule's id is two to eight capitals, a dash and three or four digits, like NWC-001\n\
         16:6: ACC-001: there is a rule of that name already\n\
         27:8: NWC-003: when, line 1 column 9: there is no field teir; there are account_id, effective_date, expiry_date, id, salesforce_contract_id, signatories, status, tier"
    );
    for (text, says) in [
        ("id = \"t\"\n".to_owned(), "1:1: version is missing"),
        ("id = \"builtin\"\nversion = \"1\"\n".to_owned(), "1:6: id: builtin is the name"),
        ("id = \"a b\"\nversion = \"1\"\n".to_owned(), "1:6: id: 1 to 64 letters"),
        (format!("{HEAD}[threshold]\n"), "3:2: unknown field `threshold`"),
        (format!("{HEAD}[severity]\n\"ACC-102\" = \"fatal\"\n"), "4:13: unknown variant `fatal`"),
        (format!("{HEAD}id = \"t\"\n"), "3:1: duplicate key `id`"),
        (
            format!("{HEAD}{}", rule("NWC-001", "warning", "true").replace("\"m\"", "\" \"")),
            "NWC-001: message is empty",
        ),
        (
            format!(
                "{HEAD}{}",
                rule("NWC-001", "warning", "true").replace("\"m\"", "\"paid \u{202e}ton si\"")
            ),
            "NWC-001: message holds a line break or another character that is not seen or turns the text around",
        ),
        (
            format!("{HEAD}{}", rule("NWC-001", "warning", "true").replace("\"r\"", "\"a\\u2066b\"")),
            "NWC-001: resolution holds a line break or another character",
        ),
        (
            format!("{HEAD}{}", rule("NWC-001", "warning", "1 / 0 == 1")),
            "cannot be judged even on a complete account: it divides by zero",
        ),
        ("x".repeat(300_000), "1:1: 300000 bytes long"),
    ] {
        let error = refused(&text);
        assert!(error.contains(says), "{says}: {error}");
    }
    let mut many = HEAD.to_owned();
    for n in 0..=MAX_RULES {
        write!(many, "{}", rule(&format!("NWC-{n:03}"), "warning", "true")).unwrap();
    }
    assert!(refused(&many).contains("201 rules; at most 200"));
}

#[test]
fn a_rule_that_cannot_be_judged_on_some_accounts_is_remarked_upon() {
    let reading = read(&format!("{HEAD}{}", rule("NWC-001", "warning", "opportunity.amount.minor > 1")));
    let samples: Vec<&str> = reading.remarks.iter().map(|remark| remark.sample.as_str()).collect();
    assert!(samples.contains(&"an account without an opportunity"), "{samples:?}");
    assert!(!samples.contains(&"an account whose systems all failed"), "{samples:?}");
    let careful = "has(opportunity.amount) && opportunity.amount.minor > 1";
    assert!(read(&format!("{HEAD}{}", rule("NWC-001", "warning", careful))).remarks.is_empty());
    let long = "invoices.all(i, invoices.all(j, i.id == j.id && i.total.minor + j.total.minor > 0))";
    let remarks = read(&format!("{HEAD}{}", rule("NWC-001", "warning", long))).remarks;
    assert!(remarks.iter().any(|r| r.sample == "an account with 200 invoices" && r.reason.contains("steps")));
}

#[test]
fn the_example_file_can_be_used_as_it_is() {
    let reading = read(include_str!("../../../../../examples/rules.toml"));
    assert!(reading.remarks.is_empty(), "{:?}", reading.remarks);
    assert!(reading.changes.iter().all(|change| !change.weakens));
    assert_eq!(decide(&healthy(), &reading.rules, AS_OF).outcome, Outcome::Proceed);
    let large = spoiled(|f| f.opportunity.as_mut().unwrap().amount.as_mut().unwrap().minor = 25_000_000);
    let after = decide(&large, &reading.rules, AS_OF);
    let found = difference(&decided(&large), &after).unwrap();
    assert_eq!(found.fires_now.iter().map(|rule| rule.0.as_str()).collect::<Vec<_>>(), ["NWC-001"]);
    assert!(found.silent_now.is_empty() && found.changed.is_empty() && !found.changes_outcome());
    assert_eq!(difference(&after, &after), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_an_explicitly_lowered_severity_turns_a_block_into_less(facts in any_facts()) {
        let raised = read(&format!(
            "{HEAD}[thresholds]\namount_gap_percent = 90\nunpaid_tolerance_percent = 90\nleast_paid_percent = 1\n\
             [severity]\n\"ACC-102\" = \"violation\"\n{}",
            rule("NWC-001", "warning", "contract.tier == 'Growth'")
        )).rules;
        let (plain, changed) = (decided(&facts), decide(&facts, &raised, AS_OF));
        if plain.outcome == Outcome::Block {
            prop_assert!(changed.outcome == Outcome::Block);
        }
        for lowered in RuleSet::builtin().rules().iter().filter(|r| r.severity == Severity::Violation) {
            if UNLOWERED.contains(&&*lowered.id) && plain.violations.iter().any(|v| v.rule.0 == lowered.id) {
                prop_assert!(changed.outcome == Outcome::Block);
            }
        }
    }
}
