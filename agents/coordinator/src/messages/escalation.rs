//! ESCALATE: a person decides. To the onboarding channel and to customer success.

use super::case::Case;
use super::letter::{Letter, Tone};
use super::post::Post;
use super::wording::Mrkdwn;
use crate::approving::how_to_decide;

fn opening(case: &Case<'_>) -> String {
    format!(
        "The onboarding of {} needs a person's approval: {}, nothing that blocks it.",
        case.customer_and_id(),
        case.tally()
    )
}

/// Who decides until when. The day suffices: nobody plans an approval by the second.
fn next(case: &Case<'_>) -> String {
    let until = case.approval_expires_at().strftime("%Y-%m-%d %H:%M UTC");
    let approval = case.record.approval_id.as_deref().unwrap_or("being prepared");
    format!(
        "Approval {approval} can be given until {until}. Approved, the tenant is made and the customer is welcomed; \
         rejected, or left until then, the onboarding is blocked."
    )
}

/// What happens next, and how somebody decides.
fn closing(case: &Case<'_>) -> Vec<String> {
    let how = case.record.approval_id.as_deref().map(how_to_decide);
    std::iter::once(next(case)).chain(how).collect()
}

/// The same as one text. Each line is bounded by itself, so that the long one cannot cut the command off.
fn closing_text(case: &Case<'_>) -> Mrkdwn {
    let lines = closing(case).into_iter().map(|line| Mrkdwn::said(&line));
    lines.reduce(|text, line| text.and("\n").then(&line)).unwrap_or_default()
}

pub(super) fn post(case: &Case<'_>, button_value: Option<&str>) -> Post {
    let mut lines = vec![Mrkdwn::said(&opening(case))];
    if !case.summary().is_empty() {
        lines.push(Mrkdwn::said(&case.summary()));
    }
    Post {
        headline: format!("⚠️ Approval needed: {}", case.customer()),
        opening: lines,
        fields: case.verdict().into_iter().map(|(label, value)| (label, Mrkdwn::said(&value))).collect(),
        items: case.bullets(),
        closing: closing_text(case),
        button_value: button_value.map(str::to_owned),
    }
}

pub(super) fn letter(case: &Case<'_>) -> Letter {
    let mut facts = case.verdict();
    facts.extend(case.outlook());
    Letter {
        subject: format!("Approval needed: {}", case.customer_and_id()),
        badge: "APPROVAL NEEDED",
        tone: Tone::Attention,
        heading: format!("{} is waiting for your decision", case.customer()),
        opening: [opening(case), case.summary()].into_iter().filter(|text| !text.is_empty()).collect(),
        facts,
        button: None,
        sections: case.sections(),
        closing: closing(case),
        sender: case.sender(),
    }
}
