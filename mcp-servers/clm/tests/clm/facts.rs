//! What the tools make of envelopes, and with how many calls.

use crate::rig::{Rig, account, envelope, outbound, settings};
use gangway_protocol::facts::{Contract, Side};
use gangway_protocol::tools::clm::{
    ContractArgs, ContractsArgs, GetContract, GetContracts, ListPendingSignatures, PendingArgs,
};
use gangway_simulator::{Options, Simulator, Vendor};
use jiff::civil::date;

#[tokio::test]
async fn a_contract_is_complete_after_one_call() {
    let rig = Rig::with(Options { today: Some(date(2026, 3, 31)), ..Options::default() }, |_| {}).await;
    let contract = rig.contract_of("GAMMA-003").await.unwrap().unwrap();
    let people: Vec<_> =
        contract.signatories.iter().flatten().map(|person| (person.side, person.signed)).collect();
    assert_eq!(people, [(Some(Side::Customer), Some(true)), (Some(Side::Vendor), Some(true))]);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        Contract { signatories: None, ..contract },
        Contract {
            id: text("CLM-CTR-003"),
            account_id: text("GAMMA-003"),
            status: text("EXECUTED"),
            effective_date: Some(date(2026, 2, 4)),
            expiry_date: Some(date(2027, 2, 3)),
            salesforce_contract_id: text("8008Z00000GAMMQQA5"),
            tier: text("Starter"),
            signatories: None,
        }
    );
    assert_eq!(rig.calls(), 1);
}

#[tokio::test]
async fn an_unsigned_contract_is_sent_and_its_dates_are_missing() {
    let rig = Rig::new().await;
    let contract = rig.contract_of("BETA-002").await.unwrap().unwrap();
    assert_eq!(
        (contract.status.as_deref(), contract.effective_date, contract.expiry_date),
        (Some("SENT"), None, None)
    );
    let unsigned: Vec<_> =
        contract.signatories.iter().flatten().filter(|person| person.signed == Some(false)).collect();
    assert_eq!(unsigned.iter().map(|person| person.side).collect::<Vec<_>>(), [Some(Side::Customer)]);
}

#[tokio::test]
async fn absent_is_absent_and_no_error() {
    let rig = Rig::new().await;
    for id in ["MISSING-999", "DELETED-004", "ACME"] {
        assert_eq!(rig.contract_of(id).await.unwrap(), None, "{id}");
    }
    for id in ["CLM-CTR-999", "00000000-0000-4000-8000-999999999999"] {
        assert_eq!(rig.contract(id).await.unwrap(), None, "{id}");
    }
}

#[tokio::test]
async fn a_contract_is_found_by_its_own_id_or_its_envelopes() {
    let rig = Rig::new().await;
    for id in ["CLM-CTR-001", "ea3570b0-a6d4-5abf-a815-d1edd037bf38"] {
        let contract = rig.contract(id).await.unwrap().unwrap();
        assert_eq!(contract.account_id.as_deref(), Some("ACME-001"), "{id}");
    }
    assert_eq!(rig.calls(), 2);
    let both =
        ContractArgs { account_id: Some(account("ACME-001")), contract_id: "CLM-CTR-001".parse().ok() };
    let none = ContractArgs { account_id: None, contract_id: None };
    for args in [both, none] {
        assert_eq!(rig.call::<GetContract>(args).await.unwrap_err().error_code, "INVALID_ARGUMENTS");
    }
}

#[tokio::test]
async fn the_newest_contract_that_is_not_voided_counts() {
    let rig = Rig::new().await;
    let made = |id, status, day| envelope((id, "TWICE-1", status), day, &[], &[("ContractId", id)]);
    let envelopes = [made("1", "completed", "2026-01-01"), made("2", "voided", "2026-02-01")];
    rig.put_envelopes("TWICE-1", &envelopes).await;
    assert_eq!(rig.contract_of("TWICE-1").await.unwrap().unwrap().id.as_deref(), Some("1"));
    rig.put_envelopes("TWICE-1", &[made("2", "voided", "2026-02-01"), made("0", "declined", "2025-02-01")])
        .await;
    let voided = rig.contract_of("TWICE-1").await.unwrap().unwrap();
    assert_eq!((voided.id.as_deref(), voided.status.as_deref()), (Some("2"), Some("VOIDED")));
}

#[tokio::test]
async fn a_contract_waiting_for_us_only_is_signed() {
    let rig = Rig::new().await;
    let signers = [("customer", "completed"), ("vendor", "sent")];
    rig.put_envelopes("HALF-1", &[envelope(("1", "HALF-1", "sent"), "2026-01-01", &signers, &[])]).await;
    let contract = rig.contract_of("HALF-1").await.unwrap().unwrap();
    assert_eq!(
        (contract.status.as_deref(), contract.id),
        (Some("SIGNED"), None),
        "no contract id is invented"
    );
}

#[tokio::test]
async fn two_hundred_contracts_are_one_call_in_the_order_asked() {
    let rig = Rig::with(Options { synthetic: 300, ..Options::default() }, |_| {}).await;
    let mut ids: Vec<_> = (1..=199).rev().map(|n| account(&format!("SYN-{n:06}"))).collect();
    ids.push(account("MISSING-999"));
    let found = rig.call::<GetContracts>(ContractsArgs { account_ids: ids.clone() }).await.unwrap().contracts;
    assert_eq!(
        found.iter().map(|lookup| &lookup.account_id).collect::<Vec<_>>(),
        ids.iter().collect::<Vec<_>>()
    );
    let mismatched = found.iter().filter(|lookup| {
        let named = lookup.contract.as_ref().and_then(|contract| contract.account_id.as_deref());
        named != Some(lookup.account_id.as_str())
    });
    assert_eq!(mismatched.map(|lookup| lookup.account_id.as_str()).collect::<Vec<_>>(), ["MISSING-999"]);
    assert_eq!(rig.calls(), 1);
}

#[tokio::test]
async fn few_contracts_of_a_long_list_are_searched_one_by_one() {
    let rig = Rig::with(Options { synthetic: 7_200, ..Options::default() }, |_| {}).await;
    let ids = ["ACME-001", "SYN-000001", "SYN-003600", "MISSING-999"].map(account).to_vec();
    let found = rig.call::<GetContracts>(ContractsArgs { account_ids: ids }).await.unwrap().contracts;
    assert_eq!(
        found.iter().map(|lookup| lookup.contract.is_some()).collect::<Vec<_>>(),
        [true, true, true, false]
    );
    assert!(rig.calls() <= 5, "one page to see how long the list is, then searches for what it left open");
}

#[tokio::test]
async fn waiting_contracts_come_longest_wait_first() {
    let rig = Rig::new().await;
    let days_ago = |days: i64| {
        (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days))
            .strftime("%Y-%m-%d")
            .to_string()
    };
    let waiting = |id, account, days| {
        envelope((id, account, "sent"), &days_ago(days), &[("customer", "sent")], &[("ContractId", account)])
    };
    rig.put_envelopes("WAIT-A", &[waiting("1", "WAIT-A", 100)]).await;
    rig.put_envelopes("WAIT-B", &[waiting("2", "WAIT-B", 400)]).await;
    let list = |older_than_days| rig.call::<ListPendingSignatures>(PendingArgs { older_than_days });
    let ids = |listed: gangway_protocol::tools::clm::PendingSignatures| {
        listed.contracts.into_iter().map(|contract| contract.contract_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(list(None).await.unwrap()), ["WAIT-A", "CLM-CTR-002"]);
    assert_eq!(ids(list(Some(60)).await.unwrap()), ["WAIT-A"]);
    let beta = list(None).await.unwrap().contracts.pop().unwrap();
    assert_eq!((beta.account_id.as_deref(), beta.unsigned.len()), (Some("BETA-002"), 1));
    assert!((39..=40).contains(&beta.days_waiting), "{}", beta.days_waiting);
}

#[tokio::test]
async fn the_account_is_found_by_asking_once_where_the_settings_do_not_say() {
    let forget =
        |settings: &mut gangway_clm::Settings| (settings.base_url, settings.account_id) = (None, None);
    let rig = Rig::with(Options::default(), forget).await;
    for _ in 0..2 {
        assert!(rig.contract_of("ACME-001").await.unwrap().is_some());
    }
    assert_eq!(rig.simulator.calls().count(Vendor::DocuSign, "userinfo"), 1);
    let other = |settings: &mut gangway_clm::Settings| {
        (settings.base_url, settings.account_id) = (None, Some("another".to_owned()));
    };
    let rig = Rig::with(Options::default(), other).await;
    assert_eq!(rig.contract_of("ACME-001").await.unwrap_err().error_code, "ACCOUNT_NOT_FOUND");
}

#[tokio::test]
async fn check_says_where_it_got_in_without_secrets() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let said = gangway_clm::check(&settings(&simulator), outbound()).await.unwrap();
    assert!(said.starts_with("credentials accepted, account Northwind Cloud at http"), "{said}");
    let mut wrong = settings(&simulator);
    wrong.private_key_pem = "hush".to_owned().into();
    let error = gangway_clm::check(&wrong, outbound()).await.unwrap_err();
    assert_eq!(error.error_type, gangway_protocol::ErrorType::Authentication);
    assert!(!error.to_string().contains("hush"), "{error}");
}
