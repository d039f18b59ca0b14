//! What holds for all facts.

use crate::arbitrary::{api_error, facts};
use crate::support::{AS_OF, RULES, contract, decided, healthy};
use gangway_decision::{decide, facts_digest};
use gangway_protocol::facts::{Invoice, Owner};
use gangway_protocol::{ApiError, Facts, Outcome};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::{select, subsequence};

/// The same facts with every list in another order.
fn shuffled(facts: Facts) -> impl Strategy<Value = Facts> {
    let signatories = facts.contract.as_ref().and_then(|c| c.signatories.clone()).unwrap_or_default();
    let errors: Vec<_> = facts.api_errors.iter().cloned().map(with_shuffled_hides).collect();
    let invoices = Just(facts.invoices.clone()).prop_shuffle();
    let exchange_rates = Just(facts.exchange_rates.clone()).prop_shuffle();
    (invoices, exchange_rates, errors.prop_shuffle(), Just(signatories).prop_shuffle()).prop_map(
        move |(invoices, exchange_rates, api_errors, signatories)| {
            let mut facts = Facts { invoices, exchange_rates, api_errors, ..facts.clone() };
            if let Some(given) = facts.contract.as_mut().and_then(|c| c.signatories.as_mut()) {
                *given = signatories;
            }
            facts
        },
    )
}

fn with_shuffled_hides(error: ApiError) -> impl Strategy<Value = ApiError> {
    let hides = Just(error.hides.clone()).prop_shuffle();
    hides.prop_map(move |hides| ApiError { hides, ..error.clone() })
}

/// Changes that each make at least one violation, whatever the facts were.
const VIOLATIONS: [fn(&mut Facts); 7] = [
    |f| f.account = None,
    |f| f.account.get_or_insert_default().is_deleted = None,
    |f| f.contract = None,
    |f| f.contract.get_or_insert_default().status = Some("SENT".to_owned()),
    |f| f.invoices.clear(),
    |f| f.invoices.push(Invoice { status: Some("HELD".to_owned()), ..Invoice::default() }),
    |f| {
        f.account.get_or_insert_default().owner_id = Some("005".to_owned());
        f.owner = Some(Owner { is_active: Some(false), ..Owner::default() });
    },
];

/// Changes that take a warning's worth of certainty away.
const WARNINGS: [fn(&mut Facts); 6] = [
    |f| f.account.iter_mut().for_each(|a| a.industry = None),
    |f| f.owner.iter_mut().for_each(|o| o.title = Some(" ".to_owned())),
    |f| f.opportunity.iter_mut().for_each(|o| o.close_date = None),
    |f| f.contract.iter_mut().for_each(|c| c.signatories = None),
    |f| f.contract.iter_mut().for_each(|c| c.tier = None),
    |f| f.invoices.iter_mut().for_each(|i| i.due_date = None),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_the_facts_is_irrelevant((one, other) in facts().prop_flat_map(|f| (Just(f.clone()), shuffled(f)))) {
        prop_assert_eq!(decided(&one), decided(&other));
        prop_assert_eq!(facts_digest(&one), facts_digest(&other));
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(facts in facts()) {
        let bytes = |facts: &Facts| serde_json::to_vec(&decided(facts)).unwrap();
        let read_back: Facts = serde_json::from_slice(&serde_json::to_vec(&facts).unwrap()).unwrap();
        prop_assert_eq!(bytes(&facts), bytes(&facts));
        prop_assert_eq!(bytes(&facts), bytes(&read_back));
    }

    #[test]
    fn adding_a_violation_never_improves_the_outcome(facts in facts(), change in select(&VIOLATIONS[..])) {
        let mut worse = facts.clone();
        change(&mut worse);
        prop_assert!(decided(&worse).outcome >= decided(&facts).outcome);
        if facts.api_errors.is_empty() {
            prop_assert!(!decided(&worse).violations.is_empty());
            prop_assert_eq!(decided(&worse).outcome, Outcome::Block);
        }
    }

    #[test]
    fn violations_on_a_healthy_account_block(changes in subsequence(VIOLATIONS.to_vec(), 1..=7)) {
        let mut facts = healthy();
        changes.iter().for_each(|change| change(&mut facts));
        prop_assert_eq!(decided(&facts).outcome, Outcome::Block);
    }

    #[test]
    fn taking_certainty_away_never_improves_the_outcome(facts in facts(), change in select(&WARNINGS[..])) {
        let mut worse = facts.clone();
        change(&mut worse);
        prop_assert!(decided(&worse).outcome >= decided(&facts).outcome);
    }

    #[test]
    fn an_api_error_never_proceeds(errors in vec(api_error(), 1..4), anything in facts(), from_healthy in any::<bool>()) {
        let mut facts = if from_healthy { healthy() } else { anything };
        facts.api_errors.extend(errors);
        let decision = decided(&facts);
        prop_assert_eq!(decision.outcome, Outcome::Block);
        prop_assert_eq!(decision.api_errors.len(), facts.api_errors.len());
    }

    #[test]
    fn any_day_can_be_judged_by(facts in facts(), day in select(vec![jiff::civil::Date::MIN, AS_OF, jiff::civil::Date::MAX])) {
        let decision = decide(&facts, &RULES, day);
        prop_assert_eq!(decision.as_of, day);
    }

    #[test]
    fn a_decision_counts_as_the_design_says(facts in facts()) {
        let decision = decided(&facts);
        let expected = match (decision.api_errors.len() + decision.violations.len(), decision.warnings.len()) {
            (0, 0) => Outcome::Proceed,
            (0, _) => Outcome::Escalate,
            _ => Outcome::Block,
        };
        prop_assert_eq!(decision.outcome, expected);
    }
}

#[test]
fn the_order_of_each_list_is_irrelevant_down_to_every_field() {
    let reversed = |facts: &Facts| {
        let mut facts = facts.clone();
        facts.invoices.reverse();
        facts.exchange_rates.reverse();
        facts.api_errors.reverse();
        contract(&mut facts).signatories.as_mut().unwrap().reverse();
        facts
    };
    let base = healthy();
    for spoil in FIELD_BY_FIELD {
        let mut facts = base.clone();
        spoil(&mut facts);
        assert_ne!(facts, reversed(&facts), "the entries differ");
        assert_eq!(facts_digest(&facts), facts_digest(&reversed(&facts)));
        assert_eq!(decided(&facts), decided(&reversed(&facts)));
    }
}

/// Two entries that differ in one field only, for fields a random search seldom isolates.
const FIELD_BY_FIELD: [fn(&mut Facts); 5] = [
    |f| {
        let mut twin = f.invoices[0].clone();
        twin.due_date = None;
        f.invoices.push(twin);
    },
    |f| {
        let mut twin = f.invoices[0].clone();
        twin.amount_remaining = None;
        f.invoices.push(twin);
    },
    |f| {
        let signatories = contract(f).signatories.as_mut().unwrap();
        signatories[1] = signatories[0].clone();
        signatories[1].signed = None;
    },
    |f| {
        let one = crate::support::failure(gangway_protocol::System::Clm, &[]);
        let mut twin = one.clone();
        twin.request_id = Some("r-1".to_owned());
        f.api_errors = vec![one, twin];
    },
    |f| {
        let one = crate::support::rate("CAD", "USD", AS_OF, "1.0");
        f.exchange_rates = vec![one.clone(), crate::support::rate("CAD", "USD", AS_OF, "1.00")];
    },
];
