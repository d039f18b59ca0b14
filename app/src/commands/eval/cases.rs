//! The cases of an evaluation: the rules' own scenarios, and files of the user's.

use anyhow::{Context as _, Result, bail};
use gangway_advisor::Case;
use gangway_decision::{RuleSet, decide};
use gangway_protocol::Facts;
use include_dir::{Dir, include_dir};
use jiff::civil::Date;
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// The cases everybody has: the scenarios of the rules.
static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../agents/coordinator/decision/scenarios");

/// A case's file. What the rules make of it is worked out, so what a scenario expects is not read.
#[derive(Deserialize)]
struct CaseFile {
    as_of: Date,
    facts: Facts,
}

/// The rules' own scenarios.
pub(super) fn built_in() -> Result<Vec<Case>> {
    let files =
        SCENARIOS.files().filter_map(|file| Some((file.path().display().to_string(), file.contents_utf8()?)));
    files.map(|(name, text)| case(&name, text)).collect()
}

/// The cases of a folder, by name.
pub(super) fn of_folder(folder: &Path) -> Result<Vec<Case>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut paths: Vec<_> =
        entries.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    if paths.is_empty() {
        bail!("there are no cases in {}: a case is a .json file with as_of and facts", folder.display());
    }
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        case(&path.file_name().unwrap_or_default().to_string_lossy(), &text)
    };
    paths.iter().map(read).collect()
}

fn case(name: &str, text: &str) -> Result<Case> {
    let CaseFile { as_of, facts } = serde_json::from_str(text).with_context(|| {
        format!("{name} is no case: a case has as_of and facts, as gangway decide reads them")
    })?;
    let decision = decide(&facts, &RuleSet::builtin(), as_of);
    Ok(Case { name: name.trim_end_matches(".json").to_owned(), facts, decision })
}
