//! The brief: the allow-list of fields a model is told about. A field that is not here does not reach a model.

use super::tokens::Tokens;
use super::vocabulary::{is_surname, knows};
use crate::error_reading::is_documented;
use gangway_protocol::advice::Priority;
use gangway_protocol::{
    Advice, ApiError, Decision, Domain, ErrorType, Facts, Finding, Outcome, RiskLevel, Severity, System, Tier,
};
use jiff::civil::Date;
use serde::Serialize;

/// More findings than this are counted, not told: a prompt has to stay bounded.
const MOST: usize = 24;

/// One decision, as a model may see it.
#[derive(Debug, Serialize)]
pub(crate) struct Brief {
    outcome: Outcome,
    risk_level: RiskLevel,
    as_of: Date,
    account: &'static str,
    tier: Option<Tier>,
    deal: Option<String>,
    findings: Vec<FindingBrief>,
    findings_not_listed: usize,
    errors: Vec<ErrorBrief>,
    actions: Vec<ActionBrief>,
    usual_resolution_time: String,
}

#[derive(Debug, Serialize)]
struct FindingBrief {
    rule: String,
    severity: Severity,
    domain: Domain,
    says: String,
}

#[derive(Debug, Serialize)]
struct ErrorBrief {
    id: String,
    system: System,
    kind: ErrorType,
    code: String,
    http_status: Option<u16>,
    /// The vendor's own words, as far as they are words of the list.
    says: String,
    resolution: String,
}

#[derive(Debug, Serialize)]
struct ActionBrief {
    id: String,
    owner: String,
    priority: Priority,
    action: String,
}

impl Brief {
    pub(crate) fn new(facts: &Facts, decision: &Decision, rules: &Advice, tokens: &mut Tokens) -> Self {
        let findings: Vec<&Finding> = decision.violations.iter().chain(&decision.warnings).collect();
        let deal = facts.opportunity.as_ref().and_then(|opportunity| opportunity.amount);
        Self {
            outcome: decision.outcome,
            risk_level: decision.risk_level,
            as_of: decision.as_of,
            account: "[ACCOUNT]",
            tier: facts.contract.as_ref().and_then(|contract| Tier::named(contract.tier.as_deref()?)),
            deal: deal.map(|amount| tokens.amount(amount)),
            findings_not_listed: findings.len().saturating_sub(MOST),
            findings: findings.iter().take(MOST).map(|finding| of_finding(finding, tokens)).collect(),
            errors: (1..).zip(&decision.api_errors).take(MOST).map(|(n, e)| of_error(n, e, tokens)).collect(),
            actions: (1..)
                .zip(&rules.actions)
                .take(MOST)
                .map(|(n, action)| ActionBrief {
                    id: action_id(n),
                    owner: owner(&action.owner, tokens),
                    priority: action.priority,
                    action: tokens.disclose(&action.action),
                })
                .collect(),
            usual_resolution_time: tokens.disclose(&rules.resolution_time),
        }
    }
}

/// How a brief and an answer name the n-th action, from 1.
pub(crate) fn action_id(n: usize) -> String {
    format!("A{n}")
}

/// How a brief and an answer name the n-th error, from 1.
pub(crate) fn error_id(n: usize) -> String {
    format!("E{n}")
}

/// An owner as the brief names it: the rules' own owners as they are.
pub(crate) fn owner(owner: &str, tokens: &mut Tokens) -> String {
    const OWNERS: [&str; 9] = [
        "CS",
        "Finance",
        "IT/DevOps",
        "Legal",
        "Sales Ops",
        "System Admin",
        "Data Admin",
        "Integration Admin",
        "Support Team",
    ];
    if OWNERS.contains(&owner) { owner.to_owned() } else { tokens.disclose(owner) }
}

fn of_finding(finding: &Finding, tokens: &mut Tokens) -> FindingBrief {
    FindingBrief {
        rule: code(&finding.rule.0),
        severity: finding.severity,
        domain: finding.domain,
        says: tokens.disclose(&finding.message),
    }
}

fn of_error(n: usize, error: &ApiError, tokens: &mut Tokens) -> ErrorBrief {
    ErrorBrief {
        id: error_id(n),
        system: error.system,
        kind: error.error_type,
        code: code(&error.error_code),
        http_status: error.http_status,
        says: tokens.disclose(&error.message),
        resolution: tokens.disclose(&error.resolution),
    }
}

/// A code the vendors document, or one whose every part is a word of the list that is no name, a rule's three letters, or
/// one short number.
fn code(text: &str) -> String {
    const DOMAINS: [&str; 7] = ["ACC", "USR", "OPP", "CON", "INV", "FIN", "CHN"];
    let is_number = |part: &str| part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.split(['_', '-', '.']);
    let is_one_number = parts.clone().filter(|part| is_number(part)).count() <= 1;
    let is_plain =
        parts.all(|part| (knows(part) && !is_surname(part)) || DOMAINS.contains(&part) || is_number(part));
    if is_documented(text) || (is_plain && is_one_number) { text.to_owned() } else { "[CODE]".to_owned() }
}
