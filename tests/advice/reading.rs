//! What people read about a run: rendered as messages and reports, and searched for what could act.

use gangway_advisor::advise;
use gangway_coordinator::messages::{Case, LetterKind, PostKind, slack};
use gangway_coordinator::{Settings as Letterhead, report};
use gangway_protocol::run::RunRecord;
use gangway_protocol::{Advice, Decision, Facts, Outcome};
use serde_json::json;

/// A text in the form people get it.
pub enum Read {
    Page(String),
    Markdown(String),
    Slack(String),
}

/// What people would read about such a run, rendered: reports, mails, Slack messages.
pub fn rendered(facts: &Facts, decision: &Decision, advice: &Advice, letterhead: &Letterhead) -> Vec<Read> {
    let now = "2026-03-04T10:00:00Z";
    let (state, mails, post): (_, &[LetterKind], _) = match decision.outcome {
        Outcome::Block => ("blocked", &[LetterKind::Blocked], PostKind::Blocked),
        Outcome::Escalate => ("awaiting_approval", &[LetterKind::Escalation], PostKind::Escalation),
        Outcome::Proceed => ("fulfilling", &[LetterKind::Welcome, LetterKind::Training], PostKind::Success),
    };
    let record: RunRecord = serde_json::from_value(json!({
        "run_id": "run-1", "state": state, "created_at": now, "updated_at": now, "as_of": decision.as_of,
        "request": {"account_id": facts.account_id, "correlation_id": "cor-1", "trigger": "demo", "requested_by": "demo"},
        "facts": facts, "decision": decision, "advice": advise(facts, decision), "worded_advice": advice,
        "versions": {"agent": "0", "workflow": "1", "tool_contracts": "sha256:0", "adviser": "liar/liar"},
    }))
    .unwrap();
    let case = Case { record: &record, settings: letterhead };
    let reports = report::render_all(&case, mails, report::Kept::default()).unwrap().into_iter();
    let texts = reports.filter(|report| report.reference.kind != "audit").map(|report| {
        let is_page = report.reference.file.ends_with(".html");
        if is_page { Read::Page(report.content) } else { Read::Markdown(report.content) }
    });
    let post = slack(post, &case, Some("v"));
    texts.chain([post.text, json!(post.blocks).to_string()].map(Read::Slack)).collect()
}

/// In a page a Markdown link is text, in Markdown a tag is: each medium has its own list.
pub fn nothing_active(read: &Read) {
    let (text, active): (_, &[&str]) = match read {
        Read::Page(text) => {
            (text, &["<script", "<img", "<iframe", "<svg", "href=\"javascript:", "href=\"https://evil"])
        }
        Read::Markdown(text) => {
            (text, &["<script", "<img", "](javascript:", "](https://evil", "https://evil", "![", "<https:"])
        }
        Read::Slack(text) => {
            (text, &["<!here>", "<!channel>", "<@", "<https://evil", "<javascript:", "<script"])
        }
    };
    let lower = text.to_lowercase();
    for active in active {
        assert!(!lower.contains(active), "{active} in {text}");
    }
}

pub fn texts(advice: &Advice) -> Vec<&str> {
    let actions = advice.actions.iter().map(|action| action.action.as_str());
    let meanings = advice.error_readings.iter().map(|reading| reading.meaning.as_str());
    [advice.summary.as_str(), &advice.business_impact, &advice.resolution_time]
        .into_iter()
        .chain(actions)
        .chain(meanings)
        .collect()
}
