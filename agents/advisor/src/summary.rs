//! The words about a decision: two or three sentences, what it means for the business, how long mending takes.
//!
//! It words what was decided; it weighs nothing anew.

use crate::error_reading::product;
use gangway_protocol::redact::scrub;
use gangway_protocol::{ApiError, Decision, ErrorType, Facts, Finding, Outcome, RiskLevel, Tier};

/// Longest company name repeated, in characters.
const NAME_CHARS: usize = 80;
/// Longest sentence of a finding repeated, in characters.
const MESSAGE_CHARS: usize = 240;

/// Two or three sentences for a CS person.
pub(crate) fn summary(facts: &Facts, decision: &Decision) -> String {
    let who = who(facts);
    match decision.outcome {
        Outcome::Proceed => {
            let tier = facts.contract.as_ref().and_then(|c| c.tier.as_deref()).and_then(Tier::named);
            let tenant = tier.map_or_else(|| "tenant".to_owned(), |tier| format!("{tier} tenant"));
            format!(
                "{who} can be onboarded: nothing stands against it. Its {tenant} is made next, and the customer is welcomed."
            )
        }
        Outcome::Escalate => format!(
            "{who} needs a person's approval: {}. {} Approve or reject it, or have {} mend it first.",
            count(decision.warnings.len(), "warning"),
            first(&decision.warnings),
            owners(&decision.warnings),
        ),
        Outcome::Block if !decision.api_errors.is_empty() => format!(
            "{who} is blocked, because {} could not be read.{} Whether it can be onboarded is known only after a new run.",
            systems(&decision.api_errors),
            beside_errors(decision),
        ),
        Outcome::Block => format!(
            "{who} cannot be onboarded yet: {}{}. {} Start a new run after this is mended by {}.",
            count(decision.violations.len(), "violation"),
            and_warnings(decision),
            first(&decision.violations),
            owners(&decision.violations),
        ),
    }
}

/// What the decision means for the business.
pub(crate) fn business_impact(facts: &Facts, decision: &Decision) -> String {
    let amount = facts.opportunity.as_ref().and_then(|opportunity| opportunity.amount);
    let deal = match amount.filter(|amount| amount.minor > 0) {
        Some(amount) => format!("a deal of {amount}"),
        None => "the deal".to_owned(),
    };
    match decision.risk_level {
        RiskLevel::Low if decision.outcome == Outcome::Proceed => {
            format!("The customer starts on time, and {deal} turns into a working tenant.")
        }
        RiskLevel::Low => format!("A small delay: {deal} waits for an approval."),
        RiskLevel::Medium => {
            format!(
                "A delay, and work to repeat later if it is approved as it stands: {deal} has several open points."
            )
        }
        RiskLevel::High => format!("The customer cannot start: {deal} waits until the records are mended."),
        RiskLevel::Critical if decision.api_errors.is_empty() => {
            format!(
                "The customer cannot start, and {deal} itself is in doubt: several records contradict it."
            )
        }
        RiskLevel::Critical => {
            format!("The customer cannot start: {deal} waits until the failed systems answer, as may others.")
        }
    }
}

/// How long mending usually takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Span {
    Nothing,
    AnHour,
    SomeHours,
    ADay,
    TwoDays,
    AWeek,
    TwoWeeks,
}

/// How long mending usually takes, in words: the longest of what the findings and each error take.
pub(crate) fn resolution_time(decision: &Decision) -> &'static str {
    let errors = decision.api_errors.iter().map(|error| span_of_error(error.error_type));
    let longest = errors.fold(span_of_findings(decision), Span::max);
    match longest {
        Span::Nothing => "Nothing to resolve",
        Span::AnHour => "About an hour",
        Span::SomeHours => "1 to 4 hours",
        Span::ADay => "Within 1 business day",
        Span::TwoDays => "1 to 2 business days",
        Span::AWeek => "3 to 5 business days",
        Span::TwoWeeks => "1 to 2 weeks",
    }
}

fn span_of_findings(decision: &Decision) -> Span {
    match decision.risk_level {
        // With an API error the risk is critical whatever the findings are, so it says nothing about them.
        RiskLevel::Critical if !decision.api_errors.is_empty() => {
            if !decision.violations.is_empty() {
                Span::AWeek
            } else if !decision.warnings.is_empty() {
                Span::ADay
            } else {
                Span::Nothing
            }
        }
        RiskLevel::Critical => Span::TwoWeeks,
        RiskLevel::High => Span::AWeek,
        RiskLevel::Medium => Span::TwoDays,
        RiskLevel::Low if decision.warnings.is_empty() => Span::Nothing,
        RiskLevel::Low => Span::ADay,
    }
}

fn span_of_error(error_type: ErrorType) -> Span {
    match error_type {
        ErrorType::RateLimit | ErrorType::Network | ErrorType::Timeout => Span::AnHour,
        ErrorType::Authentication | ErrorType::ServerError => Span::SomeHours,
        ErrorType::Authorization => Span::ADay,
        ErrorType::Validation | ErrorType::NotFound => Span::TwoDays,
    }
}

/// `ACME Corp (ACME-001)`, or the id alone.
fn who(facts: &Facts) -> String {
    let name = facts.account.as_ref().and_then(|account| account.name.as_deref()).unwrap_or_default().trim();
    if name.is_empty() {
        return facts.account_id.to_string();
    }
    format!("{} ({})", scrub(name, NAME_CHARS), facts.account_id)
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

fn and_warnings(decision: &Decision) -> String {
    match decision.warnings.len() {
        0 => String::new(),
        number => format!(" and {}", count(number, "warning")),
    }
}

/// What else is known beside failed calls: nothing, or a count and its first sentence.
fn beside_errors(decision: &Decision) -> String {
    let known = if decision.violations.is_empty() { &decision.warnings } else { &decision.violations };
    match known.len() {
        0 => String::new(),
        1 => format!(" What is known already stands against it: {}", first(known)),
        number => {
            format!(" What is known already stands against it in {number} points, first: {}", first(known))
        }
    }
}

fn first(findings: &[Finding]) -> String {
    findings.first().map(|finding| scrub(&finding.message, MESSAGE_CHARS)).unwrap_or_default()
}

fn systems(errors: &[ApiError]) -> String {
    joined(errors.iter().map(|error| product(error.system)).collect())
}

fn owners(findings: &[Finding]) -> String {
    joined(findings.iter().map(|finding| finding.owner.as_str()).collect())
}

/// Each once, in their order: `Finance, Legal and Sales Ops`.
fn joined(names: Vec<&str>) -> String {
    let mut once: Vec<&str> = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    match once.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
