//! Parked: the run cannot go on by itself. To the alerts channel, once each time.

use super::case::Case;
use super::post::Post;
use super::wording::{LONG, Mrkdwn, one_line};

pub(super) fn post(case: &Case<'_>) -> Post {
    let why = one_line(case.record.parked_because.as_deref().unwrap_or("no reason was recorded"), LONG);
    let run_id = &case.record.run_id;
    Post {
        headline: format!("⏸️ Onboarding parked: {}", case.customer()),
        opening: vec![Mrkdwn::said(&format!(
            "The onboarding of {} cannot go on by itself: {why}",
            case.customer_and_id()
        ))],
        fields: case.verdict().into_iter().map(|(label, value)| (label, Mrkdwn::said(&value))).collect(),
        items: Vec::new(),
        closing: Mrkdwn::said(&format!(
            "Once the cause is mended, gangway runs resume {run_id} tries it again; nothing that is done is repeated."
        )),
        button_value: None,
    }
}
