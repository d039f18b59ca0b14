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
mod tests;
