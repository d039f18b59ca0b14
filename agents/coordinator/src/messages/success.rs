//! The tenant exists. To the onboarding channel and to the account owner.

use super::case::{APPROVED_WITH, Case};
use super::letter::{Letter, Point, Section, Tone};
use super::post::Post;
use super::wording::{LONG, Mrkdwn, SHORT, one_line};
use crate::contacts;

fn opening(case: &Case<'_>) -> String {
    if case.tenant_existed() {
        format!(
            "{} already had a tenant. This run found it, made no second one, and finished what was still open.",
            case.customer_and_id()
        )
    } else {
        let basis = match case.record.approval_id {
            Some(_) => "The approval was given",
            None => "All checks passed",
        };
        format!("{basis}: {} now has a working tenant.", case.customer_and_id())
    }
}

fn tenant_rows(case: &Case<'_>) -> Vec<(&'static str, String)> {
    let Some(tenant) = &case.record.tenant else {
        return vec![("Account", case.customer_and_id())];
    };
    let allowed = &tenant.entitlements;
    vec![
        ("Account", case.customer_and_id()),
        ("Tenant", tenant.tenant_id.to_string()),
        ("Tier", tenant.tier.to_string()),
        (
            "Includes",
            format!(
                "{} users, {} GB, {} API calls an hour",
                allowed.users, allowed.storage_gb, allowed.api_calls_per_hour
            ),
        ),
        ("Login", one_line(&tenant.login_url, LONG)),
    ]
}

fn next(case: &Case<'_>) -> &'static str {
    let customer = case.facts().and_then(contacts::customer);
    if customer.is_some() {
        "The customer's signatory gets the welcome and training mails. Next for customer success: schedule the \
         kickoff call (T005), due tomorrow."
    } else {
        "The contract names no customer signatory with a mail address, so nobody has been welcomed: please send login \
         and training details yourself, then schedule the kickoff call (T005), due tomorrow."
    }
}

/// Slack has no headings over its lists, so that the text says what follows.
fn said(case: &Case<'_>) -> Vec<Mrkdwn> {
    let mut lines = vec![Mrkdwn::said(&opening(case))];
    if !case.warnings().is_empty() {
        lines.push(Mrkdwn::said(&format!("{APPROVED_WITH}:")));
    }
    lines
}

pub(super) fn post(case: &Case<'_>) -> Post {
    Post {
        headline: format!("✅ Onboarding started: {}", case.customer()),
        opening: said(case),
        fields: tenant_rows(case).into_iter().map(|(label, value)| (label, Mrkdwn::said(&value))).collect(),
        items: case.bullets(),
        closing: Mrkdwn::ours(next(case)),
        button_value: None,
    }
}

pub(super) fn letter(case: &Case<'_>) -> Letter {
    let features = case.record.tenant.as_ref().map_or_else(Vec::new, |tenant| {
        tenant.entitlements.features.iter().map(|feature| feature_point(feature)).collect()
    });
    let mut sections = vec![Section::new("Features switched on", features)];
    sections.push(case.approved_with());
    Letter {
        subject: format!("Onboarding started: {}", case.customer_and_id()),
        badge: "READY",
        tone: Tone::Good,
        heading: format!("{} is ready to start", case.customer()),
        opening: vec![opening(case)],
        facts: tenant_rows(case),
        button: None,
        sections,
        closing: vec![next(case).to_owned()],
        sender: case.sender(),
    }
}

/// `api_access` reads as `API access`: feature names are ours, so no table of titles is kept beside the tiers'.
pub(super) fn feature_point(feature: &str) -> Point {
    let words: Vec<String> = feature.split('_').enumerate().map(|(n, word)| feature_word(n, word)).collect();
    Point { title: one_line(&words.join(" "), SHORT), text: String::new(), next: String::new() }
}

fn feature_word(position: usize, word: &str) -> String {
    let mut letters = word.chars();
    match word {
        "api" | "sso" => word.to_ascii_uppercase(),
        _ if position == 0 => {
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
        }
        _ => word.to_owned(),
    }
}
