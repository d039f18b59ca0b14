//! The table of rules in the room's README is the rule set's.

use gangway_decision::RuleSet;
use gangway_protocol::{Domain, Severity};
use std::fmt::Write as _;

/// One row a domain: which rules, and who mends them.
fn table() -> String {
    let rules = RuleSet::builtin();
    let domains = [
        Domain::Account,
        Domain::User,
        Domain::Opportunity,
        Domain::Contract,
        Domain::Invoice,
        Domain::Finance,
        Domain::Chain,
    ];
    let mut table = String::from("| domain | violations | warnings | owners |\n|---|---|---|---|\n");
    for domain in domains {
        let of_domain: Vec<_> = rules.rules().iter().filter(|rule| rule.domain == domain).collect();
        let ids = |severity: Severity| {
            let ids: Vec<&str> =
                of_domain.iter().filter(|r| r.severity == severity).map(|r| &*r.id).collect();
            ids.join(" ")
        };
        let mut owners: Vec<&str> = of_domain.iter().map(|rule| &*rule.owner).collect();
        owners.sort_unstable();
        owners.dedup();
        let name = format!("{domain:?}").to_lowercase();
        let (violations, warnings) = (ids(Severity::Violation), ids(Severity::Warning));
        writeln!(table, "| {name} | {violations} | {warnings} | {} |", owners.join(", ")).unwrap();
    }
    table
}

#[test]
fn the_readme_lists_the_rules_of_the_rule_set() {
    let readme = include_str!("../../README.md");
    let table = table();
    assert!(readme.contains(&table), "README.md should contain:\n{table}");
    assert!(readme.lines().count() < 60);
}
