//! A reminder of an approval that runs out: to the onboarding channel and to customer success.

use super::case::Case;
use super::letter::{Letter, Tone};
use super::post::Post;
use super::wording::Mrkdwn;
use crate::approving::how_to_decide;

fn opening(case: &Case<'_>) -> String {
    let until = case.approval_expires_at().strftime("%Y-%m-%d %H:%M UTC");
    let approval = case.record.approval_id.as_deref().unwrap_or("of this run");
    format!(
        "Nobody has decided on approval {approval} for {} yet. It can be given until {until}; after that the \
         onboarding is blocked.",
        case.customer_and_id()
    )
}

fn next(case: &Case<'_>) -> String {
    how_to_decide(case.record.approval_id.as_deref().unwrap_or("ID"))
}

pub(super) fn post(case: &Case<'_>) -> Post {
    Post {
        headline: format!("⏰ Still waiting for approval: {}", case.customer()),
        opening: vec![Mrkdwn::said(&opening(case))],
        fields: case.verdict().into_iter().map(|(label, value)| (label, Mrkdwn::said(&value))).collect(),
        items: case.bullets(),
        closing: Mrkdwn::said(&next(case)),
        button_value: None,
    }
}

pub(super) fn letter(case: &Case<'_>) -> Letter {
    Letter {
        subject: format!("Reminder: approval needed for {}", case.customer_and_id()),
        badge: "APPROVAL NEEDED",
        tone: Tone::Attention,
        heading: format!("{} is still waiting for a decision", case.customer()),
        opening: vec![opening(case)],
        facts: case.verdict(),
        button: None,
        sections: case.sections(),
        closing: vec![next(case)],
        sender: case.sender(),
    }
}
