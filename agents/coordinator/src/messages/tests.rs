//! What people read, as snapshots; and that no outside text becomes markup.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Case, LetterKind, PostKind, mail, slack};
use crate::samples;
use gangway_protocol::RunRecord;
use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::Value;

const POSTS: [PostKind; 4] =
    [PostKind::Blocked, PostKind::Escalation, PostKind::Success, PostKind::FinanceAlert];
const LETTERS: [LetterKind; 5] = [
    LetterKind::Blocked,
    LetterKind::Escalation,
    LetterKind::Success,
    LetterKind::Welcome,
    LetterKind::Training,
];

fn text_of(kind: LetterKind, record: &RunRecord) -> String {
    let settings = samples::settings();
    let mail = mail(kind, &Case { record, settings: &settings }).unwrap();
    format!("Subject: {}\n\n{}", mail.subject, mail.text)
}

fn blocks_of(kind: PostKind, record: &RunRecord) -> Vec<Value> {
    let settings = samples::settings();
    slack(kind, &Case { record, settings: &settings }, None).blocks
}

#[test]
fn mails_read_like_a_colleague_wrote_them() {
    assert_snapshot!("mail_blocked", text_of(LetterKind::Blocked, &samples::blocked()));
    assert_snapshot!("mail_blocked_by_errors", text_of(LetterKind::Blocked, &samples::failed_calls()));
    assert_snapshot!("mail_escalation", text_of(LetterKind::Escalation, &samples::escalated()));
    assert_snapshot!("mail_success", text_of(LetterKind::Success, &samples::completed()));
    assert_snapshot!("mail_welcome", text_of(LetterKind::Welcome, &samples::completed()));
    assert_snapshot!("mail_training", text_of(LetterKind::Training, &samples::completed()));
}

#[test]
fn once_it_is_approved_nobody_is_asked_for_it_again() {
    let record = samples::approved();
    assert_snapshot!("mail_success_approved", text_of(LetterKind::Success, &record));
    let told =
        [text_of(LetterKind::Success, &record), format!("{:?}", blocks_of(PostKind::Success, &record))];
    for told in told {
        assert!(told.contains("Open points it was approved with"), "{told}");
        for asked in ["Approve or reject", "ESCALATE", "waits for an approval"] {
            assert!(!told.contains(asked), "{asked}: {told}");
        }
    }
}

#[test]
fn who_is_asked_to_approve_is_told_how() {
    let record = samples::escalated();
    for told in
        [text_of(LetterKind::Escalation, &record), format!("{:?}", blocks_of(PostKind::Escalation, &record))]
    {
        assert!(told.contains("gangway approvals approve apr-gamma-003 --reason"), "{told}");
    }
}

#[test]
fn the_welcome_mail_as_html() {
    let (record, settings) = (samples::completed(), samples::settings());
    let mail = mail(LetterKind::Welcome, &Case { record: &record, settings: &settings }).unwrap();
    assert_snapshot!("mail_welcome_html", mail.html);
}

#[test]
fn slack_messages_as_blocks() {
    assert_json_snapshot!("slack_blocked", blocks_of(PostKind::Blocked, &samples::blocked()));
    assert_json_snapshot!("slack_escalation", blocks_of(PostKind::Escalation, &samples::escalated()));
    assert_json_snapshot!("slack_success", blocks_of(PostKind::Success, &samples::completed()));
    assert_json_snapshot!("slack_finance_alert", blocks_of(PostKind::FinanceAlert, &samples::escalated()));
}

#[test]
fn every_message_carries_the_correlation_id() {
    let (record, settings) = (samples::completed(), samples::settings());
    let case = Case { record: &record, settings: &settings };
    for kind in POSTS {
        let message = slack(kind, &case, Some("apr-1.sealed"));
        assert!(message.text.contains("cor-0001"), "{kind:?}");
        assert!(serde_json::to_string(&message.blocks).unwrap().contains("cor-0001"), "{kind:?}");
    }
    for kind in LETTERS {
        let mail = mail(kind, &case).unwrap();
        assert!(mail.text.contains("cor-0001") && mail.html.contains("cor-0001"), "{kind:?}");
    }
}

#[test]
fn vendor_text_is_never_markup_in_slack() {
    let (record, settings) = (samples::hostile(), samples::settings());
    for kind in POSTS {
        let message = slack(kind, &Case { record: &record, settings: &settings }, None);
        let all = format!("{}\n{}", message.text, serde_json::to_string(&message.blocks).unwrap());
        for markup in ["<", ">", "*b*", "_i_", "~s~", "`c`", "\u{202e}"] {
            assert!(!all.contains(markup), "{kind:?} contains {markup}: {all}");
        }
    }
}

#[test]
fn vendor_text_is_never_markup_in_mails() {
    let (record, settings) = (samples::hostile(), samples::settings());
    for kind in LETTERS {
        let mail = mail(kind, &Case { record: &record, settings: &settings }).unwrap();
        assert!(!mail.html.contains("<script") && !mail.html.contains("<!channel"), "{kind:?}");
        assert!(!mail.html.contains("/\"><"), "{kind:?}: an attribute was left");
        assert!(!mail.subject.contains('\n') && mail.subject.chars().count() <= 150, "{kind:?}");
    }
}

#[test]
fn messages_stay_within_the_limits_of_slack() {
    let (mut record, settings) = (samples::blocked(), samples::settings());
    let decision = record.decision.as_mut().unwrap();
    let mut finding = decision.violations.first().unwrap().clone();
    finding.message = "&".repeat(5_000);
    finding.resolution = "<".repeat(5_000);
    decision.violations = vec![finding; 60];
    record.advice.as_mut().unwrap().summary = ">".repeat(9_000);
    let message = slack(PostKind::Blocked, &Case { record: &record, settings: &settings }, None);
    assert!(message.text.chars().count() <= 40_000);
    assert!(message.blocks.len() <= 50);
    for block in &message.blocks {
        let text = block["text"]["text"].as_str().unwrap_or_default();
        assert!(text.chars().count() <= 3_000, "{} characters", text.chars().count());
    }
    assert!(message.text.contains("more, all in the run report"));
}

#[test]
fn customers_are_not_told_what_is_internal() {
    let (mut record, settings) = (samples::completed(), samples::settings());
    record.decision = samples::escalated().decision;
    record.advice = samples::escalated().advice;
    for kind in [LetterKind::Welcome, LetterKind::Training] {
        let mail = mail(kind, &Case { record: &record, settings: &settings }).unwrap();
        for internal in ["INV-101", "overdue", "ESCALATE", "risk", "Sarah"] {
            assert!(!mail.text.contains(internal) && !mail.html.contains(internal), "{kind:?}: {internal}");
        }
    }
}

#[test]
fn buttons_are_there_only_where_somebody_listens() {
    let (record, settings) = (samples::escalated(), samples::settings());
    let buttons = |value| {
        let case = Case { record: &record, settings: &settings };
        serde_json::to_string(&slack(PostKind::Escalation, &case, value).blocks).unwrap()
    };
    assert!(!buttons(None).contains("gangway_approve"));
    let drawn = buttons(Some("apr-1.sealed"));
    assert!(drawn.contains("gangway_approve") && drawn.contains("apr-1.sealed"));
}

#[test]
fn a_tenant_that_was_there_before_is_said_so() {
    let mut record = samples::completed();
    if let Some(tenant) = &mut record.tenant {
        tenant.run_id = "run-earlier".parse().unwrap();
    }
    assert!(text_of(LetterKind::Success, &record).contains("already had a tenant"));
}

#[test]
fn a_refused_approval_is_named_as_the_reason() {
    let mut record = samples::escalated();
    record.state = gangway_protocol::RunState::Blocked;
    record.parked_because = Some("the approval was rejected by dana: not before payment".to_owned());
    assert!(text_of(LetterKind::Blocked, &record).contains("rejected by dana: not before payment"));
}
