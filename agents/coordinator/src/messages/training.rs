//! Training materials for the customer, by tier. To the customer's signatory, after the welcome.

use super::case::Case;
use super::letter::{Button, Letter, Point, Section, Tone};
use super::wording::{SHORT, one_line};
use gangway_protocol::Tier;

const OVERVIEW: (&str, &str, &str) =
    ("Product overview", "What the platform does and which features fit your use case.", "15 minutes");
const NAVIGATION: (&str, &str, &str) =
    ("Finding your way", "A guided tour: dashboard, settings, your first project.", "20 minutes");
const TEAM: (&str, &str, &str) =
    ("Working as a team", "Inviting colleagues, roles and permissions.", "15 minutes");
const REPORTS: (&str, &str, &str) =
    ("Reports", "Reading the reports that come with your plan.", "20 minutes");
const API: (&str, &str, &str) = ("Using the API", "Keys, limits and a first call.", "30 minutes");
const SSO: (&str, &str, &str) =
    ("Single sign-on", "What your administrator needs before we set it up together.", "20 minutes");

fn modules(tier: Option<Tier>) -> Vec<(&'static str, &'static str, &'static str)> {
    match tier {
        Some(Tier::Enterprise) => vec![OVERVIEW, NAVIGATION, TEAM, REPORTS, API, SSO],
        Some(Tier::Growth) => vec![OVERVIEW, NAVIGATION, TEAM, REPORTS, API],
        Some(Tier::Starter) | None => vec![OVERVIEW, NAVIGATION, TEAM],
    }
}

pub(super) fn letter(case: &Case<'_>) -> Letter {
    let product = one_line(&case.settings.product, SHORT);
    let tier = case.record.tenant.as_ref().map(|tenant| tenant.tier);
    let points = modules(tier)
        .into_iter()
        .map(|(title, text, length)| Point {
            title: title.to_owned(),
            text: text.to_owned(),
            next: length.to_owned(),
        })
        .collect();
    Letter {
        subject: format!("Your {product} training is ready"),
        badge: "TRAINING",
        tone: Tone::Good,
        heading: "Get to know your new workspace".to_owned(),
        opening: vec![format!(
            "These short modules take {} from first login to first results. Take them in order or pick what you need.",
            case.customer()
        )],
        facts: Vec::new(),
        button: case.settings.training_url.as_deref().and_then(|url| Button::to("Start training", url)),
        sections: vec![Section::new("Your modules", points)],
        closing: vec![format!(
            "Would a live session suit your team better? Write to {} and we will arrange one.",
            case.settings.cs_address.as_str()
        )],
        sender: case.sender(),
    }
}
