//! What a failed call hides is said once, as an API error.

use crate::support::{
    AS_OF, account, contract, decided, failure, fired, healthy, invoice, opportunity, spoiled, text,
};
use gangway_protocol::facts::{Invoice, Opportunity, Owner};
use gangway_protocol::{Facts, Outcome, RecordKind, RiskLevel, System};

/// The healthy account with these records hidden by a failed call, and then spoiled.
fn hidden(hides: &[RecordKind], spoil: impl Fn(&mut Facts)) -> Facts {
    spoiled(|f| {
        f.api_errors = vec![failure(System::Salesforce, hides)];
        spoil(f);
    })
}

#[test]
fn a_hidden_record_is_not_reported_missing() {
    type Hide = (RecordKind, fn(&mut Facts), &'static str);
    let table: [Hide; 5] = [
        (RecordKind::Account, |f| f.account = None, "ACC-001"),
        (RecordKind::Owner, |f| f.owner = None, "USR-001"),
        (RecordKind::Opportunity, |f| f.opportunity = None, "OPP-001"),
        (RecordKind::Contract, |f| f.contract = None, "CON-001"),
        (RecordKind::Invoices, |f| f.invoices.clear(), "INV-001"),
    ];
    for (kind, take_away, rule) in table {
        assert_eq!(fired(&hidden(&[kind], take_away)), [""; 0], "{kind:?} hidden");
        assert_eq!(fired(&spoiled(take_away)), [rule], "{kind:?} not hidden");
        let others: Vec<RecordKind> = table.iter().map(|row| row.0).filter(|other| *other != kind).collect();
        let other_rules = fired(&hidden(&others, take_away));
        assert_eq!(other_rules, [rule], "only what hides {kind:?} silences {rule}");
    }
}

#[test]
fn everything_hidden_leaves_only_the_api_errors() {
    let mut facts = Facts::about(healthy().account_id);
    facts.api_errors = vec![
        failure(System::Salesforce, &[RecordKind::Account, RecordKind::Owner, RecordKind::Opportunity]),
        failure(System::Clm, &[RecordKind::Contract]),
        failure(System::Netsuite, &[RecordKind::Invoices]),
    ];
    let decision = decided(&facts);
    assert_eq!(fired(&facts), [""; 0]);
    assert_eq!((decision.outcome, decision.risk_level), (Outcome::Block, RiskLevel::Critical));
    let systems: Vec<System> = decision.api_errors.iter().map(|error| error.system).collect();
    assert_eq!(systems, [System::Salesforce, System::Clm, System::Netsuite]);
}

#[test]
fn what_arrived_beside_a_hidden_account_is_judged() {
    let judged = |spoil: fn(&mut Facts)| {
        fired(&hidden(&[RecordKind::Account], |f| {
            f.account = None;
            spoil(f);
        }))
    };
    assert_eq!(judged(|f| opportunity(f).stage = text("Negotiation")), ["OPP-002"]);
    assert_eq!(
        judged(|f| f.owner = Some(Owner { is_active: None, ..f.owner.clone().unwrap() })),
        ["USR-002"]
    );
    assert_eq!(judged(|f| contract(f).status = text("SENT")), ["CON-002"]);
    assert_eq!(judged(|f| f.owner = None), [""; 0], "without the account nobody knows its owner");
    assert_eq!(
        judged(|f| f.opportunity = None),
        [""; 0],
        "without the account there is nothing to look it up by"
    );
}

#[test]
fn an_id_that_may_be_the_hidden_accounts_own_is_not_called_another() {
    let judged = |spoil: fn(&mut Facts)| {
        fired(&hidden(&[RecordKind::Account], |f| {
            f.account = None;
            spoil(f);
        }))
    };
    assert_eq!(judged(|f| opportunity(f).account_id = text("0018Z00003ACMEQAA2")), [""; 0]);
    assert_eq!(judged(|f| contract(f).account_id = text("0018Z00003ACMEQAA2")), [""; 0]);
    assert_eq!(judged(|f| invoice(f).account_id = text("0018Z00003ACMEQAA2")), [""; 0]);
    assert_eq!(judged(|f| opportunity(f).account_id = None), ["OPP-004"]);
    assert_eq!(judged(|f| contract(f).account_id = None), ["CHN-001"]);
    let present = hidden(&[RecordKind::Account], |f| contract(f).account_id = text("BETA-002"));
    assert_eq!(fired(&present), ["CHN-001"], "the account arrived after all, so its id is known");
}

#[test]
fn half_known_invoices_do_not_prove_that_none_is_live() {
    let half = |spoil: fn(&mut Facts)| fired(&hidden(&[RecordKind::Invoices], spoil));
    assert_eq!(half(|f| invoice(f).status = text("VOIDED")), [""; 0]);
    assert_eq!(half(|f| invoice(f).status = text("CANCELLED")), [""; 0]);
    assert_eq!(half(|f| invoice(f).status = text("HELD")), ["INV-004"]);
    assert_eq!(half(|f| invoice(f).id = None), ["INV-001"], "an invoice that arrived without id is seen");
}

#[test]
fn a_failed_call_that_hides_nothing_silences_nothing_and_blocks() {
    let facts = hidden(&[], |f| {
        f.account = None;
        f.opportunity = Some(Opportunity::default());
        f.contract = None;
        f.invoices = vec![Invoice::default()];
    });
    assert_eq!(fired(&facts), ["ACC-001", "CON-001", "INV-004"]);
    let alone = decided(&hidden(&[], |_| ()));
    assert_eq!((alone.outcome, alone.risk_level), (Outcome::Block, RiskLevel::Critical));
    assert_eq!(alone.as_of, AS_OF);
}

#[test]
fn api_errors_come_by_system_then_operation_with_what_they_hide_in_order() {
    let mut one = failure(System::Netsuite, &[RecordKind::ExchangeRates, RecordKind::Invoices]);
    one.operation = "get_exchange_rate".to_owned();
    let mut two = failure(System::Netsuite, &[]);
    two.operation = "get_invoices".to_owned();
    let three = failure(System::Salesforce, &[]);
    let facts = spoiled(|f| f.api_errors = vec![two.clone(), one.clone(), three.clone()]);
    let errors = decided(&facts).api_errors;
    let operations: Vec<(System, &str)> = errors.iter().map(|e| (e.system, e.operation.as_str())).collect();
    assert_eq!(
        operations,
        [
            (System::Salesforce, "get"),
            (System::Netsuite, "get_exchange_rate"),
            (System::Netsuite, "get_invoices")
        ]
    );
    assert_eq!(errors[1].hides, [RecordKind::Invoices, RecordKind::ExchangeRates]);
}

#[test]
fn an_account_without_owner_id_stays_silent_about_a_hidden_owner() {
    let facts = hidden(&[RecordKind::Owner], |f| {
        account(f).owner_id = None;
        f.owner = None;
    });
    assert_eq!(fired(&facts), ["ACC-103"]);
}
