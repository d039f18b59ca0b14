//! Reminders and expiry with a supplied clock, on a real store and real simulated vendors; what people got is counted in
//! the simulator's ledger.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{expire_due, remind_due, settled};
use crate::config::Sources;
use crate::installation::Installation;
use crate::onboarding::start;
use crate::outbox::{Word, deliver_due, judge};
use crate::people::local_person;
use gangway_protocol::run::{RunRequest, Trigger};
use gangway_protocol::{RunRecord, RunState};
use gangway_simulator::{EffectKind, Fault, FaultKind, Options, Simulator, Vendor};
use gangway_store::{OutboxFilter, OutboxState};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

struct Stage {
    vendors: Simulator,
    folder: TempDir,
}

impl Stage {
    async fn new() -> Self {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let vendors = Simulator::start(Options::default()).await.unwrap();
        Self { vendors, folder: tempfile::tempdir().unwrap() }
    }

    /// The data folder, opened by a process that was just started.
    async fn open(&self) -> Installation {
        let sources = Sources::simulated_at(&self.vendors.addresses().base_url, self.folder.path());
        Installation::open(sources).await.unwrap()
    }

    /// Slack messages and mails so far.
    fn told(&self) -> (usize, usize) {
        let effects = self.vendors.ledger().entries();
        let count = |kind| effects.iter().filter(|effect| effect.kind == kind).count();
        (count(EffectKind::SlackMessage), count(EffectKind::Mail))
    }
}

/// A run of GAMMA-003 that waits, and when its approval runs out.
async fn waiting(installation: &Installation) -> (RunRecord, Timestamp) {
    let engine = installation.engine().await.unwrap();
    let request = RunRequest {
        account_id: "GAMMA-003".parse().unwrap(),
        opportunity_id: None,
        correlation_id: "cor-1".parse().unwrap(),
        as_of: None,
        trigger: Trigger::Cli,
        requested_by: "rita".to_owned(),
    };
    let (run, _) = start(&engine, request, None).await.unwrap();
    assert_eq!(run.state, RunState::AwaitingApproval);
    let until = run.approval_expires_at.unwrap();
    (run, until)
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

#[tokio::test]
async fn each_reminder_goes_out_once_also_across_a_restart() {
    let stage = Stage::new().await;
    let first = stage.open().await;
    let (_, until) = waiting(&first).await;
    let (slack, mail) = stage.told();
    assert!(remind_due(&first, until - hours(85)).await.unwrap().is_empty(), "none is due yet");
    let half = remind_due(&first, until - hours(84)).await.unwrap();
    assert_eq!(half.iter().map(|sent| sent.hours_before).collect::<Vec<_>>(), [84]);
    assert!(half.iter().all(|sent| sent.failed.is_empty()), "{half:?}");
    assert!(remind_due(&first, until - hours(83)).await.unwrap().is_empty());
    assert_eq!(stage.told(), (slack + 1, mail + 1));
    first.close().await;
    drop(first);

    let second = stage.open().await;
    assert!(remind_due(&second, until - hours(25)).await.unwrap().is_empty(), "it was sent before");
    let last = remind_due(&second, until - hours(24)).await.unwrap();
    assert_eq!(last.iter().map(|sent| sent.hours_before).collect::<Vec<_>>(), [24]);
    assert!(remind_due(&second, until - hours(1)).await.unwrap().is_empty());
    assert!(remind_due(&second, until).await.unwrap().is_empty(), "too late for reminders");
    assert_eq!(stage.told(), (slack + 2, mail + 2));
    second.close().await;
}

#[tokio::test]
async fn a_reminder_that_is_refused_for_good_is_not_kept_as_sent_and_goes_out_once_mended() {
    let stage = Stage::new().await;
    let installation = stage.open().await;
    let (_, until) = waiting(&installation).await;
    let (slack, mail) = stage.told();
    stage.vendors.faults().add(Fault::new(Vendor::Slack, FaultKind::status(401)));
    let remind = async |before: SignedDuration| {
        let due = remind_due(&installation, until - before).await.unwrap();
        due.into_iter().map(|due| due.failed.len()).collect::<Vec<_>>()
    };
    let almost = hours(83) + SignedDuration::from_secs(1);
    assert_eq!(remind(hours(84)).await, [1], "it says that Slack failed");
    assert!(remind(almost).await.is_empty(), "it rests a while");
    assert_eq!(remind(hours(83)).await, [1], "and is not forgotten");
    assert_eq!(stage.told(), (slack, mail + 1));

    stage.vendors.faults().clear();
    let dead = OutboxFilter { state: Some(OutboxState::Dead), ..OutboxFilter::default() };
    let [message] = <[_; 1]>::try_from(installation.store().outbox().list(dead).await.unwrap()).unwrap();
    judge(installation.store(), &local_person(), &message.message_id, Word::Retry, "mended").await.unwrap();
    deliver_due(&installation, Timestamp::now()).await.unwrap();
    assert_eq!(remind(hours(82)).await, [0]);
    assert!(remind(hours(81)).await.is_empty(), "it is noted as sent");
    assert_eq!(stage.told(), (slack + 1, mail + 1));
    installation.close().await;
}

#[tokio::test]
async fn of_reminders_missed_while_nothing_ran_only_the_last_is_sent() {
    let stage = Stage::new().await;
    let installation = stage.open().await;
    let (_, until) = waiting(&installation).await;
    let (slack, mail) = stage.told();
    let sent = remind_due(&installation, until - hours(2)).await.unwrap();
    assert_eq!(sent.iter().map(|sent| sent.hours_before).collect::<Vec<_>>(), [24]);
    assert!(remind_due(&installation, until - hours(1)).await.unwrap().is_empty());
    assert_eq!(stage.told(), (slack + 1, mail + 1));
    installation.close().await;
}

#[tokio::test]
async fn what_nobody_decides_on_is_blocked_once_and_told_once() {
    let stage = Stage::new().await;
    let installation = stage.open().await;
    let (run, until) = waiting(&installation).await;
    let engine = installation.engine().await.unwrap();
    let store = installation.store();
    assert!(expire_due(store, until - hours(1)).await.unwrap().is_empty());
    let (slack, _) = stage.told();
    assert_eq!(expire_due(store, until).await.unwrap(), std::slice::from_ref(&run.run_id));
    assert_eq!(
        settled(store).await.unwrap(),
        std::slice::from_ref(&run.run_id),
        "until somebody has acted on it"
    );
    let driven = engine.durable().drive(&run.run_id).await.unwrap();
    assert_eq!(driven.state, RunState::Blocked);
    assert!(settled(store).await.unwrap().is_empty());
    let after = stage.told();
    assert_eq!(after.0, slack + 1, "the alerts channel hears of it");
    assert!(expire_due(store, until + hours(1)).await.unwrap().is_empty());
    assert!(remind_due(&installation, until + hours(1)).await.unwrap().is_empty());
    assert_eq!(stage.told(), after);
    installation.close().await;
}
