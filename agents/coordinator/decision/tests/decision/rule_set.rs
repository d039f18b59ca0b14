//! The rule set as data.

use gangway_decision::{Percent, RuleSet};
use gangway_protocol::{Domain, Severity};
use std::collections::BTreeSet;

#[test]
fn every_rule_of_the_design_is_there_once() {
    let expected: [(&str, Domain, &[&str], &[&str]); 7] = [
        ("ACC", Domain::Account, &["001", "002", "003", "004"], &["101", "102", "103"]),
        ("USR", Domain::User, &["001", "002", "003", "004", "005"], &["101", "102", "103"]),
        ("OPP", Domain::Opportunity, &["001", "002", "003", "004", "005"], &["101", "102", "103"]),
        ("CON", Domain::Contract, &["001", "002", "003", "004"], &["101", "102", "103", "104", "105"]),
        ("INV", Domain::Invoice, &["001", "002", "003", "004"], &["101", "102", "103", "104", "105", "106"]),
        ("FIN", Domain::Finance, &[], &["101", "102"]),
        ("CHN", Domain::Chain, &["001"], &["101", "102"]),
    ];
    let mut wanted = Vec::new();
    for (prefix, domain, violations, warnings) in expected {
        wanted.extend(violations.iter().map(|n| (format!("{prefix}-{n}"), domain, Severity::Violation)));
        wanted.extend(warnings.iter().map(|n| (format!("{prefix}-{n}"), domain, Severity::Warning)));
    }
    let rules = RuleSet::builtin();
    let found: Vec<_> =
        rules.rules().iter().map(|r| (r.id.clone().into_owned(), r.domain, r.severity)).collect();
    assert_eq!(found, wanted);
}

#[test]
fn every_rule_says_who_mends_it_and_how() {
    let rules = RuleSet::builtin();
    let owners: BTreeSet<&str> = rules.rules().iter().map(|rule| &*rule.owner).collect();
    assert_eq!(owners, BTreeSet::from(["CS", "Data Admin", "Finance", "IT/DevOps", "Legal", "Sales Ops"]));
    for rule in rules.rules() {
        assert!(!rule.fires_when.is_empty() && rule.resolution.len() > 10, "{}", rule.id);
    }
}

#[test]
fn the_thresholds_are_those_of_the_design() {
    let rules = RuleSet::builtin();
    let t = rules.thresholds();
    assert_eq!((t.least_paid, t.unpaid_tolerance, t.amount_gap), (Percent(50), Percent(2), Percent(2)));
    assert_eq!((t.high_risk_violations, t.low_risk_warnings), (2, 3));
}

#[test]
fn a_changed_rule_set_needs_a_new_version() {
    let rules = RuleSet::builtin();
    let reference = rules.reference();
    assert_eq!(reference.digest, rules.digest());
    // When this fails, raise the version in rule_set.rs with the digest: decisions are told apart by both.
    insta::assert_json_snapshot!(reference);
}
