//! `notify.post_message` against the simulated Slack: once, UNKNOWN after a lost answer, refusals told apart.

use crate::rig::{Rig, http, idem, message, settings};
use futures::future::join_all;
use gangway_governance::{Governance, Limits};
use gangway_notify::{Ground, Settings, server};
use gangway_protocol::ErrorType;
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::tools::notify::{DeliveryStatus, PostMessage};
use gangway_simulator::{EffectKind, Fault, FaultKind, Options, Refusal, Simulator, Vendor};
use gangway_store::{Channel, NewMessage, OutboxClaim, OutboxState, Store};
use jiff::Timestamp;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const SENT: EffectKind = EffectKind::SlackMessage;

fn refusal(status: u16) -> FaultKind {
    FaultKind::Status(Refusal { status, retry_after_s: Some(0), ..Refusal::default() })
}

#[tokio::test]
async fn a_message_is_posted_once_with_its_key_in_the_metadata() {
    let rig = Rig::new().await;
    let first = rig.post("#cs-onboarding", "run-1/slack").await.unwrap();
    assert_eq!(first.status, DeliveryStatus::Sent);
    let repeat = rig.post("#cs-onboarding", "run-1/slack").await.unwrap();
    assert_eq!((&repeat.message_id, &repeat.reference), (&first.message_id, &first.reference));
    let posted = rig.simulator.ledger().effects_of(SENT);
    assert_eq!((posted.len(), posted[0].target.as_str()), (1, "cs-onboarding"));
    let metadata = &posted[0].detail["metadata"];
    assert_eq!(metadata["event_payload"]["idempotency_key"], "run-1/slack");
    let ts = posted[0].detail["ts"].as_str().unwrap();
    assert!(first.reference.unwrap().ends_with(ts));
    assert_eq!(
        *rig.places.lock().unwrap(),
        ["outbox.sending:slack", "outbox.delivered:slack", "outbox.recorded:slack"]
    );
}

#[tokio::test]
async fn repeats_at_the_same_moment_post_once() {
    let rig = Rig::new().await;
    let answers = join_all((0..16).map(|_| rig.post("#cs-onboarding", "run-1/slack"))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().status == DeliveryStatus::Sent));
    assert_eq!(rig.count(SENT), 1);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_never_repeated() {
    for kind in [FaultKind::LostResponse, FaultKind::TruncatedJson] {
        let rig = Rig::new().await;
        rig.simulator.faults().add(Fault::new(Vendor::Slack, kind.clone()).times(1));
        for _ in 0..3 {
            let answer = rig.post("#cs-onboarding", "run-1/slack").await.unwrap();
            assert_eq!((answer.status, answer.reference), (DeliveryStatus::Unknown, None), "{kind:?}");
        }
        assert_eq!((rig.count(SENT), rig.outbox().await), (1, vec![OutboxState::Unknown]), "{kind:?}");
        assert_eq!(rig.post("#cs-onboarding", "run-2/slack").await.unwrap().status, DeliveryStatus::Sent);
    }
}

#[tokio::test]
async fn a_connection_that_broke_without_an_answer_is_unknown_too() {
    let rig = Rig::new().await;
    rig.simulator.faults().add(Fault::new(Vendor::Slack, FaultKind::Reset).times(1));
    assert_eq!(rig.post("#cs-onboarding", "run-1/slack").await.unwrap().status, DeliveryStatus::Unknown);
    assert_eq!(rig.post("#cs-onboarding", "run-1/slack").await.unwrap().status, DeliveryStatus::Unknown);
    assert_eq!(rig.count(SENT), 0, "not sent behind the caller's back");
}

#[tokio::test]
async fn an_outage_in_the_middle_is_unknown_and_one_before_it_is_waited_out() {
    let rig = Rig::new().await;
    rig.simulator.faults().add(Fault::new(Vendor::Slack, refusal(500)).times(1));
    assert_eq!(rig.post("#cs-onboarding", "run-1/slack").await.unwrap().status, DeliveryStatus::Unknown);
    rig.simulator.faults().set(vec![Fault::new(Vendor::Slack, refusal(503)).times(1)]);
    assert_eq!(rig.post("#cs-onboarding", "run-2/slack").await.unwrap().status, DeliveryStatus::Sent);
    assert_eq!(rig.count(SENT), 1);
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_or_left_to_the_outbox() {
    let rig = Rig::new().await;
    rig.simulator.faults().add(Fault::new(Vendor::Slack, refusal(429)).times(2));
    assert_eq!(rig.post("#cs-onboarding", "run-1/slack").await.unwrap().status, DeliveryStatus::Sent);
    assert_eq!(rig.count(SENT), 1);
    assert_eq!(rig.simulator.calls().count(Vendor::Slack, "chat.postMessage"), 3);
    rig.simulator.faults().set(vec![Fault::new(Vendor::Slack, refusal(429))]);
    assert_eq!(rig.post("#cs-onboarding", "run-2/slack").await.unwrap().status, DeliveryStatus::Queued);
    assert_eq!(rig.outbox().await, [OutboxState::Sent, OutboxState::Queued]);
}

#[tokio::test]
async fn a_refused_message_is_an_error_and_a_repeat_may_send() {
    let rig = Rig::new().await;
    let error = rig.post("#no-such-channel", "run-1/slack").await.unwrap_err();
    assert_eq!((error.error_type, error.error_code.as_str()), (ErrorType::NotFound, "channel_not_found"));
    assert_eq!(rig.outbox().await, [OutboxState::Dead]);
    assert_eq!(rig.post("#cs-onboarding", "run-1/slack").await.unwrap().status, DeliveryStatus::Sent);
    assert_eq!((rig.count(SENT), rig.outbox().await), (1, vec![OutboxState::Sent]));
}

#[tokio::test]
async fn a_refused_token_is_an_authentication_error() {
    let rig = Rig::with(Options::default(), |settings| {
        settings.slack.as_mut().unwrap().bot_token = SecretString::from("xoxb-wrong");
    })
    .await;
    let error = rig.post("#cs-onboarding", "run-1/slack").await.unwrap_err();
    assert_eq!((error.error_type, error.error_code.as_str()), (ErrorType::Authentication, "invalid_auth"));
    assert!(!error.message.contains("xoxb"));
}

#[tokio::test]
async fn a_slack_nobody_reaches_gets_the_message_later() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rig = Rig::with(Options::default(), |settings| {
        settings.slack.as_mut().unwrap().base_url = format!("http://{closed}");
    })
    .await;
    for _ in 0..2 {
        let answer = rig.post("#cs-onboarding", "run-1/slack").await.unwrap();
        assert_eq!(answer.status, DeliveryStatus::Queued);
    }
    assert_eq!(rig.outbox().await, [OutboxState::Queued]);
}

#[tokio::test]
async fn a_message_another_call_is_sending_is_not_sent_by_a_second() {
    let rig = Rig::new().await;
    let claimed = NewMessage {
        key: idem("run-1/slack"),
        channel: Channel::Slack,
        target: "#cs-onboarding".to_owned(),
        body: serde_json::json!({}),
        run_id: None,
        correlation_id: None,
        at: Timestamp::now(),
    };
    assert!(matches!(rig.store.outbox().claim(claimed).await.unwrap(), OutboxClaim::Fresh(_)));
    assert_eq!(rig.post("#cs-onboarding", "run-1/slack").await.unwrap().status, DeliveryStatus::Queued);
    assert_eq!((rig.round().await.sent, rig.count(SENT)), (0, 0));
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_no_unrecorded_message() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    simulator.faults().add(Fault::new(Vendor::Slack, FaultKind::Latency { ms: 200 }));
    let store = Store::in_memory().unwrap();
    let delivered = Arc::new(Notify::new());
    let seen = Arc::clone(&delivered);
    let crash = CrashPoints::listening(move |place| {
        if place == "outbox.delivered:slack" {
            seen.notify_one();
        }
    });
    let ground = Ground {
        store: store.clone(),
        http: http(),
        limits: Limits::default(),
        crash,
        clock: Timestamp::now,
    };
    let impatient = Governance::new(store.clone()).with_deadline(Duration::from_millis(20));
    let host = crate::host::Host::open(server(&settings(&simulator), ground).unwrap(), impatient).await;
    let given_up = host.call::<PostMessage>(&message("#cs-onboarding", "run-1/slack")).await.unwrap_err();
    assert_eq!(given_up.error_code, "TOOL_DEADLINE");
    delivered.notified().await;
    // Sent, or unknown if the record is a moment behind; in no case a second message.
    let repeat = host.call::<PostMessage>(&message("#cs-onboarding", "run-1/slack")).await;
    assert!(repeat.is_ok(), "{repeat:?}");
    assert_eq!(simulator.ledger().count_of(SENT), 1);
}

#[tokio::test]
async fn a_channel_without_settings_says_so() {
    let rig = Rig::with(Options::default(), |settings| *settings = Settings::default()).await;
    for error in [
        rig.post("#cs-onboarding", "run-1/slack").await.unwrap_err(),
        rig.mail("run-1/mail").await.unwrap_err(),
        rig.page("run-1/page").await.unwrap_err(),
    ] {
        assert_eq!(error.error_code, "NOT_CONFIGURED");
    }
    assert_eq!(rig.outbox().await, []);
}
