//! What a sweep writes, and that nothing from a record becomes markup.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{DigestLine, digest, reminder};
use crate::health::Standing;
use crate::ladder::Rung;
use crate::samples::{MADE_ON, task};
use gangway_protocol::AccountId;
use gangway_protocol::task::{Health, Task, TaskStatus};

fn line(account: &str, health: Health, overdue: u32) -> DigestLine {
    DigestLine {
        account_id: AccountId::parse(account).unwrap(),
        standing: Standing { health, percent: 30, overdue },
    }
}

#[test]
fn a_reminder_names_the_task_its_due_date_and_its_account() {
    for rung in [Rung::Customer, Rung::Team, Rung::Manager, Rung::Director] {
        let letter = reminder(&task("T005"), rung, "Northwind Cloud");
        for needed in
            ["Schedule kickoff call", "2026-01-05", "ACME-001", "tnt-acme-001:T005", "Northwind Cloud"]
        {
            assert!(letter.text.contains(needed) && letter.html.contains(needed), "{rung:?} {needed}");
        }
    }
    assert!(reminder(&task("T005"), Rung::Director, "Northwind Cloud").text.contains("at least 4 days"));
}

#[test]
fn a_reminder_stays_the_same_while_the_task_moves() {
    let before = task("T005");
    let after = Task { status: TaskStatus::Blocked, note: Some("waiting".to_owned()), ..before.clone() };
    for rung in [Rung::Customer, Rung::Team, Rung::Manager, Rung::Director] {
        assert_eq!(reminder(&before, rung, "Northwind Cloud"), reminder(&after, rung, "Northwind Cloud"));
    }
}

#[test]
fn nothing_from_a_record_becomes_markup() {
    let task = Task { title: "<script>alert('x')</script> & \"y\"".to_owned(), ..task("T005") };
    let html = reminder(&task, Rung::Team, "A<b>").html;
    assert!(!html.contains("<script>") && !html.contains("A<b>"));
    assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;"));
}

#[test]
fn the_digest_lists_the_worst_first_and_leaves_out_what_is_on_track() {
    let lines = [
        line("A-1", Health::AtRisk, 1),
        line("B-2", Health::OnTrack, 0),
        line("C-3", Health::Stalled, 3),
        line("D-4", Health::AtRisk, 2),
    ];
    let text = digest(MADE_ON, &lines, 6).unwrap();
    let accounts: Vec<&str> =
        text.lines().skip(1).map(|line| line.split([' ', ':']).nth(1).unwrap()).collect();
    assert_eq!(accounts, ["C-3", "D-4", "A-1"]);
    assert!(text.starts_with("*Onboarding tasks on 2026-01-05*: 6 overdue in 4 open onboardings"));
}

#[test]
fn a_day_without_worries_has_no_digest() {
    assert_eq!(digest(MADE_ON, &[line("A-1", Health::OnTrack, 0)], 0), None);
    assert_eq!(digest(MADE_ON, &[], 0), None);
}

#[test]
fn a_long_digest_counts_what_it_leaves_out() {
    let lines: Vec<DigestLine> = (0..25).map(|n| line(&format!("A-{n:02}"), Health::AtRisk, 1)).collect();
    let text = digest(MADE_ON, &lines, 25).unwrap();
    assert_eq!(text.lines().count(), 22);
    assert!(text.ends_with("… and 5 more"));
}
