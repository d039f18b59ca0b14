//! Tables for the reading of envelopes.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::{contract, due_signers, is_voided};
use crate::settings::Settings;
use crate::wire::Envelope;
use gangway_protocol::facts::Side;
use jiff::civil::date;
use serde_json::{Value, json};

fn settings() -> Settings {
    Settings::jwt("https://account.docusign.com", "ik", "user", "pem".to_owned().into())
}

fn envelope(status: &str, signers: &[(&str, &str)]) -> Envelope {
    let signers: Vec<Value> = signers
        .iter()
        .map(|(role, status)| json!({"name": "N", "email": "n@x.example", "roleName": role, "status": status, "routingOrder": "1"}))
        .collect();
    let recipients = json!({"signers": signers, "carbonCopies": [], "recipientCount": "1"});
    serde_json::from_value(json!({"envelopeId": "e-1", "status": status, "recipients": recipients})).unwrap()
}

fn with_fields(fields: &[(&str, &str)]) -> Envelope {
    let fields: Vec<Value> =
        fields.iter().map(|(name, value)| json!({"name": name, "value": value, "show": "true"})).collect();
    let custom = json!({"textCustomFields": fields, "listCustomFields": []});
    serde_json::from_value(json!({"envelopeId": "e-1", "status": "completed", "customFields": custom}))
        .unwrap()
}

#[test]
fn statuses_become_the_facts_words() {
    /// Role and status of each signer.
    type Signers<'a> = &'a [(&'a str, &'a str)];
    let done = ("customer", "completed");
    let table: [(&str, Signers<'_>, &str); 14] = [
        ("created", &[], "DRAFT"),
        ("sent", &[("customer", "sent"), ("vendor", "created")], "SENT"),
        ("delivered", &[("customer", "delivered")], "SENT"),
        ("sent", &[done, ("vendor", "sent")], "SIGNED"),
        ("delivered", &[done, done, ("vendor", "created")], "SIGNED"),
        ("sent", &[done, ("customer", "sent"), ("vendor", "sent")], "SENT"),
        ("sent", &[done, ("approver", "sent"), ("vendor", "sent")], "SENT"),
        ("sent", &[("vendor", "sent")], "SENT"),
        ("sent", &[], "SENT"),
        ("Completed", &[done], "EXECUTED"),
        ("declined", &[], "VOIDED"),
        ("voided", &[], "VOIDED"),
        ("deleted", &[], "DELETED"),
        ("timedout", &[done], "TIMEDOUT"),
    ];
    for (status, signers, word) in table {
        let read = contract(&envelope(status, signers), &settings()).unwrap();
        assert_eq!(read.status.as_deref(), Some(word), "{status} {signers:?}");
    }
}

#[test]
fn signatories_know_side_and_signature() {
    let envelope =
        envelope("sent", &[("Customer", "completed"), ("vendor", "sent"), ("witness", "declined")]);
    let people = contract(&envelope, &settings()).unwrap().signatories.unwrap();
    let read: Vec<_> = people.iter().map(|person| (person.side, person.signed)).collect();
    assert_eq!(
        read,
        [(Some(Side::Customer), Some(true)), (Some(Side::Vendor), Some(false)), (None, Some(false))]
    );
    assert_eq!(due_signers(&envelope), 1);
}

#[test]
fn an_envelope_without_recipients_has_unknown_signatories() {
    let read = contract(&with_fields(&[]), &settings()).unwrap();
    assert_eq!(read.signatories, None);
}

#[test]
fn those_who_sign_in_person_are_signatories_too() {
    let recipients =
        json!({"inPersonSigners": [{"hostName": "H", "signerName": "S", "status": "completed"}]});
    let envelope: Envelope =
        serde_json::from_value(json!({"envelopeId": "e", "status": "sent", "recipients": recipients}))
            .unwrap();
    let people = contract(&envelope, &settings()).unwrap().signatories.unwrap();
    let person = people.first().unwrap();
    assert_eq!(
        (person.name.as_ref().unwrap().0.as_str(), person.signed, person.side),
        ("S", Some(true), None)
    );
}

#[test]
fn key_terms_come_from_custom_fields_of_the_configured_names() {
    let mut settings = settings();
    settings.fields.tier = "Plan".to_owned();
    let envelope = with_fields(&[
        ("ContractId", "CLM-CTR-001"),
        ("AccountId", "ACME-001"),
        ("SalesforceContractId", "800A"),
        ("EffectiveDate", " 2026-01-01 "),
        ("ExpiryDate", ""),
        ("Plan", "Enterprise"),
        ("Tier", "ignored"),
    ]);
    let read = contract(&envelope, &settings).unwrap();
    assert_eq!(read.id.as_deref(), Some("CLM-CTR-001"));
    assert_eq!(read.account_id.as_deref(), Some("ACME-001"));
    assert_eq!(read.salesforce_contract_id.as_deref(), Some("800A"));
    assert_eq!((read.effective_date, read.expiry_date), (Some(date(2026, 1, 1)), None));
    assert_eq!(read.tier.as_deref(), Some("Enterprise"));
}

#[test]
fn a_date_nobody_can_read_is_an_error_and_not_missing() {
    for text in ["01/31/2026", "2026-13-01", "soon"] {
        let error = contract(&with_fields(&[("ExpiryDate", text)]), &settings()).unwrap_err();
        assert_eq!(error.code, "UNREADABLE_DATE");
        assert!(error.to_string().starts_with("Envelope e-1: ExpiryDate"), "{error}");
    }
}

#[test]
fn only_what_came_to_nothing_is_voided() {
    let voided = ["voided", "declined", "created", "sent", "completed"]
        .map(|status| is_voided(&envelope(status, &[])));
    assert_eq!(voided, [true, true, false, false, false]);
}
