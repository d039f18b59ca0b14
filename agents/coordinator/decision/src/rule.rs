//! What a rule is: its place in the rule set as data, and the check that says where it fires.
//!
//! A check only looks and reports what it saw; severity, owner and resolution come from the data beside it. A
//! rule that comes from elsewhere than `rules/` takes the same shape and is judged in the same way.

use crate::Case;
use crate::expression::{Budget, Expression, Fault};
use gangway_protocol::redact::scrub;
use gangway_protocol::{Domain, Evidence, Finding, RuleId, Severity};
use serde::Serialize;
use serde_json::Value as Json;
use std::borrow::Cow;

/// Longest vendor text a finding repeats, in characters: enough to recognise it, too short to carry a page.
const SHOWN_CHARS: usize = 80;
/// Longest text that a rule from a file repeats the beginning of, in bytes. Masking reads the whole text, and two
/// hundred rules may read the same one.
const MASKED_BYTES: usize = 4 * 1024;

/// One place where a rule fires.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// What was seen.
    pub evidence: Evidence,
    /// One sentence for people.
    pub message: String,
}

/// Every place where a rule fires; empty when it does not.
pub type Sightings = Vec<Sighting>;

/// Looks at one case and reports every place where its rule fires. Pure.
pub type Coded = fn(&Case<'_>) -> Sightings;

/// How a rule looks at a case.
#[derive(Debug, Clone)]
pub enum Check {
    /// By a function of ours.
    Coded(Coded),
    /// By an expression of the people who run Gangway.
    Stated(Box<Stated>),
}

/// A rule from a file: it fires where its expression holds, and says its message.
#[derive(Debug, Clone)]
pub struct Stated {
    /// True where the rule fires.
    pub when: Expression,
    /// What it says then.
    pub message: String,
}

/// One rule of a rule set.
///
/// All fields but the check are data and part of the rule set's digest.
#[derive(Debug, Clone, Serialize)]
pub struct Rule {
    /// Its name, e.g. `OPP-002`.
    pub id: Cow<'static, str>,
    /// The part of the deal it speaks of.
    pub domain: Domain,
    /// Violation or warning.
    pub severity: Severity,
    /// When it fires, in words.
    pub fires_when: Cow<'static, str>,
    /// Who mends what it finds.
    pub owner: Cow<'static, str>,
    /// What mends it.
    pub resolution: Cow<'static, str>,
    /// Where it fires.
    #[serde(skip)]
    pub check: Check,
}

impl Rule {
    /// The findings of this rule on one case, ordered by evidence; empty when it does not fire.
    ///
    /// An expression that cannot be judged gives a violation, whatever the rule's severity: what cannot be told is not
    /// in order. It takes its steps from the budget, which all rules of the decision share.
    pub(crate) fn judge(&self, case: &Case<'_>, budget: &mut Budget) -> Vec<Finding> {
        match &self.check {
            Check::Coded(check) => {
                let mut sightings = check(case);
                sightings.sort();
                sightings.into_iter().map(|sighting| self.finding(self.severity, sighting)).collect()
            }
            Check::Stated(stated) => self.judge_stated(stated, case, budget).into_iter().collect(),
        }
    }

    /// What a rule from a file says where it fires; none for a rule that makes its own words.
    #[must_use]
    pub fn stated_message(&self) -> Option<&str> {
        match &self.check {
            Check::Coded(_) => None,
            Check::Stated(stated) => Some(&stated.message),
        }
    }

    /// The paths inside the facts that a rule from a file reads; empty for one of ours.
    #[must_use]
    pub fn reads(&self) -> Vec<String> {
        match &self.check {
            Check::Coded(_) => Vec::new(),
            Check::Stated(stated) => stated.when.reads(),
        }
    }

    fn judge_stated(&self, stated: &Stated, case: &Case<'_>, budget: &mut Budget) -> Option<Finding> {
        // The API error that hides a record blocks by itself, and is said once.
        if stated.when.is_blind(case) {
            return None;
        }
        match stated.when.holds(case, budget) {
            Ok(false) => None,
            Ok(true) => {
                let sighting =
                    Sighting { evidence: evidence(&stated.when, case), message: stated.message.clone() };
                Some(self.finding(self.severity, sighting))
            }
            Err(fault) => Some(self.unjudged(&stated.when, case, &fault)),
        }
    }

    fn unjudged(&self, when: &Expression, case: &Case<'_>, fault: &Fault) -> Finding {
        let message = format!("Rule {} could not be judged on this account: {fault}.", self.id);
        let sighting = Sighting { evidence: evidence(when, case), message };
        let resolution =
            format!("Complete the record that rule {} reads, or correct the rule in the rules file", self.id);
        Finding { resolution, ..self.finding(Severity::Violation, sighting) }
    }

    fn finding(&self, severity: Severity, sighting: Sighting) -> Finding {
        Finding {
            rule: RuleId(self.id.clone().into_owned()),
            domain: self.domain,
            severity,
            message: sighting.message,
            evidence: sighting.evidence,
            owner: self.owner.clone().into_owned(),
            resolution: self.resolution.clone().into_owned(),
        }
    }
}

/// The first path an expression reads, with what stands there: a single value, and none that names a person.
fn evidence(when: &Expression, case: &Case<'_>) -> Evidence {
    let Some(path) = when.paths().first() else {
        return Evidence { field: "facts".to_owned(), value: None };
    };
    let (first, rest) = (case.plain().get(path.root()), path.names().iter().skip(1));
    let found = rest.fold(first, |found, name| found.and_then(|record| record.get(name)));
    let value = match found {
        Some(Json::String(text)) if !path.personal && text.len() > MASKED_BYTES => {
            Some(format!("a text of {} bytes", text.len()))
        }
        Some(Json::String(text)) if !path.personal => Some(shown(text)),
        Some(Json::Bool(truth)) => Some(truth.to_string()),
        Some(Json::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    Evidence { field: path.to_string(), value }
}

/// A rule as a row of its domain's table.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    pub(crate) fires_when: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) resolution: &'static str,
    pub(crate) check: Coded,
}

impl Row {
    /// The rule of this row in its domain.
    pub(crate) fn rule(&self, domain: Domain) -> Rule {
        Rule {
            id: Cow::Borrowed(self.id),
            domain,
            severity: self.severity,
            fires_when: Cow::Borrowed(self.fires_when),
            owner: Cow::Borrowed(self.owner),
            resolution: Cow::Borrowed(self.resolution),
            check: Check::Coded(self.check),
        }
    }
}

/// Null, absent, or blank after trimming.
pub(crate) fn is_missing(text: Option<&str>) -> bool {
    text.is_none_or(|t| t.trim().is_empty())
}

/// Vendor text as a finding may repeat it: trimmed, bounded, without control characters, addresses or tokens.
pub(crate) fn shown(text: &str) -> String {
    scrub(text.trim(), SHOWN_CHARS)
}

/// A sighting of a value that stands there.
pub(crate) fn seen(field: impl Into<String>, value: impl ToString, message: String) -> Sighting {
    Sighting { evidence: Evidence { field: field.into(), value: Some(value.to_string()) }, message }
}

/// A sighting of something that is not there.
pub(crate) fn absent(field: impl Into<String>, message: impl Into<String>) -> Sighting {
    Sighting { evidence: Evidence { field: field.into(), value: None }, message: message.into() }
}

/// A sighting of text that may be missing or blank.
pub(crate) fn text_seen(field: impl Into<String>, text: Option<&str>, message: String) -> Sighting {
    let value = text.filter(|t| !t.trim().is_empty()).map(shown);
    Sighting { evidence: Evidence { field: field.into(), value }, message }
}

/// Fires when the record is there and the field is missing; needs the record.
pub(crate) fn lacks<'a, R>(
    record: Option<&'a R>,
    field: &'static str,
    read: impl Fn(&'a R) -> Option<&'a str>,
    message: &'static str,
) -> Sightings {
    record.filter(|r| is_missing(read(r))).map(|_| absent(field, message)).into_iter().collect()
}
