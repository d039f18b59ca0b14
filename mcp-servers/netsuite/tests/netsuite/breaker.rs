//! NetSuite behind its breaker, as a caller of the tool and NetSuite itself see it.

use crate::rig::{Rig, http, invoices, settings};
use futures::future::join_all;
use gangway_governance::limits::breaker::Phase;
use gangway_governance::limits::settings::{CoalesceSettings, VendorLimits};
use gangway_governance::limits::{LimitSettings, Limits, Vendor as Limited};
use gangway_protocol::ErrorType;
use gangway_simulator::{Fault, FaultKind, Options, Vendor};
use std::time::Duration;
use tempfile::TempDir;

/// One by one, so that every read is a call of its own.
fn limits(netsuite: VendorLimits) -> Limits {
    let coalesce = CoalesceSettings { window_ms: 0, longest_ms: 0 };
    Limits::new(&LimitSettings { netsuite, coalesce, ..LimitSettings::default() })
}

async fn rig(limits: &Limits) -> Rig {
    let options = Options { synthetic: 60, latency: Duration::from_millis(5), ..Options::default() };
    Rig::behind(limits.outbound(Limited::Netsuite, http()), options, settings).await
}

fn down() -> Fault {
    Fault::new(Vendor::NetSuite, FaultKind::status(503))
}

fn phase(limits: &Limits) -> Phase {
    limits.gate(Limited::Netsuite).view().phase
}

/// Asks about this many accounts, one after the other.
async fn ask(rig: &Rig, accounts: u32) {
    for number in 1..=accounts {
        // Whether it is answered is each test's own question.
        let _ = rig.invoices(&[&format!("SYN-{number:06}")]).await;
    }
}

#[tokio::test]
async fn an_open_breaker_answers_at_once_readably_and_netsuite_sees_nothing() {
    let limits = limits(VendorLimits::default());
    let rig = rig(&limits).await;
    rig.fault(down());
    ask(&rig, 3).await;
    assert_eq!(phase(&limits), Phase::Open, "four attempts each about three accounts");
    let before = rig.calls();
    let error = rig.invoices(&["SYN-000009"]).await.unwrap_err();
    assert_eq!((error.error_type, error.error_code.as_str()), (ErrorType::ServerError, "BREAKER_OPEN"));
    assert!(error.not_sent && error.retry_after_ms.is_some_and(|ms| (1..=5_000).contains(&ms)), "{error:?}");
    assert!(error.message.contains("netsuite failed too often (last: "), "{error}");
    assert_eq!(rig.calls(), before);
}

#[tokio::test]
async fn one_account_that_makes_netsuite_fail_opens_it_for_nobody() {
    let limits = limits(VendorLimits::default());
    let rig = rig(&limits).await;
    rig.fault(down().for_account("SYN-000060"));
    for _ in 0..10 {
        rig.invoices(&["SYN-000060"]).await.unwrap_err();
    }
    assert!(rig.calls() >= 40);
    rig.invoices(&["SYN-000001"]).await.unwrap();
    assert_eq!(phase(&limits), Phase::Closed);
}

#[tokio::test]
async fn one_account_that_spoils_every_batch_it_is_in_opens_it_for_nobody() {
    let limits = limits(VendorLimits::default());
    let rig = rig(&limits).await;
    rig.fault(down().for_account("SYN-000060"));
    for number in 1..=10 {
        let neighbour = format!("SYN-{number:06}");
        assert_eq!(rig.invoices(&["SYN-000060", &neighbour]).await.unwrap().len(), 1, "the neighbour's own");
    }
    assert_eq!(phase(&limits), Phase::Closed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn netsuite_sees_one_probe_at_a_time_however_many_ask() {
    let limits = limits(VendorLimits { cool_down_ms: Some(0), ..VendorLimits::default() });
    let rig = rig(&limits).await;
    rig.fault(down());
    ask(&rig, 3).await;
    assert_ne!(phase(&limits), Phase::Closed);
    rig.simulator.calls().reset();
    for _ in 0..5 {
        let ids: Vec<String> = (1..=32).map(|number| format!("SYN-{number:06}")).collect();
        let asked = ids.iter().map(|id| async { rig.invoices(&[id]).await.unwrap_err().error_code });
        let refused = join_all(asked).await.iter().filter(|code| *code == "BREAKER_OPEN").count();
        assert!(refused > 0, "most are refused while one tries");
    }
    let calls = rig.simulator.calls();
    assert!(calls.calls(Vendor::NetSuite) >= 5, "a probe in every round");
    assert_eq!(calls.max_concurrency(Vendor::NetSuite), 1);
    rig.simulator.faults().clear();
    ask(&rig, 2).await;
    assert_eq!(phase(&limits), Phase::Closed);
    assert_eq!(rig.invoices(&["SYN-000050"]).await.unwrap().len(), 1);
}

/// Servers launched by several hosts over one data folder: NetSuite counts what the account calls, whoever asks.
#[tokio::test]
async fn processes_on_one_data_folder_share_what_netsuite_allows_at_once() {
    let folder = TempDir::new().unwrap();
    let coalesce = CoalesceSettings { window_ms: 0, longest_ms: 0 };
    let netsuite = VendorLimits { concurrency: Some(2), ..VendorLimits::default() };
    let limits = LimitSettings { netsuite, coalesce, ..LimitSettings::default() };
    let outbound = || Limits::shared(&limits, folder.path()).outbound(Limited::Netsuite, http());
    let options = Options { synthetic: 60, latency: Duration::from_millis(5), ..Options::default() };
    let rig = Rig::behind(outbound(), options, settings).await;
    let others = [rig.beside(outbound()).await, rig.beside(outbound()).await];
    let hosts = || [&rig.host].into_iter().chain(&others);
    for host in hosts() {
        // Each process has its own token; what is counted here are the calls.
        invoices(host, &["SYN-000060"]).await.unwrap();
    }
    let asks = (1..=10).flat_map(|number| hosts().map(move |host| (host, format!("SYN-{number:06}"))));
    let answers = join_all(asks.map(async |(host, id)| invoices(host, &[&id]).await)).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(rig.simulator.calls().max_concurrency(Vendor::NetSuite), 2);
}
