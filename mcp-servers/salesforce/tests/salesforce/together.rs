//! Bundles asked for at the same moment: one composite call, the same answers as alone, nobody spoilt by a neighbour.

use crate::rig::Rig;
use futures::future::join_all;
use gangway_protocol::tools::salesforce::OnboardingBundle;
use gangway_protocol::{ApiError, ErrorType};
use gangway_simulator::{Fault, FaultKind, Options, Vendor};
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
async fn one_accounts_trouble_is_its_own() {
    let rig = Rig::new().await;
    rig.fault(Fault::new(Vendor::Salesforce, FaultKind::status(500)).for_account("BETA-002"));
    let ids = ["ACME-001", "BETA-002", "GAMMA-003", "ACME-001"];
    let found = together(&rig, &ids).await;
    let failed: Vec<bool> = found.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, true, false, false]);
    assert_eq!(found[1].as_ref().unwrap_err().error_type, ErrorType::ServerError);
}
