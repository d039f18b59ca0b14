//! The run report as a snapshot, its stability, and that no outside text becomes markup in it.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::render_all;
use crate::messages::{Case, LetterKind, mail};
use crate::samples;

#[test]
fn the_run_report_tells_the_whole_run() {
    let settings = samples::settings();
    let (record, calls) = (samples::completed(), samples::tool_calls());
    let reports = render_all(&Case { record: &record, settings: &settings }, &[], &calls).unwrap();
    insta::assert_snapshot!("run_report_completed", reports.first().unwrap().content);
    let record = samples::failed_calls();
    let reports = render_all(&Case { record: &record, settings: &settings }, &[], &[]).unwrap();
    insta::assert_snapshot!("run_report_failed_calls", reports.first().unwrap().content);
}

#[test]
fn every_file_name_carries_the_run_id() {
    let (record, settings) = (samples::completed(), samples::settings());
    let case = Case { record: &record, settings: &settings };
    let mails = [LetterKind::Success, LetterKind::Welcome, LetterKind::Training];
    let files: Vec<String> =
        render_all(&case, &mails, &[]).unwrap().into_iter().map(|report| report.reference.file).collect();
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
    let reports = render_all(&case, &[LetterKind::Welcome], &[]).unwrap();
    assert_eq!(reports.get(1).unwrap().content, mail(LetterKind::Welcome, &case).unwrap().html);
}

#[test]
fn the_same_record_gives_the_same_bytes() {
    let (record, settings, calls) = (samples::hostile(), samples::settings(), samples::tool_calls());
    let case = Case { record: &record, settings: &settings };
    let once = render_all(&case, &[LetterKind::Blocked], &calls).unwrap();
    assert_eq!(once, render_all(&case, &[LetterKind::Blocked], &calls).unwrap());
}

#[test]
fn vendor_text_is_never_markup_in_the_run_report() {
    let (record, settings) = (samples::hostile(), samples::settings());
    let reports = render_all(&Case { record: &record, settings: &settings }, &[], &[]).unwrap();
    let text = &reports.first().unwrap().content;
    for markup in ["<", "[x](", "*b*", " _i_", "~s~ ", "https:", "\u{202e}", "\n# h"] {
        assert!(!text.contains(markup), "contains {markup:?}:\n{text}");
    }
}
