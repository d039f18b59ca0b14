//! `notify.page` against the simulated PagerDuty, and what `gangway doctor` learns of every channel.

use crate::rig::{Rig, http, settings};
use gangway_governance::Limits;
use gangway_notify::{ChannelCheck, Settings, SettingsError, check};
use gangway_protocol::ErrorType;
use gangway_protocol::tools::notify::DeliveryStatus;
use gangway_simulator::{EffectKind, Fault, FaultKind, Options, Simulator, Vendor};
use gangway_store::{OutboxFilter, OutboxState};
use secrecy::SecretString;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

const SENT: EffectKind = EffectKind::Page;

#[tokio::test]
async fn a_page_is_triggered_once_under_its_dedup_key() {
    let rig = Rig::new().await;
    for _ in 0..2 {
        let answer = rig.page("run-1/page").await.unwrap();
        assert_eq!((answer.status, answer.reference.as_deref()), (DeliveryStatus::Sent, Some("run-1/page")));
    }
    let pages = rig.simulator.ledger().effects_of(SENT);
    assert_eq!((pages.len(), pages[0].target.as_str()), (1, "run-1/page"));
    assert_eq!(pages[0].detail["payload"]["severity"], "critical");
    assert_eq!(
        *rig.places.lock().unwrap(),
        ["outbox.sending:page", "outbox.delivered:page", "outbox.recorded:page"]
    );
    let kept = rig.store.outbox().list(OutboxFilter::default()).await.unwrap();
    let body = rig.store.outbox().body(&kept[0].message_id).await.unwrap().unwrap();
    assert!(!body.to_string().contains("routing_key"), "the outbox keeps no secret");
}

#[tokio::test]
async fn a_lost_answer_is_repeated_and_pages_once() {
    for kind in [FaultKind::LostResponse, FaultKind::Reset, FaultKind::status(500), FaultKind::status(429)] {
        let rig = Rig::new().await;
        rig.simulator.faults().add(Fault::new(Vendor::PagerDuty, kind.clone()).times(2));
        assert_eq!(rig.page("run-1/page").await.unwrap().status, DeliveryStatus::Sent, "{kind:?}");
        assert_eq!(rig.count(SENT), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_triggered_now_is_triggered_once_later() {
    let rig = Rig::new().await;
    rig.simulator.faults().add(Fault::new(Vendor::PagerDuty, FaultKind::LostResponse).times(4));
    assert_eq!(rig.page("run-1/page").await.unwrap().status, DeliveryStatus::Queued);
    assert_eq!((rig.round().await.sent, rig.count(SENT)), (1, 1));
    assert_eq!(rig.outbox().await, [OutboxState::Sent]);
}

#[tokio::test]
async fn a_wrong_routing_key_is_an_authentication_error() {
    let rig = Rig::with(Options::default(), |settings| {
        settings.pager.as_mut().unwrap().routing_key = SecretString::from("00000000000000000000000000000000");
    })
    .await;
    let error = rig.page("run-1/page").await.unwrap_err();
    assert_eq!((error.error_type, error.http_status), (ErrorType::Authentication, Some(400)));
}

fn states(checks: &[ChannelCheck]) -> Vec<(&str, Option<bool>)> {
    checks.iter().map(|check| (check.channel, check.state.as_ref().map(Result::is_ok))).collect()
}

#[tokio::test]
async fn the_check_tells_reachable_from_refused_from_absent_and_sends_nothing() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let good = settings(&simulator);
    let checks = check(&good, &http(), &Limits::default()).await.unwrap();
    assert_eq!(
        states(&checks),
        [("slack", Some(true)), ("mail", Some(true)), ("page", Some(true))],
        "{checks:?}"
    );
    let mut bad = good;
    bad.slack.as_mut().unwrap().bot_token = SecretString::from("xoxb-wrong");
    bad.mail.as_mut().unwrap().password = Some(SecretString::from("wrong"));
    bad.pager = None;
    let checks = check(&bad, &http(), &Limits::default()).await.unwrap();
    assert_eq!(states(&checks), [("slack", Some(false)), ("mail", Some(false)), ("page", None)]);
    assert!(simulator.ledger().is_empty());
}

/// Greets, agrees to everything and falls silent at the first NOOP.
async fn fall_silent_at_noop(listener: TcpListener) {
    let mut socket = BufReader::new(listener.accept().await.unwrap().0);
    socket.write_all(b"220 mute.example\r\n").await.unwrap();
    let mut line = String::new();
    while socket.read_line(&mut line).await.unwrap() > 0 {
        if !line.starts_with("NOOP") {
            socket.write_all(b"250 fine\r\n").await.unwrap();
        }
        line.clear();
    }
}

#[tokio::test]
async fn a_mail_server_that_falls_silent_does_not_hold_up_the_check() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let mut mute = settings(&simulator);
    let mail = mute.mail.as_mut().unwrap();
    (mail.port, mail.username, mail.password) = (listener.local_addr().unwrap().port(), None, None);
    mail.attempt_deadline_ms = 200;
    tokio::spawn(fall_silent_at_noop(listener));
    let checked =
        tokio::time::timeout(Duration::from_secs(30), check(&mute, &http(), &Limits::default())).await;
    let checks = checked.expect("the check ends").unwrap();
    let error = checks[1].state.clone().unwrap().unwrap_err();
    assert_eq!((error.error_type, error.error_code.as_str()), (ErrorType::Timeout, "SMTP_TIMEOUT"));
    assert!(error.message.contains("NOOP"), "{}", error.message);
}

#[tokio::test]
async fn half_credentials_are_a_settings_error() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let mut half: Settings = settings(&simulator);
    half.mail.as_mut().unwrap().password = None;
    assert_eq!(check(&half, &http(), &Limits::default()).await.unwrap_err(), SettingsError::HalfCredentials);
}
