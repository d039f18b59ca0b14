//! Rules and facts that burden a decision: fifty rules as people write them, and rules made to take all they can. The
//! tests count their steps; the benchmark takes their time.

use gangway_decision::{MAX_RULES, Reading, RuleSet};
use gangway_protocol::Facts;
use gangway_protocol::facts::Invoice;
use std::iter;

/// Conditions as people write them; the fifty rules take them in turn.
const CONDITIONS: [&str; 8] = [
    "has(opportunity.amount) && opportunity.amount.currency == 'USD' && opportunity.amount.minor >= 25000000",
    "has(contract.expiry_date) && contract.expiry_date >= as_of && daysBetween(as_of, contract.expiry_date) < 60",
    "has(contract.signatories) && !contract.signatories.exists(s, has(s.side) && s.side == 'customer')",
    "invoices.exists(i, has(i.due_date) && i.due_date < as_of && i.status != 'PAID')",
    "has(account.billing_country) && account.billing_country in ['Iran', 'Syria', 'Cuba']",
    "has(account.name) && account.name.matches('(?i)^test')",
    "has(contract.tier) && contract.tier == 'Starter' && has(opportunity.amount) && opportunity.amount.minor > 5000000",
    "has(owner.department) && !owner.department.lowerAscii().contains('success')",
];

/// What a rule can do over and over, by name. `x` and `y` walk over the invoices.
pub const LABOURS: [(&str, &str); 12] = [
    ("compares", "x.id == y.id && x.total.minor + y.total.minor < 0"),
    ("asks for what is missing", "y.due_date < x.due_date"),
    ("joins texts", "(x.id + y.id + x.id + y.id).size() == 1"),
    ("makes numbers texts", "string(x.total.minor) == string(y.id.size())"),
    ("reads long texts as numbers", "account.name.size() < 9 || int(account.name) == 1"),
    ("counts days", "daysBetween('2026-01-01', '2025-02-28') == 1"),
    ("joins lists", "(invoices + invoices).size() == 1"),
    ("searches a long text", "account.name.contains('ababababababababababababababababababababac')"),
    ("trims a long text", "contract.tier.trim() == 'y'"),
    ("lowers a long text", "contract.tier.lowerAscii() == 'x'"),
    ("tries a pattern on a long text", "opportunity.stage.matches('a(?:[a-z][a-y]?){60}q')"),
    ("tries a pattern on short texts", "x.id.matches('(?:a|b)*a(?:a|b){100}c')"),
];

/// A rule set of these conditions, one rule each.
pub fn rules(conditions: impl Iterator<Item = String>) -> Reading {
    let rules = conditions.enumerate().map(|(n, when)| {
        format!(
            "[[rule]]\nid = \"NWC-{n:03}\"\ndomain = \"contract\"\nseverity = \"warning\"\nwhen = '''{when}'''\n\
             message = \"m\"\nowner = \"Legal\"\nresolution = \"r\"\n"
        )
    });
    let file = format!("id = \"burden\"\nversion = \"1\"\n{}", rules.collect::<String>());
    RuleSet::read(&file).unwrap()
}

/// Fifty rules as people write them.
pub fn fifty() -> Reading {
    rules(CONDITIONS.iter().cycle().take(50).map(|when| (*when).to_owned()))
}

/// As many rules as a file may add, each doing this for every pair of many invoices and nothing on the samples.
pub fn hard_labour(labour: &str) -> RuleSet {
    let when = format!("size(invoices) > 1000 && invoices.exists(x, invoices.exists(y, {labour}))");
    rules(iter::repeat_n(when, MAX_RULES)).rules
}

/// A healthy account grown large: many invoices, a name of 600 kB, and other texts as long as a rule may make.
pub fn large(healthy: Facts) -> Facts {
    let mut facts = healthy;
    let first = facts.invoices[0].clone();
    let invoice = |n: usize| Invoice {
        id: Some(format!("{}{n:05}", "ab".repeat(20))),
        due_date: None,
        ..first.clone()
    };
    facts.invoices = (0..1_500).map(invoice).collect();
    facts.account.as_mut().unwrap().name = Some("ab".repeat(300_000));
    facts.contract.as_mut().unwrap().tier = Some(format!("{}x", " ".repeat(60_000)));
    facts.opportunity.as_mut().unwrap().stage = Some("ab".repeat(400));
    facts
}
