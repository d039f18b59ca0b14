//! The scenario files: facts, a day, and what must come of them. Adding one needs no Rust.

use gangway_decision::{RuleSet, decide};
use gangway_protocol::{Decision, Facts, Outcome, RiskLevel};
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    why: String,
    as_of: Date,
    expected: Expected,
    facts: Facts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    outcome: Outcome,
    risk_level: RiskLevel,
    /// One entry for each finding.
    rules: Vec<String>,
}

fn scenarios() -> BTreeMap<String, Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let scenario = serde_json::from_str(&fs::read_to_string(&path).unwrap());
            (name.clone(), scenario.unwrap_or_else(|error| panic!("{name}: {error}")))
        })
        .collect()
}

fn decided(scenario: &Scenario) -> Decision {
    decide(&scenario.facts, &RuleSet::builtin(), scenario.as_of)
}

fn fired(decision: &Decision) -> Vec<String> {
    let mut rules: Vec<String> =
        decision.violations.iter().chain(&decision.warnings).map(|finding| finding.rule.0.clone()).collect();
    rules.sort();
    rules
}

#[test]
fn every_scenario_comes_out_as_it_says() {
    for (name, mut scenario) in scenarios() {
        let decision = decided(&scenario);
        scenario.expected.rules.sort();
        assert_eq!(fired(&decision), scenario.expected.rules, "{name}: {}", scenario.why);
        assert_eq!(decision.outcome, scenario.expected.outcome, "{name}: {}", scenario.why);
        assert_eq!(decision.risk_level, scenario.expected.risk_level, "{name}: {}", scenario.why);
    }
}

#[test]
fn every_rule_has_a_scenario_that_fires_it_and_one_that_passes() {
    let decisions: Vec<Vec<String>> =
        scenarios().values().map(|scenario| fired(&decided(scenario))).collect();
    for rule in RuleSet::builtin().rules() {
        let id = rule.id.clone().into_owned();
        let firing = decisions.iter().filter(|fired| fired.contains(&id)).count();
        assert!(firing > 0, "no scenario fires {id}");
        assert!(firing < decisions.len(), "no scenario passes {id}");
    }
}

#[test]
fn the_words_of_every_finding_read_well() {
    let mut page = String::new();
    for (name, scenario) in scenarios() {
        writeln!(page, "{name}").unwrap();
        let decision = decided(&scenario);
        for finding in decision.violations.iter().chain(&decision.warnings) {
            writeln!(page, "  {} {}", finding.rule, finding.message).unwrap();
            let value = finding.evidence.value.as_deref().unwrap_or("(missing)");
            writeln!(page, "      {} = {value}", finding.evidence.field).unwrap();
        }
    }
    insta::assert_snapshot!(page);
}
