//! The run report as a snapshot, its stability, and that no outside text becomes markup in it.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Kept, render_all};
use crate::messages::{Case, LetterKind, mail};
use crate::samples;
use gangway_store::Approval;
use serde_json::json;

#[test]
fn the_run_report_tells_the_whole_run() {
    let settings = samples::settings();
    let (record, calls) = (samples::completed(), samples::tool_calls());
    let reports = render_all(
        &Case { record: &record, settings: &settings },
        &[],
        Kept { calls: &calls, approval: None },
    )
    .unwrap();
    insta::assert_snapshot!("run_report_completed", reports.first().unwrap().content);
    let record = samples::failed_calls();
    let reports = render_all(&Case { record: &record, settings: &settings }, &[], Kept::default()).unwrap();
    insta::assert_snapshot!("run_report_failed_calls", reports.first().unwrap().content);
}

#[test]
fn the_report_says_who_approved_when_and_why_and_asks_for_it_no_more() {
    let settings = samples::settings();
    let record = samples::approved();
    let vote = |by: &str, at: &str, reason: &str| json!({"by": by, "at": at, "reason": reason});
    let mut approval: Approval = serde_json::from_value(json!({
        "approval_id": "apr-gamma-003", "run_id": "run-gamma-003", "account_id": "GAMMA-003",
        "facts_digest": "sha256:facts", "rule_set_digest": "sha256:rules", "state": "approved",
        "requested_at": "2026-03-04T10:00:01Z", "expires_at": "2026-03-11T10:00:01Z",
        "decided_by": "Dana and Ann", "decided_at": "2026-03-05T09:30:00Z", "reason": "They pay on Friday.",
        "votes": [vote("Dana", "2026-03-05T08:00:00Z", "Paid before."),
            vote("Ann", "2026-03-05T09:30:00Z", "They pay on Friday.")]}))
    .unwrap();
    let told = |approval: &Approval| {
        let kept = Kept { calls: &[], approval: Some(approval) };
        let reports = render_all(&Case { record: &record, settings: &settings }, &[], kept).unwrap();
        reports.into_iter().next().unwrap().content
    };
    let by_two = told(&approval);
    assert!(
        by_two.contains(
            "apr-gamma-003, given by Dana on 2026-03-05T08:00:00Z: Paid before.; by Ann on 2026-03-05T09:30:00Z: They pay on Friday."
        ),
        "{by_two}"
    );
    for asked in ["Approve or reject", "needs a person's approval", "waits for an approval"] {
        assert!(!by_two.contains(asked), "{asked}: {by_two}");
    }
    approval.votes.truncate(1);
    approval.decided_by = Some("Dana".to_owned());
    insta::assert_snapshot!("run_report_approved", told(&approval));
}

#[test]
fn every_file_name_carries_the_run_id() {
    let (record, settings) = (samples::completed(), samples::settings());
    let case = Case { record: &record, settings: &settings };
    let mails = [LetterKind::Success, LetterKind::Welcome, LetterKind::Training];
    let files: Vec<String> = render_all(&case, &mails, Kept::default())
        .unwrap()
        .into_iter()
        .map(|report| report.reference.file)
        .collect();
    assert_eq!(
        files,
        [
            "run_report.run-acme-001.md",
            "email_success.run-acme-001.html",
            "email_welcome.run-acme-001.html",
            "email_training.run-acme-001.html",
            "audit_run-acme-001.json",
        ]
    );
}

#[test]
fn the_mail_report_is_the_mail() {
    let (record, settings) = (samples::completed(), samples::settings());
    let case = Case { record: &record, settings: &settings };
    let reports = render_all(&case, &[LetterKind::Welcome], Kept::default()).unwrap();
    assert_eq!(reports.get(1).unwrap().content, mail(LetterKind::Welcome, &case).unwrap().html);
}

#[test]
fn the_same_record_gives_the_same_bytes() {
    let (record, settings, calls) = (samples::hostile(), samples::settings(), samples::tool_calls());
    let case = Case { record: &record, settings: &settings };
    let kept = Kept { calls: &calls, approval: None };
    let once = render_all(&case, &[LetterKind::Blocked], kept).unwrap();
    assert_eq!(once, render_all(&case, &[LetterKind::Blocked], kept).unwrap());
}

#[test]
fn vendor_text_is_never_markup_in_the_run_report() {
    let (record, settings) = (samples::hostile(), samples::settings());
    let reports = render_all(&Case { record: &record, settings: &settings }, &[], Kept::default()).unwrap();
    let text = &reports.first().unwrap().content;
    for markup in ["<", "[x](", "*b*", " _i_", "~s~ ", "https:", "\u{202e}", "\n# h"] {
        assert!(!text.contains(markup), "contains {markup:?}:\n{text}");
    }
}
