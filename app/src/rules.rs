//! Rules files as the commands read them, with errors that name file, line and column; and differences in words.

use crate::config::RulesSettings;
use anyhow::{Context as _, Result, bail};
use gangway_decision::{Difference, MAX_FILE_BYTES, Reading, RuleSet};
use gangway_protocol::RuleId;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Reads a rules file.
pub fn read(path: &Path) -> Result<Reading> {
    let file = path.display();
    let mut text = String::new();
    // One byte more than is allowed, so that a longer file is refused and not cut off.
    File::open(path)
        .and_then(|opened| opened.take(MAX_FILE_BYTES as u64 + 1).read_to_string(&mut text))
        .with_context(|| format!("cannot read the rules file {file}"))?;
    match RuleSet::read(&text) {
        Ok(reading) => Ok(reading),
        Err(error) => {
            let problems: Vec<String> =
                error.problems.iter().map(|problem| format!("{file}:{problem}")).collect();
            bail!("the rules file cannot be used:\n{}", problems.join("\n"))
        }
    }
}

/// The rules that are configured: those of the file, else the built-in ones.
pub fn configured(settings: &RulesSettings) -> Result<RuleSet> {
    match &settings.file {
        Some(file) => Ok(read(file)?.rules),
        None => Ok(RuleSet::builtin()),
    }
}

/// A difference as people read it: `ESCALATE → BLOCK, NWC-001 fires, ACC-102 changes`.
pub fn in_words(difference: &Difference) -> String {
    let mut parts = Vec::new();
    if difference.changes_outcome() {
        parts.push(format!("{} → {}", difference.outcome_before, difference.outcome_after));
    }
    if difference.risk_before != difference.risk_after {
        parts.push(format!("risk {} → {}", difference.risk_before, difference.risk_after));
    }
    let mut rules = |rules: &[RuleId], does: &str| {
        parts.extend(rules.iter().map(|rule| format!("{rule} {does}")));
    };
    rules(&difference.fires_now, "fires");
    rules(&difference.silent_now, "is silent");
    rules(&difference.changed, "changes");
    parts.join(", ")
}
