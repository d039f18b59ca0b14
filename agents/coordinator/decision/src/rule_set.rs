//! The rule set: which rules count, with which thresholds, under which version.
//!
//! It is data: everything that makes one rule set differ from another is in its canonical form, and so in its digest.
//! It judges nothing itself.

use crate::Rule;
use crate::expression::LANGUAGE_VERSION;
use crate::rules;
use gangway_protocol::RuleSetRef;
use gangway_protocol::canonical;
use serde::Serialize;

/// Name of the rules that come with Gangway.
const BUILTIN_ID: &str = "builtin";
/// To be raised whenever a rule, a threshold or the reading of a rule changes.
const BUILTIN_VERSION: &str = "1.0.0";

/// Hundredths, as a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Percent(pub u32);

/// The numbers the rules judge by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Thresholds {
    /// INV-103: a smaller paid share is too small. Strict.
    pub least_paid: Percent,
    /// INV-105: a larger unpaid share is too large. Strict.
    pub unpaid_tolerance: Percent,
    /// FIN-101: a larger gap between opportunity and invoices is too large. Strict.
    pub amount_gap: Percent,
    /// Risk: more violations than this are critical.
    pub high_risk_violations: usize,
    /// Risk: more warnings than this are medium.
    pub low_risk_warnings: usize,
}

/// A versioned set of rules.
///
/// Shape: rules in a fixed order, which is the order of findings in a decision.
#[derive(Debug, Clone)]
pub struct RuleSet {
    reference: RuleSetRef,
    thresholds: Thresholds,
    rules: Vec<Rule>,
    source: String,
}

#[derive(Serialize)]
struct CanonicalForm<'a> {
    id: &'a str,
    version: &'a str,
    thresholds: &'a Thresholds,
    rules: &'a [Rule],
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    based_on: Option<Base>,
}

/// What a rules file relies on besides its own text: it means something else when these change.
#[derive(Serialize)]
struct Base {
    builtin: &'static str,
    expressions: u32,
}

impl CanonicalForm<'_> {
    fn reference(&self) -> RuleSetRef {
        // The form holds only texts, whole numbers and lists, which JSON can always express.
        let digest = canonical::digest(self).unwrap_or_default();
        RuleSetRef { id: self.id.to_owned(), version: self.version.to_owned(), digest }
    }
}

impl RuleSet {
    /// The rules that come with Gangway. Its digest is worked out once, here.
    #[must_use]
    pub fn builtin() -> Self {
        let thresholds = Thresholds {
            least_paid: Percent(50),
            unpaid_tolerance: Percent(2),
            amount_gap: Percent(2),
            high_risk_violations: 2,
            low_risk_warnings: 3,
        };
        let rules = rules::builtin();
        let form = CanonicalForm {
            id: BUILTIN_ID,
            version: BUILTIN_VERSION,
            thresholds: &thresholds,
            rules: &rules,
            messages: None,
            based_on: None,
        };
        let reference = form.reference();
        Self { reference, thresholds, rules, source: String::new() }
    }

    /// The rules of a file; `source` is its text.
    pub(crate) fn stated(
        source: String,
        (id, version): (String, String),
        thresholds: Thresholds,
        rules: Vec<Rule>,
    ) -> Self {
        let form = CanonicalForm {
            id: &id,
            version: &version,
            thresholds: &thresholds,
            rules: &rules,
            messages: Some(rules.iter().filter_map(Rule::stated_message).collect()),
            based_on: Some(Base { builtin: BUILTIN_VERSION, expressions: LANGUAGE_VERSION }),
        };
        let reference = form.reference();
        Self { reference, thresholds, rules, source }
    }

    /// The text of the rules file it was read from; reading it again gives the same set. Empty for the built-in one.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Name, version and digest, as a decision carries them.
    #[must_use]
    pub fn reference(&self) -> RuleSetRef {
        self.reference.clone()
    }

    /// SHA-256 of the canonical form, as `sha256:<hex>`.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.reference.digest
    }

    /// The numbers its rules judge by.
    #[must_use]
    pub fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// Its rules, in the order of findings.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
