//! Bundles and accounts asked for at the same moment: one call, the same answers as alone, nobody spoilt by a neighbour.

use crate::host::Host;
use crate::rig::{Rig, account, http, settings};
use futures::future::join_all;
use gangway_governance::limits::settings::CoalesceSettings;
use gangway_governance::limits::{LimitSettings, Vendor as Limited};
use gangway_governance::{Governance, Limits, Principal, Reach, Server};
use gangway_protocol::tools::salesforce::{
    AccountArgs, DealArgs, GetAccount, GetOnboardingBundle, OnboardingBundle,
};
use gangway_protocol::{ApiError, ErrorType};
use gangway_salesforce::server;
use gangway_simulator::{Fault, FaultKind, Options, Refusal, Simulator, Vendor};
use gangway_store::Store;
use std::sync::Arc;
use std::time::Duration;

const DEMO: [&str; 6] = ["ACME-001", "BETA-002", "GAMMA-003", "DELETED-004", "MISSING-999", "acme-001"];

async fn together(rig: &Rig, ids: &[&str]) -> Vec<Result<OnboardingBundle, ApiError>> {
    join_all(ids.iter().map(|id| rig.bundle(id))).await
}

fn json(found: &Result<OnboardingBundle, ApiError>) -> serde_json::Value {
    serde_json::to_value(found.as_ref().unwrap()).unwrap()
}

#[tokio::test]
async fn answers_are_the_same_as_alone() {
    let rig = Rig::new().await;
    let mut alone = Vec::new();
    for id in DEMO {
        alone.push(rig.bundle(id).await);
    }
    let before = rig.calls();
    let found = together(&rig, &DEMO).await;
    assert!(rig.calls() - before < DEMO.len() as u64, "some shared a call");
    for ((id, alone), found) in DEMO.iter().zip(&alone).zip(&found) {
        assert_eq!(json(alone), json(found), "{id}");
    }
}

#[tokio::test]
async fn many_accounts_are_a_few_calls() {
    let options = Options { synthetic: 190, latency: Duration::from_millis(20), ..Options::default() };
    let rig = Rig::with(options, |_| {}).await;
    rig.bundle("SYN-000001").await.unwrap();
    let before = rig.calls();
    let ids: Vec<String> = (1..=190).map(|number| format!("SYN-{number:06}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let found = together(&rig, &ids).await;
    for (id, found) in ids.iter().zip(&found) {
        let bundle = found.as_ref().unwrap();
        assert!(bundle.errors.is_empty() && bundle.opportunity.is_some(), "{id}");
    }
    let calls = rig.calls() - before;
    assert!(calls <= 20, "{calls} calls for 190 accounts");
}

#[tokio::test]
async fn single_accounts_share_a_query_and_each_has_its_own_answer() {
    let options = Options { latency: Duration::from_millis(20), ..Options::default() };
    let rig = Rig::with(options, |_| {}).await;
    let ask = |id: &&str| rig.call::<GetAccount>(AccountArgs { account_id: account(id) });
    let mut alone = Vec::new();
    for id in &DEMO {
        alone.push(ask(id).await.unwrap());
    }
    let before = rig.calls();
    let found = join_all(DEMO.iter().map(ask)).await;
    assert!(rig.calls() - before < DEMO.len() as u64, "some shared a call");
    for ((id, alone), found) in DEMO.iter().zip(alone).zip(found) {
        assert_eq!(alone.account, found.unwrap().account, "{id}");
    }
    rig.fault(Fault::new(Vendor::Salesforce, FaultKind::status(500)).for_account("BETA-002"));
    let failed: Vec<bool> = join_all(DEMO.iter().map(ask)).await.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, true, false, false, false, false]);
}

#[tokio::test]
async fn one_accounts_trouble_is_its_own() {
    let rig = Rig::new().await;
    rig.fault(Fault::new(Vendor::Salesforce, FaultKind::status(500)).for_account("BETA-002"));
    let ids = ["ACME-001", "BETA-002", "GAMMA-003", "ACME-001"];
    let found = together(&rig, &ids).await;
    let failed: Vec<bool> = found.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, true, false, false]);
    assert_eq!(found[1].as_ref().unwrap_err().error_type, ErrorType::ServerError);
}

/// A server that brings together whatever may meet, however slow the machine.
fn patient_server(simulator: &Simulator) -> Server {
    let coalesce = CoalesceSettings { window_ms: 300, longest_ms: 10_000 };
    let limits = Limits::new(&LimitSettings { coalesce, ..LimitSettings::default() });
    server(&settings(simulator), limits.outbound(Limited::Salesforce, http())).unwrap()
}

#[tokio::test]
async fn of_a_batch_that_came_in_part_only_what_is_missing_is_asked_for_singly() {
    const BATCH: u64 = 9;
    let mut seen = Vec::new();
    for seed in 0..4 {
        let options =
            Options { synthetic: 10, latency: Duration::from_millis(20), seed, ..Options::default() };
        let simulator = Simulator::start(options).await.unwrap();
        let refusal = Refusal { status: 503, ..Refusal::default() };
        let in_part = Fault::new(Vendor::Salesforce, FaultKind::Partial(refusal)).on("composite");
        // The first account goes alone, so the only call that names this one and others is the batch.
        simulator.faults().add(in_part.for_account("SYN-000002").times(1));
        let host = Host::open(patient_server(&simulator), Governance::new(Store::in_memory().unwrap())).await;
        let asked = (1..=BATCH + 1).map(|number| {
            let args = DealArgs { account_id: account(&format!("SYN-{number:06}")), opportunity_id: None };
            let host = &host;
            async move { host.call::<GetOnboardingBundle>(&args).await }
        });
        for found in join_all(asked).await {
            let bundle = found.unwrap();
            assert!(bundle.errors.is_empty() && bundle.account.is_some() && bundle.opportunity.is_some());
        }
        let log = simulator.calls();
        let count = |operation| log.count(Vendor::Salesforce, operation);
        // One account's own query is a query, its deals are a composite call.
        seen.push((count("composite") - 2, count("query_all"), log.calls(Vendor::Salesforce)));
    }
    seen.sort_unstable();
    seen.dedup();
    let only_accounts = (0, BATCH, 2 + BATCH);
    let only_deals = (BATCH, 0, 2 + BATCH);
    assert_eq!(seen, [only_accounts, only_deals], "the seeds refuse one part or the other");
}

/// Has each of these callers of one server ask for ten accounts, all at the same moment; the calls Salesforce saw.
async fn calls_of(callers: [Principal; 2]) -> u64 {
    let options = Options { synthetic: 20, latency: Duration::from_millis(20), ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let server = patient_server(&simulator);
    let governance = Arc::new(Governance::new(Store::in_memory().unwrap()));
    let mut hosts = Vec::new();
    for caller in callers {
        hosts.push(Host::open_as(caller, server.clone(), Arc::clone(&governance)).await);
    }
    let args = |number: usize| DealArgs {
        account_id: account(&format!("SYN-{:06}", number + 1)),
        opportunity_id: None,
    };
    let (args, hosts) = (&args, &hosts);
    let asked = (0..20)
        .map(|number| async move { hosts[number % 2].call::<GetOnboardingBundle>(&args(number)).await });
    assert!(join_all(asked).await.iter().all(Result::is_ok));
    simulator.calls().calls(Vendor::Salesforce)
}

#[tokio::test]
async fn callers_with_other_rights_share_no_call() {
    let local = |reach| Principal::local("desk", reach).unwrap();
    let same = calls_of([local(Reach::Reads), local(Reach::Reads)]).await;
    assert_eq!(same, 2, "the first alone, the others together");
    let other = calls_of([local(Reach::Reads), local(Reach::Writes)]).await;
    assert_eq!(other, 4, "the first of each alone, the others of each together");
}
