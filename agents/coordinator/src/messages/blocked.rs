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

fn opening(case: &Case<'_>) -> String {
    match case.refusal() {
        Some(why) => format!("The onboarding of {} will not go ahead: {why}.", case.customer_and_id()),
        None => {
            format!("The onboarding of {} cannot go ahead: {}.", case.customer_and_id(), case.tally())
        }
    }
}

pub(super) fn post(case: &Case<'_>) -> Post {
    let mut lines = vec![Mrkdwn::said(&opening(case))];
    if !case.summary().is_empty() {
        lines.push(Mrkdwn::said(&case.summary()));
    }
    Post {
        headline: format!("⛔ Onboarding blocked: {}", case.customer()),
        opening: lines,
        fields: case.verdict().into_iter().map(|(label, value)| (label, Mrkdwn::said(&value))).collect(),
        items: case.bullets(),
        closing: Mrkdwn::ours(next(case)),
        approval_id: None,
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
        opening: [opening(case), case.summary()].into_iter().filter(|text| !text.is_empty()).collect(),
        facts,
        button: None,
        sections: case.sections(),
        closing: vec![next(case).to_owned()],
        sender: case.sender(),
    }
}
