//! What the tools make of the org's records, and with how many calls.

use crate::rig::{Rig, account, outbound, settings};
use gangway_protocol::facts::Account;
use gangway_protocol::tools::salesforce::{
    AccountArgs, AccountsArgs, ClosedWonArgs, ContractArgs, DealArgs, GetAccount, GetAccounts, GetContract,
    GetOnboardingBundle, GetOpportunity, GetUser, ListClosedWon, UserArgs,
};
use gangway_protocol::{ContractId, Currency, Money, OpportunityId, RecordKind};
use gangway_simulator::{Options, Simulator, Vendor};
use jiff::civil::date;
use serde_json::json;

fn on_a_day() -> Options {
    Options { today: Some(date(2026, 3, 31)), ..Options::default() }
}

#[tokio::test]
async fn a_bundle_is_complete_after_one_call() {
    let rig = Rig::with(on_a_day(), |_| {}).await;
    let bundle = rig.bundle("ACME-001").await.unwrap();
    let usd = Currency::parse("USD").unwrap();
    assert_eq!(
        bundle.account.unwrap(),
        Account {
            id: Some("0018Z00003ACMEQQA5".to_owned()),
            name: Some("ACME Corp".to_owned()),
            is_deleted: Some(false),
            billing_country: Some("United States".to_owned()),
            industry: Some("Technology".to_owned()),
            owner_id: Some("0058Z00001OWNERQA5".to_owned()),
        }
    );
    let owner = bundle.owner.unwrap();
    assert_eq!(owner.id.as_deref(), Some("0058Z00001OWNERQA5"));
    assert_eq!(owner.email.unwrap().0, "sarah.johnson@northwind.example");
    assert_eq!((owner.is_active, owner.profile_id.as_deref()), (Some(true), Some("00e8Z00001PROFLQA5")));
    assert_eq!(owner.manager_id.as_deref(), Some("0058Z00001MNGERQA5"));
    let opportunity = bundle.opportunity.unwrap();
    assert_eq!(opportunity.stage.as_deref(), Some("Closed Won"));
    assert_eq!(opportunity.amount, Some(Money { minor: 15_000_000, currency: usd }));
    assert_eq!(opportunity.close_date, Some(date(2026, 3, 1)));
    assert_eq!(opportunity.contract_id.as_deref(), Some("8008Z00000ACMEQQA5"));
    let contract = bundle.contract.unwrap();
    assert_eq!(
        (contract.status.as_deref(), contract.start_date),
        (Some("Activated"), Some(date(2026, 3, 6)))
    );
    assert_eq!(bundle.errors, []);
    assert_eq!(rig.calls(), 1);
}

#[tokio::test]
async fn an_account_without_a_won_deal_shows_its_newest_one() {
    let rig = Rig::new().await;
    let bundle = rig.bundle("BETA-002").await.unwrap();
    assert_eq!(bundle.opportunity.unwrap().stage.as_deref(), Some("Negotiation"));
    assert_eq!((bundle.contract, bundle.errors), (None, Vec::new()));
}

#[tokio::test]
async fn absent_is_absent_and_no_error() {
    let rig = Rig::new().await;
    let deleted = rig.bundle("DELETED-004").await.unwrap();
    assert_eq!(deleted.account.unwrap().is_deleted, Some(true));
    assert_eq!((deleted.owner, deleted.opportunity, deleted.errors), (None, None, Vec::new()));
    let missing = rig.bundle("MISSING-999").await.unwrap();
    assert_eq!((missing.account, missing.owner, missing.opportunity), (None, None, None));
    assert_eq!((missing.contract, missing.errors), (None, Vec::new()));
    let found = rig.call::<GetAccount>(AccountArgs { account_id: account("MISSING-999") }).await.unwrap();
    assert_eq!(found.account, None);
}

#[tokio::test]
async fn a_salesforce_id_finds_the_same_account_in_both_forms() {
    let rig = Rig::new().await;
    for id in ["0018Z00003ACMEQ", "0018Z00003ACMEQQA5"] {
        let bundle = rig.bundle(id).await.unwrap();
        assert_eq!(bundle.account.unwrap().name.as_deref(), Some("ACME Corp"), "{id}");
        assert!(bundle.opportunity.is_some(), "{id}");
    }
}

#[tokio::test]
async fn a_named_opportunity_is_that_one_whatever_its_account() {
    let rig = Rig::new().await;
    let named = |id: &str| DealArgs {
        account_id: account("ACME-001"),
        opportunity_id: Some(OpportunityId::parse(id).unwrap()),
    };
    let bundle = rig.call::<GetOnboardingBundle>(named("0068Z00001BETAQQA5")).await.unwrap();
    assert_eq!(bundle.opportunity.unwrap().account_id.as_deref(), Some("0018Z00003BETAQQA5"));
    let bundle = rig.call::<GetOnboardingBundle>(named("0068Z00001NONEXQ")).await.unwrap();
    let error = bundle.errors.first().unwrap();
    assert_eq!(
        (error.error_code.as_str(), error.hides.as_slice()),
        ("MALFORMED_ID", &[RecordKind::Opportunity][..])
    );
    assert!(bundle.account.is_some());
    let unknown = rig.call::<GetOpportunity>(named("0068Z00001ZZZZZ")).await.unwrap();
    assert_eq!(unknown.opportunity, None);
}

#[tokio::test]
async fn single_records_are_read_by_their_ids() {
    let rig = Rig::new().await;
    let user = |id: &str| UserArgs { user_id: id.to_owned() };
    let found = rig.call::<GetUser>(user("0058Z00001INACTQA5")).await.unwrap().user.unwrap();
    assert_eq!(found.is_active, Some(false));
    assert_eq!(rig.call::<GetUser>(user("0058Z00001ZZZZZ")).await.unwrap().user, None);
    let contract = |id: &str| ContractArgs { contract_id: ContractId::parse(id).unwrap() };
    let found = rig.call::<GetContract>(contract("8008Z00000ACMEQQA5")).await.unwrap().contract.unwrap();
    assert_eq!(found.number.as_deref(), Some("00000123"));
    assert_eq!(rig.call::<GetContract>(contract("8008Z00000ZZZZZ")).await.unwrap().contract, None);
    assert_eq!(rig.calls(), 4);
}

#[tokio::test]
async fn two_hundred_accounts_are_one_call_in_the_order_asked() {
    let rig = Rig::with(Options { synthetic: 200, ..Options::default() }, |_| {}).await;
    let mut ids: Vec<_> = (1..=197).rev().map(|n| account(&format!("SYN-{n:06}"))).collect();
    ids.extend(["MISSING-999", "0018Z00003ACMEQ", "beta-002"].map(account));
    let found = rig.call::<GetAccounts>(AccountsArgs { account_ids: ids.clone() }).await.unwrap().accounts;
    assert_eq!(
        found.iter().map(|lookup| &lookup.account_id).collect::<Vec<_>>(),
        ids.iter().collect::<Vec<_>>()
    );
    let name = |at: usize| found.get(at).unwrap().account.as_ref().and_then(|account| account.name.clone());
    assert_eq!(name(0).as_deref(), Some("Synthetic Customer 000197"));
    assert_eq!(name(196).as_deref(), Some("Synthetic Customer 000001"));
    assert_eq!((name(197), name(198).as_deref()), (None, Some("ACME Corp")));
    assert_eq!(name(199).as_deref(), Some("Beta Industries"), "Salesforce compares text without case");
    assert_eq!(rig.calls(), 1);
}

#[tokio::test]
async fn won_deals_come_oldest_change_first_and_say_if_there_are_more() {
    let rig = Rig::with(on_a_day(), |_| {}).await;
    let list = |since: &str, limit| ClosedWonArgs {
        since: since.parse().unwrap(),
        after_opportunity_id: None,
        limit,
    };
    let all = rig.call::<ListClosedWon>(list("2020-01-01T00:00:00Z", None)).await.unwrap();
    assert!(!all.more);
    assert!(all.opportunities.is_sorted_by_key(|deal| deal.changed_at));
    assert!(all.opportunities.iter().any(|deal| deal.account_id == "ACME-001"));
    assert!(all.opportunities.iter().all(|deal| deal.account_id != "BETA-002"), "Negotiation is not won");
    let two = rig.call::<ListClosedWon>(list("2020-01-01T00:00:00Z", Some(2))).await.unwrap();
    assert_eq!((two.opportunities.len(), two.more), (2, true));
    let newest = all.opportunities.last().unwrap().changed_at.to_string();
    let recent = rig.call::<ListClosedWon>(list(&newest, None)).await.unwrap();
    assert!(!recent.opportunities.is_empty() && recent.opportunities.len() < all.opportunities.len());
}

#[tokio::test]
async fn pages_of_won_deals_get_past_an_instant_that_many_share() {
    let rig = Rig::new().await;
    let deals: Vec<_> = ["A", "B", "C", "D", "E", "F", "G"]
        .into_iter()
        .map(|letter| {
            json!({"Id": format!("0068Z00001BUL{letter}QQA5"), "AccountId": "0018Z00003BULKQQA5", "StageName": "Closed Won",
                   "SystemModstamp": "2099-01-01T00:00:00.000+0000"})
        })
        .collect();
    let account = json!({"Id": "0018Z00003BULKQQA5", "IsDeleted": false, "Name": "Bulk", "Account_External_Id__c": "BULK-1"});
    rig.put_account("BULK-1", &json!({"Account": [account], "Opportunity": deals})).await;
    let mut args = ClosedWonArgs {
        since: "2099-01-01T00:00:00Z".parse().unwrap(),
        after_opportunity_id: None,
        limit: Some(3),
    };
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let page = rig.call::<ListClosedWon>(args.clone()).await.unwrap();
        pages += 1;
        seen.extend(page.opportunities.iter().map(|deal| deal.opportunity_id.clone()));
        if !page.more || pages > 9 {
            break;
        }
        let last = page.opportunities.last().unwrap();
        args.since = last.changed_at;
        args.after_opportunity_id = Some(OpportunityId::parse(&*last.opportunity_id).unwrap());
    }
    assert_eq!((pages, seen.len()), (3, 7));
    assert!(seen.is_sorted());
}

#[tokio::test]
async fn a_set_owner_who_cannot_be_found_is_null() {
    let rig = Rig::new().await;
    let owner = "0058Z00001NOBDY";
    let records = json!({"Account": [{
        "Id": "0018Z00003ORPHNQA5", "IsDeleted": false, "Name": "Orphan", "Account_External_Id__c": "ORPHAN-1", "OwnerId": owner
    }]});
    rig.put_account("ORPHAN-1", &records).await;
    let bundle = rig.bundle("ORPHAN-1").await.unwrap();
    assert_eq!(bundle.account.unwrap().owner_id.as_deref(), Some(owner));
    assert_eq!(bundle.owner, None);
}

#[tokio::test]
async fn both_logins_are_accepted_and_check_says_so_without_secrets() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let login = simulator.credentials().salesforce;
    let basic = settings(&simulator);
    let mut jwt = settings(&simulator);
    jwt.client_secret = None;
    jwt.username = Some(login.username);
    jwt.private_key_pem = Some(login.private_key_pem.into());
    for settings in [basic, jwt] {
        let said = gangway_salesforce::check(&settings, outbound()).await.unwrap();
        assert!(said.starts_with("credentials accepted, "), "{said}");
    }
    assert_eq!(simulator.calls().tokens(Vendor::Salesforce), 2);
    let mut wrong = settings(&simulator);
    wrong.client_secret = Some("wrong-hush".to_owned().into());
    let error = gangway_salesforce::check(&wrong, outbound()).await.unwrap_err();
    assert_eq!(error.error_type, gangway_protocol::ErrorType::Authentication);
    assert!(!error.to_string().contains("hush"), "{error}");
}
