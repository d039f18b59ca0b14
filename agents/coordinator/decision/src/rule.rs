//! What a rule is: its place in the rule set as data, and the check that says where it fires.
//!
//! A check only looks and reports what it saw; severity, owner and resolution come from the data beside it. A
//! rule that comes from elsewhere than `rules/` takes the same shape and is judged in the same way.

use crate::Case;
use gangway_protocol::redact::scrub;
use gangway_protocol::{Domain, Evidence, Finding, RuleId, Severity};
use serde::Serialize;
use std::borrow::Cow;

/// Longest vendor text a finding repeats, in characters: enough to recognise it, too short to carry a page.
const SHOWN_CHARS: usize = 80;

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
pub type Check = fn(&Case<'_>) -> Sightings;

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
    #[must_use]
    pub fn judge(&self, case: &Case<'_>) -> Vec<Finding> {
        let mut sightings = (self.check)(case);
        sightings.sort();
        sightings.into_iter().map(|sighting| self.finding(sighting)).collect()
    }

    fn finding(&self, sighting: Sighting) -> Finding {
        Finding {
            rule: RuleId(self.id.clone().into_owned()),
            domain: self.domain,
            severity: self.severity,
            message: sighting.message,
            evidence: sighting.evidence,
            owner: self.owner.clone().into_owned(),
            resolution: self.resolution.clone().into_owned(),
        }
    }
}

/// A rule as a row of its domain's table.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    pub(crate) fires_when: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) resolution: &'static str,
    pub(crate) check: Check,
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
            check: self.check,
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
