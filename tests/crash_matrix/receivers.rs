//! What receivers saw, from the simulator's ledger: nothing twice that is right once. A message is known by what its
//! receiver sees of it, so that a second one under another key of ours is found as well.

use crate::case::Case;
use crate::verdict::Found;
use gangway_simulator::{Effect, EffectKind};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Judges the ledger against what the program says of its runs.
pub fn judge(case: &Case, found: &Found, ledger: &[Effect], problems: &mut Vec<String>) {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for effect in ledger {
        match sight(effect, &found.runs) {
            Some(sight) => *seen.entry(sight).or_default() += 1,
            None => problems.push(format!("nothing is to be changed in Slack: {}", effect.detail)),
        }
    }
    // Salesforce is told a status by the same fields and values, which may be told again: by whoever died over the
    // answer, or lost it. More often nobody has a reason to.
    let retold = 1 + u64::from(found.crashes) + case.disturbance().repeats();
    for (sight, times) in &seen {
        let most = if sight.starts_with(STATUS) { retold } else { 1 };
        if *times > most {
            problems.push(format!("{sight} arrived {times} times"));
        }
    }
    statuses(found, ledger, problems);
}

const STATUS: &str = "a status in Salesforce";

/// What a receiver sees of an effect; none for what nobody is to see.
fn sight(effect: &Effect, runs: &[Value]) -> Option<String> {
    let Effect { target, detail, .. } = effect;
    Some(match effect.kind {
        EffectKind::Mail => {
            let words = detail["text"].as_str().unwrap_or_default();
            format!("a mail to {target}: {}{}", detail["subject"], marks(target, words, runs))
        }
        EffectKind::SlackMessage => {
            let words = detail.to_string();
            format!("a message in {target}: {}{}", detail["text"], marks(target, &words, runs))
        }
        // The pager merges what carries the same key, so what it shows is one incident for each.
        EffectKind::Page => format!("a page: {} {}", detail["event_action"], detail["payload"]["summary"]),
        EffectKind::CrmUpdate => format!("{STATUS}: {target} {}", detail["fields"]),
        EffectKind::EnvelopeReminder => format!("a reminder of {target}"),
        EffectKind::SlackUpdate => return None,
    })
}

/// Which run and which approval a message names. What goes to the customer is right once, whichever run sends it.
fn marks(target: &str, words: &str, runs: &[Value]) -> String {
    if target.contains('@') && !target.ends_with(OURS) {
        return String::new();
    }
    let named = |id: &Value| id.as_str().filter(|id| words.contains(*id)).map(|id| format!(" {id}"));
    runs.iter().flat_map(|run| [named(&run["run_id"]), named(&run["approval_id"])]).flatten().collect()
}

/// Everybody else is a customer.
const OURS: &str = "@northwind.example";

/// Salesforce knows of exactly the runs whose record says that it was told.
fn statuses(found: &Found, ledger: &[Effect], problems: &mut Vec<String>) {
    let written: BTreeSet<&str> = ledger
        .iter()
        .filter(|effect| effect.kind == EffectKind::CrmUpdate)
        .filter_map(|effect| effect.detail["fields"]["Onboarding_Run_Id__c"].as_str())
        .collect();
    for run in &found.runs {
        let Some(id) = run["run_id"].as_str() else { continue };
        let effects = run["effects"].as_array().map_or(&[][..], Vec::as_slice);
        let told = effects.iter().find(|effect| effect["label"] == "salesforce_status");
        let told = told.and_then(|effect| effect["status"].as_str());
        // One that failed or is unknown may have happened all the same.
        if told == Some("done") && !written.contains(id) {
            problems.push(format!("{id} says that Salesforce was told its status, and Salesforce was not"));
        }
        if told.is_none() && written.contains(id) && run["state"] != "parked" {
            problems.push(format!("Salesforce was told a status of {id}, which does not say so"));
        }
    }
}
