//! Deals and the runs they meet, on a real store, with supplied times.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{Looked, accept, bare, begin, request};
use crate::config::Sources;
use crate::installation::Installation;
use crate::schedule::jobs::Crew;
use crate::schedule::settings::WonDeals;
use gangway_protocol::tools::salesforce::ClosedWon;
use gangway_protocol::{RunId, RunState};
use gangway_simulator::{Options, Simulator};
use jiff::Timestamp;
use std::sync::Arc;

fn deal(opportunity: &str) -> ClosedWon {
    ClosedWon {
        opportunity_id: opportunity.to_owned(),
        account_id: "ACME-001".to_owned(),
        amount: None,
        close_date: None,
        changed_at: "2026-03-01T09:00:00Z".parse().unwrap(),
    }
}

#[test]
fn a_deal_always_asks_with_the_same_correlation_id() {
    let id = "006000000000001AAA";
    assert_eq!(request(&deal(id)).unwrap(), request(&deal(id)).unwrap());
    assert!(request(&deal("")).is_err());
    assert_eq!(bare(id), bare("006000000000001"));
}

#[test]
fn the_first_look_is_bounded_and_later_ones_reach_back_a_little() {
    let now = "2026-03-02T09:00:00Z".parse().unwrap();
    let settings = WonDeals::default();
    let first = begin(&settings, None, now).unwrap();
    assert_eq!(first.to_string(), "2026-03-01T09:00:00Z");
    let seen = "2026-03-02T08:00:00Z".parse().unwrap();
    assert_eq!(begin(&settings, Some(seen), now).unwrap().to_string(), "2026-03-02T07:30:00Z");
}

/// What a look makes of one deal, and the runs it begins; nobody drives them.
async fn looked_at(crew: &Crew, opportunity: &str) -> (Looked, Vec<RunId>) {
    let mut looked = Looked::default();
    let (settings, deals) = (WonDeals::default(), [deal(opportunity)]);
    let started = accept(crew, &settings, &deals, Timestamp::now(), &mut looked).await.unwrap();
    (looked, started)
}

#[tokio::test]
async fn a_deal_whose_account_is_busy_with_another_one_waits_and_is_not_forgotten() {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let vendors = Simulator::start(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources::simulated_at(&vendors.addresses().base_url, folder.path());
    let installation = Arc::new(Installation::open(sources).await.unwrap());
    let engine = Some(installation.engine().await.unwrap());
    let crew = Crew { installation: Arc::clone(&installation), engine, line: None };
    let (one, other) = ("006000000000001AAA", "006000000000002AAA");
    let (_, first) = looked_at(&crew, one).await;
    for _ in 0..2 {
        let (looked, started) = looked_at(&crew, other).await;
        assert_eq!((looked.waiting, looked.known, started.len()), (1, 0, 0), "{looked:?}");
        assert_eq!(looked.wait_from, Some(deal(other).changed_at), "the next look sees it again");
    }
    let runs = installation.store().runs();
    let mut run = runs.get(first.first().unwrap()).await.unwrap().unwrap();
    run.state = RunState::Blocked;
    runs.save(&run).await.unwrap();
    let (looked, started) = looked_at(&crew, other).await;
    assert_eq!((looked.waiting, started.len()), (0, 1), "{looked:?}");
    let (looked, started) = looked_at(&crew, other).await;
    assert_eq!((looked.known, started.len()), (1, 0), "{looked:?}");
}
