//! A healthy account, ways to spoil it, and the rules that then fire.

use gangway_decision::{RuleSet, decide};
use gangway_protocol::facts::{Account, Contract, ExchangeRate, Invoice, Opportunity, Owner};
use gangway_protocol::{
    ApiError, Currency, Decision, ErrorType, Facts, Finding, Money, Rate, RecordKind, System,
};
use jiff::civil::{Date, date};
use serde_json::Value;
use std::sync::LazyLock;

/// The day every test judges by.
pub const AS_OF: Date = date(2026, 1, 15);

/// What a table test does to the healthy account.
pub type Spoil = fn(&mut Facts);

/// Sets one text of the facts, null included.
pub type SetText = fn(&mut Facts, Option<String>);

/// An account nothing stands against.
pub fn healthy() -> Facts {
    let scenario: Value = serde_json::from_str(include_str!("../../scenarios/healthy.json")).unwrap();
    serde_json::from_value(scenario["facts"].clone()).unwrap()
}

pub fn spoiled(spoil: impl Fn(&mut Facts)) -> Facts {
    let mut facts = healthy();
    spoil(&mut facts);
    facts
}

/// Made once, because its digest is worked out when it is made.
pub static RULES: LazyLock<RuleSet> = LazyLock::new(RuleSet::builtin);

pub fn decided(facts: &Facts) -> Decision {
    decide(facts, &RULES, AS_OF)
}

/// Every finding, violations first.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let decision = decided(facts);
    decision.violations.into_iter().chain(decision.warnings).collect()
}

/// Ids of the rules that fire, violations first, one for each finding.
pub fn fired(facts: &Facts) -> Vec<String> {
    findings(facts).into_iter().map(|finding| finding.rule.0).collect()
}

/// Each row: what is done to the healthy account, and exactly the rules that then fire.
pub fn check(table: &[(&str, Spoil, &[&str])]) {
    for (name, spoil, expected) in table {
        assert_eq!(fired(&spoiled(spoil)), *expected, "{name}");
    }
}

/// The only finding of that rule: field and value of its evidence, and its message.
pub fn sighting(facts: &Facts, rule: &str) -> (String, Option<String>, String) {
    let mut of_rule: Vec<Finding> = findings(facts).into_iter().filter(|f| f.rule.0 == rule).collect();
    assert_eq!(of_rule.len(), 1, "{rule} fires once");
    let finding = of_rule.remove(0);
    (finding.evidence.field, finding.evidence.value, finding.message)
}

pub fn account(facts: &mut Facts) -> &mut Account {
    facts.account.as_mut().unwrap()
}

pub fn owner(facts: &mut Facts) -> &mut Owner {
    facts.owner.as_mut().unwrap()
}

pub fn opportunity(facts: &mut Facts) -> &mut Opportunity {
    facts.opportunity.as_mut().unwrap()
}

pub fn contract(facts: &mut Facts) -> &mut Contract {
    facts.contract.as_mut().unwrap()
}

pub fn invoice(facts: &mut Facts) -> &mut Invoice {
    &mut facts.invoices[0]
}

pub fn money(minor: i64, currency: &str) -> Money {
    Money { minor, currency: Currency::parse(currency).unwrap() }
}

pub fn usd(minor: i64) -> Option<Money> {
    Some(money(minor, "USD"))
}

pub fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub fn rate(from: &str, to: &str, date: Date, rate: &str) -> ExchangeRate {
    ExchangeRate {
        from: Currency::parse(from).unwrap(),
        to: Currency::parse(to).unwrap(),
        date,
        rate: Rate::parse(rate).unwrap(),
    }
}

/// A failed call that hides these records.
pub fn failure(system: System, hides: &[RecordKind]) -> ApiError {
    ApiError::new(system, ErrorType::ServerError, "get", "SERVER_ERROR", "down").hiding(hides)
}
