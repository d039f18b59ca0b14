//! Rounds of the outbox: what was put off is sent once, what is in doubt is looked for, what is hopeless is given up.

use crate::rig::{Rig, idem, letter, message};
use futures::future::join_all;
use gangway_notify::{Round, Settings};
use gangway_protocol::redact::Personal;
use gangway_protocol::tools::notify::{DeliveryStatus, PostMessage, SendEmail};
use gangway_simulator::{EffectKind, Fault, FaultKind, Options, Refusal, Vendor};
use gangway_store::OutboxState;
use jiff::{SignedDuration, Timestamp};

const POSTED: EffectKind = EffectKind::SlackMessage;

fn refusal(status: u16, retry_after_s: u64) -> FaultKind {
    FaultKind::Status(Refusal { status, retry_after_s: Some(retry_after_s), ..Refusal::default() })
}

fn at_once(settings: &mut Settings) {
    settings.retry.retries = 0;
}

async fn queued() -> Rig {
    let rig = Rig::with(Options::default(), at_once).await;
    rig.simulator.faults().add(Fault::new(Vendor::Slack, refusal(503, 0)).times(1));
    assert_eq!(rig.post("#cs-onboarding", "run-1/slack").await.unwrap().status, DeliveryStatus::Queued);
    rig
}

/// A message whose answer was lost: posted in spite of that, or not.
async fn doubtful(kind: FaultKind) -> Rig {
    let rig = Rig::new().await;
    rig.simulator.faults().add(Fault::new(Vendor::Slack, kind).times(1));
    assert_eq!(rig.post("#cs-onboarding", "run-1/slack").await.unwrap().status, DeliveryStatus::Unknown);
    rig
}

#[tokio::test]
async fn a_message_put_off_is_posted_once_by_rounds_at_the_same_moment() {
    let rig = queued().await;
    let rounds = join_all((0..8).map(|_| rig.round())).await;
    assert_eq!(rounds.iter().map(|round| round.sent).sum::<usize>(), 1);
    assert_eq!((rig.count(POSTED), rig.outbox().await), (1, vec![OutboxState::Sent]));
    assert_eq!(rig.store.outbox().to_follow_up(9).await.unwrap().len(), 1, "its caller did not see it sent");
    let posted = rig.simulator.ledger().effects_of(POSTED);
    assert_eq!(posted[0].detail["metadata"]["event_payload"]["idempotency_key"], "run-1/slack");
}

#[tokio::test]
async fn nothing_is_tried_before_the_receiver_asked_for_it() {
    let rig = Rig::with(Options::default(), at_once).await;
    rig.simulator.faults().add(Fault::new(Vendor::Slack, refusal(429, 1_800)).times(1));
    rig.post("#cs-onboarding", "run-1/slack").await.unwrap();
    let in_minutes = |minutes| Timestamp::now() + SignedDuration::from_mins(minutes);
    let early = rig.outpost.deliver_due(in_minutes(29), 9).await.unwrap();
    assert_eq!((early, rig.count(POSTED)), (Round::default(), 0));
    assert_eq!(rig.outpost.deliver_due(in_minutes(31), 9).await.unwrap().sent, 1);
}

#[tokio::test]
async fn a_message_that_is_refused_again_and_again_is_given_up() {
    let rig = Rig::with(Options::default(), |settings| {
        at_once(settings);
        settings.outbox.attempts = 3;
    })
    .await;
    rig.simulator.faults().add(Fault::new(Vendor::Slack, refusal(503, 0)));
    rig.post("#cs-onboarding", "run-1/slack").await.unwrap();
    let in_hours = |hours| Timestamp::now() + SignedDuration::from_hours(hours);
    let mut rounds = Vec::new();
    // Each round is later than the wait the one before asked for.
    for hours in 1..=3 {
        rounds.push(rig.outpost.deliver_due(in_hours(hours), 9).await.unwrap());
    }
    assert_eq!((rounds[0].queued, rounds[1].dead, &rounds[2]), (1, 1, &Round::default()));
    let dead = rig.store.outbox().to_follow_up(9).await.unwrap().remove(0);
    assert_eq!((dead.state, dead.attempts), (OutboxState::Dead, 3));
    assert!(dead.why.unwrap().starts_with("given up after 3 attempts"));
    assert_eq!(rig.count(POSTED), 0);
}

#[tokio::test]
async fn a_message_of_unknown_fate_that_was_posted_is_found() {
    for kind in [FaultKind::LostResponse, FaultKind::TruncatedJson] {
        let rig = doubtful(kind).await;
        let round = rig.round().await;
        assert_eq!((round.found, round.sent, rig.count(POSTED)), (1, 0, 1));
        let row = rig.store.outbox().to_follow_up(9).await.unwrap().remove(0);
        assert_eq!(row.state, OutboxState::Sent);
        let posted = rig.simulator.ledger().effects_of(POSTED);
        assert!(row.reference.unwrap().ends_with(posted[0].detail["ts"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_message_that_was_posted_is_found_though_our_clock_is_hours_ahead_of_slacks() {
    fn ahead() -> Timestamp {
        Timestamp::now() + SignedDuration::from_hours(3)
    }
    let rig = Rig::by(ahead, Options::default(), |_| {}).await;
    rig.simulator.faults().add(Fault::new(Vendor::Slack, FaultKind::LostResponse).times(1));
    assert_eq!(rig.post("#cs-onboarding", "run-1/slack").await.unwrap().status, DeliveryStatus::Unknown);
    let round = rig.outpost.deliver_due(ahead() + SignedDuration::from_hours(1), 9).await.unwrap();
    assert_eq!((round.found, round.sent, rig.count(POSTED)), (1, 0, 1), "{round:?}");
}

#[tokio::test]
async fn a_message_of_unknown_fate_that_is_certainly_not_there_is_posted_once() {
    for kind in [FaultKind::Reset, refusal(500, 0)] {
        let rig = doubtful(kind).await;
        rig.post("#cs-onboarding", "run-2/slack").await.unwrap();
        let round = rig.round().await;
        assert_eq!((round.absent, round.sent, rig.count(POSTED)), (1, 1, 2));
        assert_eq!(rig.outbox().await, [OutboxState::Sent; 2]);
    }
}

#[tokio::test]
async fn a_message_that_slack_may_still_be_working_on_stays_unknown() {
    let rig = doubtful(FaultKind::Reset).await;
    let round = rig.outpost.deliver_due(Timestamp::now(), 9).await.unwrap();
    assert_eq!((round, rig.outbox().await), (Round::default(), vec![OutboxState::Unknown]));
}

#[tokio::test]
async fn what_leaves_doubt_leaves_it_unknown() {
    // What history answers without the scope, and what it is when it cannot be reached at all.
    for kind in [refusal(403, 0), FaultKind::LostResponse, refusal(500, 0)] {
        let rig = doubtful(FaultKind::Reset).await;
        rig.simulator.faults().add(Fault::new(Vendor::Slack, kind));
        assert_eq!((rig.round().await, rig.outbox().await), (Round::default(), vec![OutboxState::Unknown]));
        rig.simulator.faults().set(Vec::new());
        assert_eq!(rig.round().await, Round::default(), "it is looked for again later, not at every round");
        assert_eq!(rig.count(POSTED), 0);
    }
}

#[tokio::test]
async fn a_message_deep_in_a_busy_channel_is_found_on_a_later_page() {
    let rig = doubtful(FaultKind::LostResponse).await;
    let keys: Vec<String> = (0..250).map(|n| format!("other-{n}/slack")).collect();
    join_all(keys.iter().map(|key| rig.post("#cs-onboarding", key))).await;
    assert_eq!((rig.round().await.found, rig.count(POSTED)), (1, 251));
}

#[tokio::test]
async fn a_mail_of_unknown_fate_is_left_to_a_person() {
    let rig = Rig::new().await;
    rig.simulator.faults().add(Fault::new(Vendor::Smtp, FaultKind::LostResponse).times(1));
    assert_eq!(rig.mail("run-1/welcome").await.unwrap().status, DeliveryStatus::Unknown);
    assert_eq!((rig.round().await, rig.outbox().await), (Round::default(), vec![OutboxState::Unknown]));
}

#[tokio::test]
async fn a_mail_with_a_name_of_its_own_is_sent_once_in_whatever_words() {
    let rig = Rig::new().await;
    let named = |key: &str, subject: &str| {
        let mut args = letter(key);
        (args.once_key, args.subject) = (Some(idem("tnt-1/email_welcome")), Personal(subject.to_owned()));
        args
    };
    let first = rig.host.call::<SendEmail>(&named("run-1/welcome", "Welcome")).await.unwrap();
    let second = rig.host.call::<SendEmail>(&named("run-2/welcome", "Welcome back")).await.unwrap();
    assert_eq!((second.status, second.message_id), (DeliveryStatus::Sent, first.message_id));
    assert_eq!(rig.count(EffectKind::Mail), 1);
    // The same of one whose fate is unknown.
    rig.simulator.faults().add(Fault::new(Vendor::Smtp, FaultKind::LostResponse).times(1));
    let lost = |key: &str| {
        let mut args = named(key, "Training");
        args.once_key = Some(idem("tnt-1/email_training"));
        args
    };
    for key in ["run-1/training", "run-2/training"] {
        let answer = rig.host.call::<SendEmail>(&lost(key)).await.unwrap();
        assert_eq!(answer.status, DeliveryStatus::Unknown, "{key}");
    }
    assert_eq!(rig.count(EffectKind::Mail), 2);
}

#[tokio::test]
async fn a_round_leaves_what_has_no_channel_here() {
    let rig = queued().await;
    let stranger = Rig::with(Options::default(), |settings| *settings = Settings::default()).await;
    assert_eq!(stranger.round().await, Round::default());
    assert_eq!(
        rig.host.call::<PostMessage>(&message("#cs-onboarding", "run-1/slack")).await.unwrap().status,
        DeliveryStatus::Queued
    );
    assert_eq!(rig.round().await.sent, 1);
}
