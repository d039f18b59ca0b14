//! Outcome and risk level by count.

use crate::support::{
    AS_OF, Spoil, account, contract, decided, failure, healthy, opportunity, owner, spoiled, text,
};
use gangway_decision::{RuleSet, decide, facts_digest};
use gangway_protocol::{Outcome, RiskLevel, Severity, System};
use jiff::civil::date;

#[test]
fn outcome_and_risk_follow_from_the_counts() {
    let table: [(&str, Spoil, Outcome, RiskLevel); 7] = [
        ("nothing", |_| (), Outcome::Proceed, RiskLevel::Low),
        ("one warning", |f| account(f).industry = None, Outcome::Escalate, RiskLevel::Low),
        (
            "three warnings",
            |f| (owner(f).title, owner(f).department, owner(f).manager_id) = (None, None, None),
            Outcome::Escalate,
            RiskLevel::Low,
        ),
        (
            "four warnings",
            |f| {
                (owner(f).title, owner(f).department, owner(f).manager_id) = (None, None, None);
                account(f).industry = None;
            },
            Outcome::Escalate,
            RiskLevel::Medium,
        ),
        ("one violation", |f| f.contract = None, Outcome::Block, RiskLevel::High),
        (
            "two violations and many warnings",
            |f| {
                (owner(f).id, owner(f).profile_id) = (None, None);
                (owner(f).title, owner(f).department, owner(f).manager_id) = (None, None, None);
                account(f).industry = None;
            },
            Outcome::Block,
            RiskLevel::High,
        ),
        (
            "three violations",
            |f| (owner(f).id, owner(f).profile_id, owner(f).email) = (None, None, None),
            Outcome::Block,
            RiskLevel::Critical,
        ),
    ];
    for (name, spoil, outcome, risk_level) in table {
        let decision = decided(&spoiled(spoil));
        assert_eq!((decision.outcome, decision.risk_level), (outcome, risk_level), "{name}");
    }
}

#[test]
fn an_api_error_alone_blocks_and_is_critical() {
    let decision = decided(&spoiled(|f| f.api_errors = vec![failure(System::Clm, &[])]));
    assert_eq!((decision.outcome, decision.risk_level), (Outcome::Block, RiskLevel::Critical));
}

#[test]
fn a_finding_carries_what_its_rule_says() {
    let decision = decided(&spoiled(|f| {
        opportunity(f).stage = text("Negotiation");
        account(f).industry = None;
    }));
    let [violation] = decision.violations.as_slice() else { panic!("one violation") };
    let [warning] = decision.warnings.as_slice() else { panic!("one warning") };
    assert_eq!((violation.severity, warning.severity), (Severity::Violation, Severity::Warning));
    let rules = RuleSet::builtin();
    for finding in [violation, warning] {
        let rule = rules.rules().iter().find(|rule| rule.id == finding.rule.0).unwrap();
        assert_eq!((finding.domain, &*finding.owner), (rule.domain, &*rule.owner));
        assert_eq!(finding.resolution, rule.resolution);
    }
}

#[test]
fn the_decision_names_rules_facts_and_day() {
    let rules = RuleSet::builtin();
    let decision = decide(&healthy(), &rules, AS_OF);
    assert_eq!(decision.rule_set, rules.reference());
    assert_eq!(decision.facts_digest, facts_digest(&healthy()));
    assert_eq!(decision.as_of, AS_OF);
}

#[test]
fn the_digest_changes_with_the_facts_and_not_with_the_day() {
    let digest = facts_digest(&healthy());
    assert!(digest.starts_with("sha256:") && digest.len() == 71, "{digest}");
    assert_ne!(facts_digest(&spoiled(|f| account(f).industry = None)), digest);
    assert_ne!(
        facts_digest(&spoiled(|f| contract(f).signatories.as_mut().unwrap()[0].signed = None)),
        digest
    );
    assert_eq!(decide(&healthy(), &RuleSet::builtin(), date(2030, 1, 1)).facts_digest, digest);
}

#[test]
fn vendor_text_in_a_finding_is_bounded_and_masked() {
    let stage = format!("ask jane@acme.example\n{}", "long ".repeat(1_000));
    let decision = decided(&spoiled(|f| opportunity(f).stage = Some(stage.clone())));
    let finding = &decision.violations[0];
    let value = finding.evidence.value.clone().unwrap();
    assert!(value.chars().count() <= 81 && finding.message.chars().count() < 140, "{}", finding.message);
    assert!(value.starts_with("ask [mail] long"), "{value}");
    assert!(!finding.message.contains('\n') && !finding.message.contains("jane"));
}
