//! `gangway replay`: decides stored runs again. By their own rules, to prove that every decision can be told again byte
//! for byte; or by a candidate, to see what it would have changed. It changes nothing and calls nothing.
//!
//! Runs are read page by page; only what differs is kept, up to a bound.

use crate::cli::ReplayArgs;
use crate::config::Sources;
use crate::people::Action;
use crate::{output, rules};
use anyhow::Result;
use gangway_coordinator::RuleBook;
use gangway_decision::{Difference, RuleSet, decide, difference};
use gangway_protocol::{AccountId, Decision, Facts, RunId};
use gangway_store::DecidedRun;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs in memory at once.
const PAGE: u32 = 100;
/// Differing runs that are listed; the others are only counted.
const LISTED: usize = 1_000;

#[derive(Debug, Default, Serialize)]
struct Replay {
    /// Runs decided again.
    replayed: u64,
    /// Runs that came out as they are stored.
    same: u64,
    /// Runs that did not.
    differ: u64,
    /// Of these, runs with another outcome.
    other_outcome: u64,
    /// Runs that could not be decided again.
    failed: u64,
    /// The first of those that differ or failed, oldest first.
    runs: Vec<ReplayedRun>,
}

#[derive(Debug, Serialize)]
struct ReplayedRun {
    run_id: RunId,
    account_id: AccountId,
    /// What differs between the findings; null when only bytes do, or when the run could not be decided again.
    difference: Option<Difference>,
    /// Why, in words.
    why: String,
}

/// Replays; fails when a run decided by its own rules does not come out as it is stored, or a run cannot be decided again.
pub async fn run(args: ReplayArgs, sources: &Sources) -> Result<ExitCode> {
    let (store, _) = super::acting(sources, Action::Read).await?;
    let candidate = args.rules.as_deref().map(rules::read).transpose()?.map(|reading| reading.rules);
    let configured = rules::configured(&sources.rules()?)?;
    let book = RuleBook::new(store.clone(), configured, Arc::new(Timestamp::now));
    let (mut replay, mut after) = (Replay::default(), 0);
    loop {
        let page = store.runs().decided_after(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for run in page {
            let day = run.created_at.to_zoned(TimeZone::UTC).date();
            if args.since.is_some_and(|since| day < since) {
                continue;
            }
            let verdict = match (Stored::read(&run), &candidate) {
                (Err(error), _) => {
                    Verdict::Failed(format!("what is stored of this run cannot be read: {error}"))
                }
                (Ok(stored), Some(rules)) => by_candidate(&run, &stored, rules),
                (Ok(stored), None) => by_its_own(&run, &stored, &book).await?,
            };
            replay.count(run, verdict);
        }
    }
    let faithful = replay.failed == 0 && (candidate.is_some() || replay.differ == 0);
    if args.output.json {
        output::json(&replay)?
    } else {
        print(&replay)?
    }
    Ok(if faithful { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

enum Verdict {
    Same,
    Differs(Option<Difference>),
    Failed(String),
}

/// What a run was decided from, and what was decided.
struct Stored {
    facts: Facts,
    decision: Decision,
}

impl Stored {
    fn read(run: &DecidedRun) -> serde_json::Result<Self> {
        let (facts, decision) = (run.facts.get(), run.decision.get());
        Ok(Self { facts: serde_json::from_str(facts)?, decision: serde_json::from_str(decision)? })
    }
}

fn by_candidate(run: &DecidedRun, stored: &Stored, rules: &RuleSet) -> Verdict {
    match difference(&stored.decision, &decide(&stored.facts, rules, run.as_of)) {
        None => Verdict::Same,
        found => Verdict::Differs(found),
    }
}

async fn by_its_own(run: &DecidedRun, stored: &Stored, book: &RuleBook) -> Result<Verdict> {
    let reference = &stored.decision.rule_set;
    let rules = match book.of_digest(&reference.digest).await {
        Ok(rules) => rules,
        Err(error) => return Ok(Verdict::Failed(error.to_string())),
    };
    if rules.digest() != reference.digest {
        return Ok(Verdict::Failed(format!(
            "this version of Gangway reads the rule set {} {} as another one; replay with the version that decided",
            reference.id, reference.version
        )));
    }
    let again = decide(&stored.facts, &rules, run.as_of);
    if serde_json::to_string(&again)? == run.decision.get() {
        return Ok(Verdict::Same);
    }
    Ok(Verdict::Differs(difference(&stored.decision, &again)))
}

impl Replay {
    fn count(&mut self, run: DecidedRun, verdict: Verdict) {
        self.replayed += 1;
        let (difference, why) = match verdict {
            Verdict::Same => {
                self.same += 1;
                return;
            }
            Verdict::Differs(found) => {
                self.differ += 1;
                self.other_outcome += u64::from(found.as_ref().is_some_and(Difference::changes_outcome));
                let why = found.as_ref().map_or_else(|| "other bytes".to_owned(), rules::in_words);
                (found, why)
            }
            Verdict::Failed(why) => {
                self.failed += 1;
                (None, why)
            }
        };
        if self.runs.len() < LISTED {
            let account_id = run.request.account_id;
            self.runs.push(ReplayedRun { run_id: run.run_id, account_id, difference, why });
        }
    }
}

fn print(replay: &Replay) -> Result<()> {
    for run in &replay.runs {
        output::line(&format!("{} {}: {}", run.run_id, run.account_id, run.why))?;
    }
    output::line(&format!(
        "Runs decided again: {}. The same: {}, different: {} ({} in outcome), impossible to decide again: {}",
        replay.replayed, replay.same, replay.differ, replay.other_outcome, replay.failed
    ))
}
