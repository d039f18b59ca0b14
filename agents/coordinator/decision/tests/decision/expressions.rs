//! Expressions: what they mean, what is refused when they are read, and that nothing they do can stop a decision.

use crate::arbitrary::facts as any_facts;
use crate::support::{AS_OF, decided, healthy, spoiled};
use gangway_decision::{Expression, MAX_STEPS, Misfit, RuleSet, Shape, decide};
use gangway_protocol::facts::{Invoice, Signatory};
use gangway_protocol::{Decision, Facts, Finding, Outcome, Severity};
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;
use std::iter;
use std::sync::LazyLock;

static OFFERED: LazyLock<Shape> = LazyLock::new(Shape::of_facts);

/// A set of the built-in rules and one warning that fires where the expression holds.
fn with_rule(when: &str) -> RuleSet {
    let file = format!(
        "id = \"t\"\nversion = \"1\"\n[[rule]]\nid = \"NWC-001\"\ndomain = \"finance\"\nseverity = \"warning\"\n\
         when = '''{when}'''\nmessage = \"It holds.\"\nowner = \"Finance\"\nresolution = \"Look at it\"\n"
    );
    RuleSet::read(&file).unwrap_or_else(|error| panic!("{when}: {error}")).rules
}

fn finding(decision: &Decision) -> Option<&Finding> {
    decision.violations.iter().chain(&decision.warnings).find(|finding| finding.rule.0 == "NWC-001")
}

fn fires(when: &str, facts: &Facts) -> bool {
    let decision = decide(facts, &with_rule(when), AS_OF);
    let found = finding(&decision);
    assert!(found.is_none_or(|finding| finding.severity == Severity::Warning), "{when}: {found:?}");
    found.is_some()
}

/// Why the rule could not be judged.
fn fault(when: &str, facts: &Facts) -> String {
    let decision = decide(facts, &with_rule(when), AS_OF);
    let found = finding(&decision).unwrap_or_else(|| panic!("{when} was judged"));
    assert_eq!((found.severity, decision.outcome), (Severity::Violation, Outcome::Block), "{when}");
    found.message.clone()
}

fn refused(when: &str) -> Misfit {
    let mut misfits = Expression::read(when, &OFFERED).expect_err(when);
    misfits.swap_remove(0)
}

#[test]
fn an_expression_says_what_it_says() {
    for (when, expected) in [
        ("opportunity.amount.minor >= 15000000 && opportunity.amount.currency == 'USD'", true),
        ("opportunity.amount.minor > 15000000", false),
        ("contract.tier in ['Enterprise', 'Growth']", true),
        ("contract.expiry_date < as_of", false),
        ("daysBetween(as_of, contract.expiry_date) == 350", true),
        ("daysBetween(contract.expiry_date, as_of) == -350", true),
        ("contract.signatories.all(s, s.signed)", true),
        ("contract.signatories.exists_one(s, s.side == 'customer')", true),
        ("contract.signatories.filter(s, s.side == 'vendor').size() == 1", true),
        ("invoices.map(i, i.total.minor).exists(t, t > 1)", true),
        ("size(contract.signatories) == 2", true),
        ("account.name.startsWith('ACME') && account.name.endsWith('Corp')", true),
        ("account.name.lowerAscii().contains('acme')", true),
        ("account.name.matches('^[A-Z]{4} .*$')", true),
        ("matches(account.industry, 'tech')", false),
        ("has(contract.tier) && has(invoices[0].total.minor)", true),
        ("7 / 2 == 3 && 7 % 2 == 1 && -7 / 2 == -3", true),
        ("int('12') + 1 == 13 && string(12) == '12'", true),
        ("(1 == 2 ? 1 : 2) == 2", true),
        ("[1, 2] + [3] == [1, 2, 3]", true),
        ("'a' + 'b' == 'ab' && 'a' < 'b'", true),
        ("' x '.trim() == 'x' && 'x'.upperAscii() == 'X'", true),
        ("invoices[0].id == 'INV-2026-0001' || true", true),
        ("api_errors.size() > 0", false),
        ("owner.is_active", true),
    ] {
        let expected_faultless = fires(when, &healthy());
        assert_eq!(expected_faultless, expected, "{when}");
    }
}

#[test]
fn a_fault_on_the_side_that_does_not_matter_does_not_matter() {
    let facts = healthy();
    assert!(!fires("1 / 0 == 1 && false", &facts));
    assert!(!fires("false && 1 / 0 == 1", &facts));
    assert!(fires("1 / 0 == 1 || true", &facts));
    assert!(fires("[0, 1].exists(x, 1 / x == 1)", &facts));
    assert!(!fires("[0, 1].all(x, 1 / x == 2)", &facts));
}

#[test]
fn asking_whether_something_is_there_is_never_a_fault() {
    let bare = Facts::about("X-1".parse().unwrap());
    assert!(fires("!has(opportunity.amount.minor) && !has(contract.signatories)", &bare));
}

/// Each of these is judged on the complete account and cannot be on the other.
#[test]
fn a_rule_that_cannot_be_judged_is_a_violation_that_names_it() {
    let no_amount = spoiled(|f| f.opportunity.as_mut().unwrap().amount = None);
    let no_opportunity = spoiled(|f| f.opportunity = None);
    let zero = spoiled(|f| f.opportunity.as_mut().unwrap().amount.as_mut().unwrap().minor = 0);
    let huge = spoiled(|f| f.opportunity.as_mut().unwrap().amount.as_mut().unwrap().minor = i64::MAX);
    let odd = spoiled(|f| f.contract.as_mut().unwrap().tier = Some("12".to_owned()));
    for (when, facts, why) in [
        ("opportunity.amount.minor > 1", &no_amount, "opportunity.amount.minor is missing"),
        ("opportunity.amount.minor > 1", &no_opportunity, "opportunity.amount.minor is missing"),
        ("invoices.exists(i, i.total.minor / opportunity.amount.minor > 9)", &zero, "it divides by zero"),
        ("invoices.exists(i, i.total.minor % opportunity.amount.minor > 9)", &zero, "it divides by zero"),
        ("opportunity.amount.minor + 1 > 0", &huge, "a number does not fit 64 bits"),
        (
            "contract.tier == 'Enterprise' ? false : [1, 'x'].exists(v, v > 'y')",
            &odd,
            "> does not work on a number and text",
        ),
        (
            "contract.tier == 'Enterprise' ? false : daysBetween(contract.tier, as_of) > 1",
            &odd,
            "daysBetween was given text that is no date like 2026-01-31",
        ),
        (
            "contract.tier == 'Enterprise' ? false : invoices[7].id == 'x'",
            &odd,
            "an index is outside its list",
        ),
    ] {
        let message = fault(when, facts);
        assert_eq!(message, format!("Rule NWC-001 could not be judged on this account: {why}."), "{when}");
        let well = decide(&healthy(), &with_rule(when), AS_OF);
        assert!(finding(&well).is_none_or(|finding| finding.severity == Severity::Warning), "{when}");
    }
}

fn many(count: usize) -> Facts {
    spoiled(|facts| {
        let invoice = facts.invoices[0].clone();
        facts.invoices = iter::repeat_n(invoice, count).collect();
        let signatory = Signatory {
            name: None,
            ..facts.contract.as_ref().unwrap().signatories.as_ref().unwrap()[0].clone()
        };
        facts.contract.as_mut().unwrap().signatories = Some(iter::repeat_n(signatory, count).collect());
    })
}

#[test]
fn a_rule_that_explodes_over_a_long_list_ends_at_its_bound() {
    for when in [
        "invoices.all(i, contract.signatories.all(s, i.id != s.email))",
        "invoices.map(i, contract.signatories.map(s, i)).size() == 0",
        "invoices.exists(i, invoices.map(j, j.id) == ['x'] || invoices.filter(j, j.id != i.id).size() > 0)",
        "invoices.map(i, invoices.map(j, i.id + j.id + i.id + j.id)).size() == 0",
        "invoices.exists_one(i, invoices + invoices + invoices == [] )",
        // Out of steps is not made good by the other side.
        "invoices.all(i, contract.signatories.all(s, i.id != s.email)) || true",
    ] {
        let message = fault(when, &many(2_000));
        assert!(message.contains(&format!("more than {MAX_STEPS} steps")), "{when}: {message}");
    }
    assert!(!fires("invoices.exists(i, i.total.minor < 0)", &many(2_000)), "one plain walk is within bounds");
}

#[test]
fn what_a_failed_call_hides_is_said_once_by_the_api_error() {
    let scenario: serde_json::Value =
        serde_json::from_str(include_str!("../../scenarios/contract-system-down.json")).unwrap();
    let facts: Facts = serde_json::from_value(scenario["facts"].clone()).unwrap();
    for when in ["contract.tier == 'Growth'", "!has(contract.tier)"] {
        let decision = decide(&facts, &with_rule(when), AS_OF);
        assert!(finding(&decision).is_none() && decision.outcome == Outcome::Block, "{when}");
    }
    assert!(fires("opportunity.amount.minor > 1", &facts), "what was not hidden is judged");
}

#[test]
fn evidence_names_the_first_path_and_no_person() {
    let seen = |when| {
        let decision = decide(&healthy(), &with_rule(when), AS_OF);
        let evidence = finding(&decision).unwrap().evidence.clone();
        (evidence.field, evidence.value)
    };
    let pair = |field: &str, value: Option<&str>| (field.to_owned(), value.map(str::to_owned));
    assert_eq!(seen("opportunity.stage != 'x'"), pair("opportunity.stage", Some("Closed Won")));
    assert_eq!(seen("opportunity.amount.minor > 1"), pair("opportunity.amount.minor", Some("15000000")));
    assert_eq!(seen("owner.name != 'x'"), pair("owner.name", None));
    assert_eq!(seen("owner.email != 'x'"), pair("owner.email", None));
    assert_eq!(seen("contract.signatories.exists(s, s.name != 'x')"), pair("contract.signatories", None));
    assert_eq!(seen("1 == 1"), pair("facts", None));
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    for (when, line, column, says) in [
        ("account.naem == 'x'", 1, 8, "there is no field naem; there are billing_country"),
        ("1 == 1 &&\n  acount.name == 'x'", 2, 3, "there is no acount in the facts"),
        ("account.name == 1", 1, 14, "== cannot compare text with number"),
        ("opportunity.amount > 100", 1, 20, "> cannot compare record with number"),
        ("opportunity.amount.minor > 100.5", 1, 28, "only whole numbers"),
        ("opportunity.amount == null", 1, 23, "ask with has(…) instead of null"),
        ("opportunity.amount.minor", 1, 19, "gives number, but a rule must give true or false"),
        ("sqrt(4) == 2", 1, 5, "there is no function sqrt"),
        ("account.name.contains(1)", 1, 23, "contains does not work on number"),
        ("size(account.name, 1) == 2", 1, 5, "size takes 1 values, not 2"),
        ("invoices.id == 'x'", 1, 9, "a list has no field id; walk it"),
        ("invoices.exists(i, i.totl.minor > 1)", 1, 21, "there is no field totl"),
        ("invoices.exists(i, i.total)", 1, 21, "exists asks for true or false, and this is record"),
        ("account.exists(a, a)", 1, 1, "exists walks over a list, and this is record"),
        ("invoices.exists(i.x, true)", 1, 18, "the first argument of exists names the element"),
        ("invoices.all(a, invoices.all(b, invoices.all(c, true)))", 1, 45, "more than 2 walks"),
        ("account.name.matches('(')", 1, 22, "not a pattern"),
        ("account.name.matches('(a{500}){500}')", 1, 22, "too large"),
        ("account.name.matches(account.industry)", 1, 29, "a pattern must stand in the rule itself"),
        ("account.name == 'Größe' && nope", 1, 28, "there is no nope"),
        ("{'a': 1} == {'a': 1}", 1, 1, "records cannot be made"),
        ("has(account)", 1, 4, "has(…) asks for a field"),
        ("account.name ==", 1, 16, "Syntax error"),
        ("", 1, 1, "empty"),
    ] {
        let misfit = refused(when);
        assert!(misfit.message.contains(says), "{when}: {}", misfit.message);
        assert_eq!((misfit.line, misfit.column), (line, column), "{when}: {}", misfit.message);
    }
}

#[test]
fn brackets_too_deep_for_the_parser_are_told_in_words() {
    let deep = format!("{}1{} == 1", "(".repeat(60), ")".repeat(60));
    assert_eq!(refused(&deep).message, "nested too deep to be read; write it in simpler parts");
}

/// Read on a small stack, as a worker thread has one: no text may overflow it or keep it busy.
#[test]
fn texts_made_to_break_the_parser_are_refused() {
    let texts = [
        "(".repeat(1_900),
        format!("{}1{} == 1", "(".repeat(60), ")".repeat(60)),
        format!("{}1{} == [1]", "[".repeat(60), "]".repeat(60)),
        format!("{}1{} == 1", "size(".repeat(60), ")".repeat(60)),
        format!("{}1{}", "{1:".repeat(60), "}".repeat(60)),
        format!("'{}'{}1", ")".repeat(60), "(".repeat(60)),
        "(".repeat(60),
        "[(".repeat(30),
        format!("{}1{}", "(".repeat(900), ")".repeat(900)),
        format!("{}true", "!".repeat(1_900)),
        format!("{}1 == 1", "-".repeat(1_900)),
        format!("1{} == 1", "+1".repeat(900)),
        format!("account{}", ".a".repeat(900)),
        format!("account{}", "[0]".repeat(600)),
        format!("{}false", "true ? true : ".repeat(130)),
        format!("{}1{} == 1", "[".repeat(900), "]".repeat(900)),
        format!("size({}1{}) == 1", "size(".repeat(300), ")".repeat(300)),
        format!("{} true", "true && ".repeat(240)),
        "a.".repeat(950),
        "'".repeat(1_999),
        "\u{0}\u{feff}\u{202e}".repeat(100),
        "x".repeat(3_000),
    ];
    let reading = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        for text in &texts {
            let start: String = text.chars().take(20).collect();
            if let Err(misfits) = Expression::read(text, &OFFERED) {
                assert!(!misfits.is_empty(), "{start}");
                for Misfit { message, .. } in misfits {
                    let insides = ["Error(", "Error {", "UNKNOWN", "None"].map(|word| message.contains(word));
                    assert_eq!(insides, [false; 4], "{start}: {message}");
                }
            }
        }
    });
    reading.unwrap().join().unwrap();
}

const RULES: [&str; 8] = [
    "opportunity.amount.minor > 5000000",
    "invoices.exists(i, i.amount_remaining.minor * 3 > i.total.minor)",
    "contract.signatories.all(s, s.signed)",
    "1 / 0 == 1",
    "account.name.matches('^[A-Z]') || owner.email.endsWith('.example')",
    "invoices.map(i, invoices.map(j, i.id + j.id)).size() > 3",
    "daysBetween(contract.effective_date, contract.expiry_date) < 365",
    "!has(contract.tier) || !(contract.tier in ['Enterprise'])",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_added_rule_never_improves_an_outcome(facts in any_facts(), when in select(&RULES[..])) {
        // Division by zero is refused when a rule is read: it fails even on a complete account.
        let when = if when.starts_with("1 /") { "has(account.name) ? false : 1 / 0 == 1" } else { when };
        let (plain, more) = (decided(&facts), decide(&facts, &with_rule(when), AS_OF));
        prop_assert!(more.outcome >= plain.outcome);
        prop_assert!(more.risk_level >= plain.risk_level);
        let mut builtin_only = more.clone();
        builtin_only.violations.retain(|f| f.rule.0 != "NWC-001");
        builtin_only.warnings.retain(|f| f.rule.0 != "NWC-001");
        prop_assert_eq!(builtin_only.violations, plain.violations);
        prop_assert_eq!(builtin_only.warnings, plain.warnings);
    }

    #[test]
    fn expressions_ignore_the_order_of_the_facts(facts in any_facts(), when in select(&RULES[4..])) {
        let mut turned = facts.clone();
        turned.invoices.reverse();
        turned.exchange_rates.reverse();
        let rules = with_rule(when);
        prop_assert_eq!(decide(&facts, &rules, AS_OF), decide(&turned, &rules, AS_OF));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "[a-z.()\\[\\]{}'\"!&|<>=+*/%?:, 0-9\\n-]{0,120}") {
        let _ = Expression::read(&text, &OFFERED);
    }
}

#[test]
fn a_long_list_of_invoices_is_read_whole() {
    let mut facts = healthy();
    facts.invoices =
        (0..500).map(|n| Invoice { id: Some(format!("INV-{n:04}")), ..facts.invoices[0].clone() }).collect();
    assert!(fires("invoices.exists(i, i.id == 'INV-0499')", &facts));
    assert!(fires("invoices.size() == 500", &facts));
}
