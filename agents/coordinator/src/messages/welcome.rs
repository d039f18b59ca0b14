//! The customer's welcome: tenant id, login, what to do first. To the customer's signatory.

use super::case::Case;
use super::letter::{Button, Letter, Point, Section, Tone};
use super::success::feature_point;
use super::wording::{SHORT, one_line};

/// The customer's own tasks of the checklist, in order, with the days they have.
const FIRST_STEPS: [(&str, &str, &str); 4] = [
    ("Log in", "Check that your account works and set your password.", "Within 2 days"),
    ("Take the platform tour", "Half an hour that shows where everything is.", "Within 5 days"),
    ("Invite your team", "Add the colleagues who will work with you.", "Within 7 days"),
    ("Create your first campaign", "Your customer success contact is glad to help.", "Within 14 days"),
];

pub(super) fn letter(case: &Case<'_>) -> Letter {
    let company = one_line(&case.settings.company, SHORT);
    let product = one_line(&case.settings.product, SHORT);
    let tenant = case.record.tenant.as_ref();
    let facts = tenant.map_or_else(Vec::new, |tenant| {
        vec![
            ("Your tenant", tenant.tenant_id.to_string()),
            ("Your plan", tenant.tier.to_string()),
            ("Users", tenant.entitlements.users.to_string()),
            ("Storage", format!("{} GB", tenant.entitlements.storage_gb)),
        ]
    });
    let features = tenant.map_or_else(Vec::new, |tenant| {
        tenant.entitlements.features.iter().map(|feature| feature_point(feature)).collect()
    });
    Letter {
        subject: format!("Welcome to {company}, {}!", case.customer()),
        badge: "WELCOME",
        tone: Tone::Good,
        heading: format!("Welcome to {company}, {}!", case.customer()),
        opening: vec![
            format!("Thank you for choosing {product}. Your workspace is ready and you can log in right away."),
            "We will call you within the next days to agree on a kickoff. Until then, these are the first steps."
                .to_owned(),
        ],
        facts,
        button: tenant.and_then(|tenant| Button::to("Log in", &tenant.login_url)),
        sections: vec![
            Section::new("Your first steps", FIRST_STEPS.iter().map(step_point).collect()),
            Section::new("Included in your plan", features),
        ],
        closing: vec![
            "For your security we never send passwords or keys by mail.".to_owned(),
            format!("Questions? Write to {} and mention the reference below.", case.settings.cs_address.as_str()),
        ],
        sender: case.sender(),
    }
}

fn step_point((title, text, when): &(&str, &str, &str)) -> Point {
    Point { title: (*title).to_owned(), text: (*text).to_owned(), next: (*when).to_owned() }
}
