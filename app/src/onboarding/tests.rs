//! The handlers on a real store and real simulated vendors.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

use super::{Desk, runs};
use crate::config::Sources;
use crate::installation::Installation;
use gangway_governance::{Call, Principal};
use gangway_protocol::tools::onboarding::{RequestRunArgs, StartRunArgs};
use gangway_protocol::{AccountId, Agent, IdempotencyKey, System};
use gangway_simulator::{Options, Simulator};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::Mutex;

struct Stage {
    desk: Arc<Desk>,
    _vendors: Simulator,
    _folder: TempDir,
}

async fn stage() -> Stage {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let vendors = Simulator::start(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources::simulated_at(&vendors.addresses().base_url, folder.path());
    let installation = Arc::new(Installation::open(sources).await.unwrap());
    let desk = Arc::new(Desk { installation, person: None, engine: Mutex::default() });
    Stage { desk, _vendors: vendors, _folder: folder }
}

fn call(operation: &'static str) -> Call {
    Call {
        system: System::Onboarding,
        operation,
        principal: Principal::agent(Agent::Coordinator),
        run_id: None,
        correlation_id: None,
        trace: gangway_protocol::TraceParent::beginning(1),
        key: None,
        confirmation: gangway_governance::Confirmation::default(),
        progress: gangway_governance::Progress::default(),
    }
}

fn start_args(account: &str, key: &str) -> StartRunArgs {
    StartRunArgs {
        account_id: AccountId::parse(account).unwrap(),
        opportunity_id: None,
        correlation_id: None,
        idempotency_key: IdempotencyKey::parse(key).unwrap(),
    }
}

fn request_args(account: &str, key: &str) -> RequestRunArgs {
    RequestRunArgs {
        account_id: AccountId::parse(account).unwrap(),
        reason: "the contract is executed".to_owned(),
        idempotency_key: IdempotencyKey::parse(key).unwrap(),
    }
}

#[tokio::test]
async fn a_start_repeated_with_its_key_finds_the_run_it_began() {
    let stage = stage().await;
    let start =
        |key| runs::start_run(Arc::clone(&stage.desk), start_args("BETA-002", key), call("start_run"));
    let first = start("key-1").await.unwrap();
    let again = start("key-1").await.unwrap();
    assert!(first.started && !again.started);
    assert_eq!(first.run.run_id, again.run.run_id);
    assert!(start("key-2").await.unwrap().started, "another key is another run");
}

#[tokio::test]
async fn a_new_run_is_asked_for_only_where_one_was_blocked() {
    let stage = stage().await;
    let desk = || Arc::clone(&stage.desk);
    let refused =
        runs::request_run(desk(), request_args("BETA-002", "k"), call("request_run")).await.unwrap_err();
    assert_eq!(refused.error_code, "NOT_BLOCKED");
    assert!(refused.message.contains("never run"), "{}", refused.message);

    let blocked = runs::start_run(desk(), start_args("BETA-002", "k"), call("start_run")).await.unwrap();
    let asked = runs::request_run(desk(), request_args("BETA-002", "k"), call("request_run")).await.unwrap();
    assert!(asked.started && asked.run.run_id != blocked.run.run_id);
    let again = runs::request_run(desk(), request_args("BETA-002", "k"), call("request_run")).await.unwrap();
    assert_eq!((again.started, again.run.run_id), (false, asked.run.run_id));
}

#[tokio::test]
async fn the_engine_is_free_again_however_its_holders_ended() {
    let stage = stage().await;
    let installation = Arc::clone(&stage.desk.installation);
    let (one, other) =
        (stage.desk.engine(&call("start_run")).await, stage.desk.engine(&call("start_run")).await);
    assert!(one.is_ok() && other.is_ok(), "holders share it");
    drop(one);
    assert!(installation.engine().await.is_err(), "somebody still holds it");
    drop(other);
    let desk = Arc::clone(&stage.desk);
    let panicked = tokio::spawn(async move {
        let _held = desk.engine(&call("start_run")).await;
        panic!("planned");
    });
    assert!(panicked.await.unwrap_err().is_panic());
    let desk = Arc::clone(&stage.desk);
    let cancelled = tokio::spawn(async move {
        let _held = desk.engine(&call("start_run")).await;
        std::future::pending::<()>().await;
    });
    tokio::task::yield_now().await;
    cancelled.abort();
    assert!(cancelled.await.unwrap_err().is_cancelled());
    installation.engine().await.unwrap();
}
