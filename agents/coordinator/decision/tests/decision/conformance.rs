//! Where our evaluation and the `cel` crate's both give an answer, it is the same one.

use crate::arbitrary::facts as any_facts;
use crate::support::{AS_OF, healthy};
use cel::{Context, Program, Value};
use gangway_decision::{RuleSet, decide};
use gangway_protocol::Facts;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof, proptest};
use proptest::sample::select;

/// The same facts with what is missing left out, as ours sees them.
fn without_nulls(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, field)| !field.is_null())
            .map(|(name, field)| (name, without_nulls(field)))
            .collect(),
        serde_json::Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// What the `cel` crate says; none for an error.
fn theirs(when: &str, facts: &Facts) -> Option<bool> {
    let mut context = Context::default();
    let serde_json::Value::Object(fields) = without_nulls(serde_json::to_value(facts).unwrap()) else {
        panic!("facts are an object")
    };
    for (name, value) in fields {
        context.add_variable(name, cel::to_value(value).unwrap()).unwrap();
    }
    context.add_variable("as_of", AS_OF.to_string()).unwrap();
    match Program::compile(when).unwrap().execute(&context) {
        Ok(Value::Bool(truth)) => Some(truth),
        _ => None,
    }
}

/// What ours says; none where the rule could not be judged.
fn ours(when: &str, facts: &Facts) -> Option<bool> {
    let file = format!(
        "id = \"t\"\nversion = \"1\"\n[[rule]]\nid = \"NWC-001\"\ndomain = \"finance\"\nseverity = \"warning\"\n\
         when = '''{when}'''\nmessage = \"m\"\nowner = \"o\"\nresolution = \"r\"\n"
    );
    let rules = RuleSet::read(&file).ok()?.rules;
    let decision = decide(facts, &rules, AS_OF);
    let of_rule = |finding: &&gangway_protocol::Finding| finding.rule.0 == "NWC-001";
    match (decision.violations.iter().find(of_rule), decision.warnings.iter().find(of_rule)) {
        (Some(_), _) => None,
        (None, warning) => Some(warning.is_some()),
    }
}

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (-4_i64..9).prop_map(|n| if n < 0 { format!("({n})") } else { n.to_string() }),
        Just("opportunity.amount.minor".to_owned()),
        Just("size(invoices)".to_owned()),
        Just("[7, 9][1]".to_owned()),
        Just("size(account.name)".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        (inner.clone(), select(vec!["+", "-", "*", "/", "%"]), inner)
            .prop_map(|(left, sign, right)| format!("({left} {sign} {right})"))
    })
}

fn truth() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (number(), select(vec!["==", "!=", "<", "<=", ">", ">="]), number())
            .prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
        select(vec![
            "contract.tier == 'Enterprise'",
            "contract.status in ['EXECUTED', 'SIGNED']",
            "invoices.exists(i, i.total.minor > i.amount_remaining.minor)",
            "invoices.all(i, i.status == 'PAID')",
            "invoices.exists_one(i, i.status == 'PAID')",
            "invoices.filter(i, i.status == 'PAID').size() > 0",
            "invoices.map(i, i.total.minor) == [15000000]",
            "account.name.contains('A')",
            "contract.expiry_date >= as_of",
            "owner.is_active",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), select(vec!["&&", "||"]), inner.clone())
                .prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
            inner.clone().prop_map(|inner| format!("!{inner}")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_evaluations_agree(when in truth(), facts in prop_oneof![Just(healthy()), any_facts()]) {
        // A rule about a record that a failed call hides is silent with us; cel knows nothing of failed calls.
        let facts = Facts { api_errors: Vec::new(), ..facts };
        if let (Some(ours), Some(theirs)) = (ours(&when, &facts), theirs(&when, &facts)) {
            assert_eq!(ours, theirs, "{when}");
        }
    }
}
