//! A rules file: what people may change about the rules, as TOML.
//!
//! It may change thresholds, change severities, and add rules as CEL expressions. It cannot remove a rule, silence an
//! API error, or lower the violations of [`UNLOWERED`]. Reading reports every problem at once, each with its line and
//! column, lists what the file makes weaker, and tries each added rule on sample facts. It opens nothing.

mod changes;
mod place;
mod samples;
mod wording;

pub use changes::{Change, UNLOWERED};
pub use place::{Problem, RuleFileError};
pub use samples::{Remark, Steps};

use crate::expression::{Expression, Shape};
use crate::rule::{Check, Stated};
use crate::rule_set::{Percent, Thresholds};
use crate::{Rule, RuleSet};
use gangway_protocol::{Domain, Severity};
use place::Places;
use samples::Trial;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use toml::Spanned;

/// Longest rules file.
pub const MAX_FILE_BYTES: usize = 256 * 1024;
/// Most rules a file may add.
pub const MAX_RULES: usize = 200;

/// A rules file, read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The rules it makes.
    pub rules: RuleSet,
    /// What it changes about the built-in rules, in their order.
    pub changes: Vec<Change>,
    /// Samples on which an added rule cannot be judged, and would be a violation.
    pub remarks: Vec<Remark>,
    /// What its added rules cost on each sample.
    pub steps: Vec<Steps>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: Option<Spanned<String>>,
    version: Option<Spanned<String>>,
    #[serde(default)]
    thresholds: ThresholdChanges,
    #[serde(default)]
    severity: BTreeMap<Spanned<String>, Spanned<Severity>>,
    #[serde(default, rename = "rule")]
    rules: Vec<AddedRule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ThresholdChanges {
    least_paid_percent: Option<Spanned<u32>>,
    unpaid_tolerance_percent: Option<Spanned<u32>>,
    amount_gap_percent: Option<Spanned<u32>>,
    high_risk_violations: Option<Spanned<u32>>,
    low_risk_warnings: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddedRule {
    id: Spanned<String>,
    domain: Domain,
    severity: Severity,
    when: Spanned<String>,
    message: Spanned<String>,
    owner: Spanned<String>,
    resolution: Spanned<String>,
}

impl RuleSet {
    /// Reads a rules file. A file that says nothing is the built-in set.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(text: &str) -> Result<Reading, RuleFileError> {
        if text.len() > MAX_FILE_BYTES {
            let message = format!("{} bytes long; at most {MAX_FILE_BYTES} are allowed", text.len());
            return Err(RuleFileError::of(Problem::at_start(message)));
        }
        let file: File = toml::from_str(text).map_err(|error| RuleFileError::not_toml(text, &error))?;
        let mut reader = Reader { places: Places::new(text), problems: Vec::new(), changes: Vec::new() };
        let reading = reader.reading(text, file);
        match reading {
            Some(reading) if reader.problems.is_empty() => Ok(reading),
            _ => Err(RuleFileError::new(reader.problems)),
        }
    }
}

struct Reader<'t> {
    places: Places<'t>,
    problems: Vec<Problem>,
    changes: Vec<Change>,
}

impl Reader<'_> {
    fn reading(&mut self, text: &str, file: File) -> Option<Reading> {
        let builtin = RuleSet::builtin();
        let says_nothing = file.severity.is_empty() && file.rules.is_empty() && file.thresholds.is_empty();
        if says_nothing && file.id.is_none() && file.version.is_none() {
            return Some(Reading {
                rules: builtin,
                changes: Vec::new(),
                remarks: Vec::new(),
                steps: Vec::new(),
            });
        }
        let (id, version) = self.name(file.id, file.version);
        let thresholds = self.thresholds(builtin.thresholds(), &file.thresholds);
        let mut rules = self.severities(builtin.rules().to_vec(), &file.severity);
        if file.rules.len() > MAX_RULES {
            let message = format!("{} rules; at most {MAX_RULES} are allowed", file.rules.len());
            self.problems.push(Problem::at_start(message));
            return None;
        }
        let offered = Shape::of_facts();
        let samples = samples::samples();
        let mut trial = Trial::on(&samples, &thresholds);
        let mut remarks = Vec::new();
        for added in file.rules {
            let Some(rule) = self.added(&added, &rules, &offered) else { continue };
            if let Check::Stated(stated) = &rule.check {
                match trial.of(&rule.id, &stated.when) {
                    Ok(found) => remarks.extend(found),
                    Err(why) => self.problem(&added.when, &rule.id, why),
                }
            }
            rules.push(rule);
        }
        let steps = trial.steps();
        let rules = RuleSet::stated(text.to_owned(), (id, version), thresholds, rules);
        Some(Reading { rules, changes: std::mem::take(&mut self.changes), remarks, steps })
    }

    fn problem<T>(&mut self, at: &Spanned<T>, what: &str, message: impl Into<String>) {
        let (line, column) = self.places.of(at.span().start);
        self.problems.push(Problem {
            line,
            column,
            what: what.to_owned(),
            inside: None,
            message: message.into(),
        });
    }

    fn name(&mut self, id: Option<Spanned<String>>, version: Option<Spanned<String>>) -> (String, String) {
        let mut read = |word: Option<Spanned<String>>, key: &str, example: &str| match word {
            None => {
                let message = format!("{key} is missing: write {key} = {example:?} at the top of the file");
                self.problems.push(Problem::at_start(message));
                String::new()
            }
            Some(word) => {
                if let Some(message) = wording::unfit_name(word.get_ref()) {
                    self.problem(&word, key, message);
                }
                word.into_inner()
            }
        };
        let id = read(id, "id", "northwind");
        (id, read(version, "version", "2026-01"))
    }

    fn thresholds(&mut self, builtin: &Thresholds, changes: &ThresholdChanges) -> Thresholds {
        let mut percent = |key: &'static str, was: Percent, now: &Option<Spanned<u32>>| {
            let Some(now) = now else { return was };
            if *now.get_ref() > 100 {
                self.problem(now, key, format!("{} is no share: 0 to 100 percent", now.get_ref()));
            }
            self.changes.extend(Change::threshold(key, u64::from(was.0), u64::from(*now.get_ref())));
            Percent(*now.get_ref())
        };
        let least_paid = percent("least_paid_percent", builtin.least_paid, &changes.least_paid_percent);
        let unpaid_tolerance =
            percent("unpaid_tolerance_percent", builtin.unpaid_tolerance, &changes.unpaid_tolerance_percent);
        let amount_gap = percent("amount_gap_percent", builtin.amount_gap, &changes.amount_gap_percent);
        let mut count = |key: &'static str, was: usize, now: &Option<Spanned<u32>>| {
            let Some(now) = now else { return was };
            self.changes.extend(Change::threshold(key, was as u64, u64::from(*now.get_ref())));
            *now.get_ref() as usize
        };
        Thresholds {
            least_paid,
            unpaid_tolerance,
            amount_gap,
            high_risk_violations: count(
                "high_risk_violations",
                builtin.high_risk_violations,
                &changes.high_risk_violations,
            ),
            low_risk_warnings: count(
                "low_risk_warnings",
                builtin.low_risk_warnings,
                &changes.low_risk_warnings,
            ),
        }
    }

    fn severities(
        &mut self,
        mut rules: Vec<Rule>,
        changes: &BTreeMap<Spanned<String>, Spanned<Severity>>,
    ) -> Vec<Rule> {
        for (id, severity) in changes {
            let Some(rule) = rules.iter_mut().find(|rule| rule.id == *id.get_ref()) else {
                let message = "no built-in rule of that name; gangway rules list names them. An added rule has its severity in its own table";
                self.problem(id, id.get_ref(), message);
                continue;
            };
            let wanted = *severity.get_ref();
            let lowers = rule.severity == Severity::Violation && wanted == Severity::Warning;
            if lowers && UNLOWERED.contains(&&*rule.id) {
                let message = "must stay a violation: nobody's approval makes a record that is missing, deleted or another account's the right one";
                self.problem(severity, id.get_ref(), message);
                continue;
            }
            self.changes.extend(Change::severity(&rule.id, rule.severity, wanted));
            rule.severity = wanted;
        }
        rules
    }

    fn added(&mut self, added: &AddedRule, rules: &[Rule], offered: &Shape) -> Option<Rule> {
        let before = self.problems.len();
        let id = added.id.get_ref();
        if let Some(message) = wording::unfit_id(id) {
            self.problem(&added.id, id, message);
        }
        if rules.iter().any(|rule| rule.id == *id) {
            self.problem(&added.id, id, "there is a rule of that name already");
        }
        for (key, text) in
            [("message", &added.message), ("owner", &added.owner), ("resolution", &added.resolution)]
        {
            if let Some(message) = wording::unfit_text(text.get_ref()) {
                self.problem(text, id, format!("{key} {message}"));
            }
        }
        let when = match Expression::read(added.when.get_ref(), offered) {
            Ok(when) => when,
            Err(misfits) => {
                let (line, column) = self.places.of(added.when.span().start);
                self.problems.extend(misfits.into_iter().map(|misfit| Problem {
                    line,
                    column,
                    what: id.clone(),
                    inside: Some((misfit.line, misfit.column)),
                    message: misfit.message,
                }));
                return None;
            }
        };
        let owned = |text: &Spanned<String>| text.get_ref().trim().to_owned();
        (self.problems.len() == before).then(|| Rule {
            id: Cow::Owned(id.clone()),
            domain: added.domain,
            severity: added.severity,
            fires_when: Cow::Owned(owned(&added.when)),
            owner: Cow::Owned(owned(&added.owner)),
            resolution: Cow::Owned(owned(&added.resolution)),
            check: Check::Stated(Box::new(Stated { when, message: owned(&added.message) })),
        })
    }
}

impl ThresholdChanges {
    fn is_empty(&self) -> bool {
        let Self {
            least_paid_percent,
            unpaid_tolerance_percent,
            amount_gap_percent,
            high_risk_violations,
            low_risk_warnings,
        } = self;
        [
            least_paid_percent,
            unpaid_tolerance_percent,
            amount_gap_percent,
            high_risk_violations,
            low_risk_warnings,
        ]
        .iter()
        .all(|change| change.is_none())
    }
}
