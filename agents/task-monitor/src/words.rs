//! What a sweep writes to people. Pure; everything that comes from a record is escaped for where it goes.
//!
//! A reminder's words depend only on the task's fixed fields and the rung: a repeat of its idempotency key must be the
//! same message. So they name no day count, no status and no note, and refer to the task's id instead of to one sweep.

use crate::health::Standing;
use crate::ladder::Rung;
use gangway_protocol::AccountId;
use gangway_protocol::task::{Health, Task};
use jiff::civil::Date;
use std::fmt::Write as _;

/// Longest list in a digest; the rest is counted. Keeps the message readable and far below Slack's limit.
const DIGEST_LINES: usize = 20;

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
}

/// One onboarding in a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestLine {
    /// The account.
    pub account_id: AccountId,
    /// How it stands.
    pub standing: Standing,
}

/// The reminder of one task to one rung. `company` is our own company's name.
#[must_use]
pub fn reminder(task: &Task, rung: Rung, company: &str) -> Letter {
    let (subject, opening) = match rung {
        Rung::Customer => (
            format!("Reminder: {}", task.title),
            format!("your onboarding with {company} waits for a step of yours."),
        ),
        Rung::Team => (
            format!("Overdue: {} ({})", task.title, task.account_id),
            "a task of an onboarding is past its due date.".to_owned(),
        ),
        Rung::Manager | Rung::Director => (
            format!("Escalation: {} is overdue ({})", task.title, task.account_id),
            format!("a task of an onboarding is at least {} days past its due date.", rung.from_day()),
        ),
    };
    let closing = match rung {
        Rung::Customer => "If you have done it already or need help, please answer this mail.",
        Rung::Team => "Please complete it, or mark it blocked and say why.",
        Rung::Manager | Rung::Director => "Please see that it gets done, or say why it cannot be.",
    };
    let facts = [
        ("Task", task.title.clone()),
        ("Due", task.due_date.to_string()),
        ("Account", task.account_id.to_string()),
        ("Reference", task.task_id.to_string()),
    ];
    let mut text = format!("Hello,\n\n{opening}\n\n");
    let mut html = format!("<p>Hello,</p><p>{}</p><table>", escape(&opening));
    for (name, value) in &facts {
        let _ = writeln!(text, "{name}: {value}");
        let _ = write!(html, "<tr><th align=\"left\">{name}</th><td>{}</td></tr>", escape(value));
    }
    let _ = write!(text, "\n{closing}\n\n{company}\n");
    let _ = write!(html, "</table><p>{}</p><p>{}</p>", escape(closing), escape(company));
    Letter { subject, text, html }
}

/// The digest of one day for Slack; none when nothing is overdue and every onboarding is on track.
#[must_use]
pub fn digest(as_of: Date, lines: &[DigestLine], overdue: u32) -> Option<String> {
    let mut worrying: Vec<&DigestLine> =
        lines.iter().filter(|line| line.standing.health != Health::OnTrack).collect();
    if worrying.is_empty() && overdue == 0 {
        return None;
    }
    // Health sorts from on track to stalled: the worst first, then the most overdue.
    worrying.sort_by(|a, b| {
        let rank = |line: &DigestLine| (line.standing.health, line.standing.overdue);
        rank(b).cmp(&rank(a)).then_with(|| a.account_id.cmp(&b.account_id))
    });
    let mut text =
        format!("*Onboarding tasks on {as_of}*: {overdue} overdue in {} open onboardings", lines.len());
    for line in worrying.iter().take(DIGEST_LINES) {
        let Standing { health, percent, overdue } = line.standing;
        let account = escape(line.account_id.as_str());
        let _ = write!(text, "\n• {account}: {health}, {percent} % done, {overdue} overdue");
    }
    if worrying.len() > DIGEST_LINES {
        let _ = write!(text, "\n… and {} more", worrying.len() - DIGEST_LINES);
    }
    Some(text)
}

/// For HTML, and for Slack's mrkdwn, which wants the first three.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
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
}
