//! What a rules file changes about the built-in rules, and whether that makes them weaker.

use gangway_protocol::Severity;
use serde::Serialize;

/// Violations that no file may lower to a warning, because an approval could then make a tenant for a customer who is
/// not there, is deleted, or is somebody else: account not found or deleted, opportunity, contract or invoice of
/// another account.
pub const UNLOWERED: [&str; 4] = ["ACC-001", "ACC-004", "OPP-005", "CHN-001"];

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The rule or threshold.
    pub what: String,
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
    /// Whether less is found, or found less grave, than by the built-in rules.
    pub weakens: bool,
}

impl Change {
    pub(super) fn severity(rule: &str, from: Severity, to: Severity) -> Option<Self> {
        (from != to).then(|| Self {
            what: rule.to_owned(),
            from: word(from).to_owned(),
            to: word(to).to_owned(),
            weakens: to == Severity::Warning,
        })
    }

    pub(super) fn threshold(key: &'static str, from: u64, to: u64) -> Option<Self> {
        // A smaller paid share that suffices is weaker; every other threshold is weaker when it is larger.
        let weakens = if key == "least_paid_percent" { to < from } else { to > from };
        (from != to).then(|| Self {
            what: key.to_owned(),
            from: from.to_string(),
            to: to.to_string(),
            weakens,
        })
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Violation => "violation",
        Severity::Warning => "warning",
    }
}
