//! BLOCK: the onboarding stands still. To the alerts channel and to customer success.

use super::case::Case;
use super::letter::{Letter, Tone};
use super::post::Post;
use super::wording::Mrkdwn;

const NEXT: &str = "Nothing has been provisioned and the customer has not been written to. Once the source data is \
                    corrected, start a new run for this account; a blocked run cannot be approved.";
const NEXT_AFTER_REFUSAL: &str = "Nothing has been provisioned and the customer has not been written to. If the \
                                  points above are settled, start a new run for this account.";

fn next(case: &Case<'_>) -> &'static str {
    if case.refusal().is_some() { NEXT_AFTER_REFUSAL } else { NEXT }
}

/// What the adviser says speaks for itself; without it the count of findings must do.
fn opening(case: &Case<'_>) -> Vec<String> {
    let summary = case.summary();
    match (case.refusal(), summary.is_empty()) {
        (Some(why), true) => vec![refused(case, &why)],
        (Some(why), false) => vec![refused(case, &why), summary],
        (None, false) => vec![summary],
        (None, true) => {
            vec![format!("The onboarding of {} cannot go ahead: {}.", case.customer_and_id(), case.tally())]
        }
    }
}

fn refused(case: &Case<'_>, why: &str) -> String {
    format!("The onboarding of {} will not go ahead: {why}.", case.customer_and_id())
}

pub(super) fn post(case: &Case<'_>) -> Post {
    Post {
        headline: format!("⛔ Onboarding blocked: {}", case.customer()),
        opening: opening(case).iter().map(|line| Mrkdwn::said(line)).collect(),
        fields: case.verdict().into_iter().map(|(label, value)| (label, Mrkdwn::said(&value))).collect(),
        items: case.bullets(),
        closing: Mrkdwn::ours(next(case)),
        button_value: None,
    }
}

pub(super) fn letter(case: &Case<'_>) -> Letter {
    let mut facts = case.verdict();
    facts.extend(case.outlook());
    Letter {
        subject: format!("Onboarding blocked: {}", case.customer_and_id()),
        badge: "BLOCKED",
        tone: Tone::Stop,
        heading: format!("{} cannot be onboarded yet", case.customer()),
        opening: opening(case),
        facts,
        button: None,
        sections: case.sections(),
        closing: vec![next(case).to_owned()],
        sender: case.sender(),
    }
}
