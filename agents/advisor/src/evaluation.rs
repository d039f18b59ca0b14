//! Evaluation: how usable a model's answers are on a set of cases, counted, for one prompt.
//!
//! It judges form, grounding, owners and agreement with the rules - what can be counted. Whether advice reads well is for
//! people.

use crate::adviser::{Adviser, AdviserError, Clock, Question};
use crate::conversation::Ended;
use crate::ledger::Ledger;
use crate::model::Model;
use crate::prompt::Prompt;
use crate::settings::Settings;
use futures::future::BoxFuture;
use gangway_protocol::{CallVerdict, Decision, Facts, LlmCall, Spent};
use jiff::Timestamp;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What was gathered.
    pub facts: Facts,
    /// What the rules decide.
    pub decision: Decision,
}

/// A part of a whole; a whole of nothing has no share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// How many count.
    pub part: usize,
    /// Of how many.
    pub of: usize,
}

/// What came of all cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scores {
    /// Who answered.
    pub model: String,
    /// What with.
    pub prompt: String,
    /// Cases that ended with a valid answer, a repaired one included.
    pub valid: Share,
    /// Cases the model would not answer.
    pub refused: Share,
    /// Cases whose call failed: the provider did, or the recording holds no answer.
    pub failed: Share,
    /// Cases about which no model was asked, because a budget or the deadline was used up.
    pub unasked: Share,
    /// Sentences whose every number, date, id and name has a source.
    pub grounded: Share,
    /// Worded actions that kept the rules' owner.
    pub right_owner: Share,
    /// Valid answers whose risk level is the rules'.
    pub same_level: Share,
    /// Calls made, retries and repairs included.
    pub calls: usize,
    /// Tokens, both ways.
    pub tokens: u64,
    /// Cost in millionths of a US dollar.
    pub cost_micro_usd: u64,
    /// Cases without a usable answer, and why.
    pub unanswered: Vec<String>,
}

/// Puts every case to the model with this prompt, one after the other.
///
/// # Errors
/// The settings cannot be used.
pub async fn evaluate(
    model: Arc<dyn Model>,
    settings: &Settings,
    prompt: Prompt,
    cases: &[Case],
    clock: Clock,
) -> Result<Scores, AdviserError> {
    let tally = Arc::new(Tally::default());
    // Every case is asked, whatever came of the one before; the budgets stay.
    let settings = Settings { cache_entries: 0, breaker_failures: u32::MAX, ..settings.clone() };
    let adviser = Adviser::new(model, settings, Arc::clone(&tally) as Arc<dyn Ledger>, clock)?;
    let all = |of| Share { part: 0, of };
    let mut scores = Scores {
        model: adviser.name(),
        prompt: prompt.name.to_owned(),
        valid: all(cases.len()),
        refused: all(cases.len()),
        failed: all(cases.len()),
        unasked: all(cases.len()),
        grounded: Share::default(),
        right_owner: Share::default(),
        same_level: Share::default(),
        calls: 0,
        tokens: 0,
        cost_micro_usd: 0,
        unanswered: Vec::new(),
    };
    for case in cases {
        let question = Question { run_id: None, facts: &case.facts, decision: &case.decision };
        match adviser.ask(question, prompt).await.ended {
            Ok(usable) => {
                scores.valid.part += 1;
                scores.grounded = added(scores.grounded, (usable.sentences.1, usable.sentences.0));
                scores.right_owner = added(scores.right_owner, (usable.owners.1, usable.owners.0));
                scores.same_level = added(scores.same_level, (usize::from(usable.same_level), 1));
            }
            Err(ended) => {
                match &ended {
                    Ended::Asked(CallVerdict::Refused, _) => scores.refused.part += 1,
                    Ended::Asked(CallVerdict::Failed | CallVerdict::TooLate, _) => scores.failed.part += 1,
                    Ended::Unasked(_) => scores.unasked.part += 1,
                    Ended::Asked(CallVerdict::Valid | CallVerdict::Invalid | CallVerdict::CutOff, _) => {}
                }
                scores.unanswered.push(format!("{}, {}: {}", prompt.name, case.name, ended.says()));
            }
        }
    }
    let (calls, spent) = *tally.0.lock().unwrap_or_else(PoisonError::into_inner);
    (scores.calls, scores.tokens, scores.cost_micro_usd) = (calls, spent.tokens, spent.micro_usd);
    Ok(scores)
}

fn added(share: Share, (part, of): (usize, usize)) -> Share {
    Share { part: share.part + part, of: share.of + of }
}

/// Counts calls and cost.
#[derive(Default)]
struct Tally(Mutex<(usize, Spent)>);

impl Ledger for Tally {
    fn spent_on_day(&self, _at: Timestamp) -> BoxFuture<'_, Option<Spent>> {
        Box::pin(async { Some(Spent::default()) })
    }

    fn record(&self, call: LlmCall) -> BoxFuture<'_, ()> {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tokens = call.input_tokens.saturating_add(call.output_tokens);
        *tally = (tally.0 + 1, tally.1.plus(Spent { tokens, micro_usd: call.cost_micro_usd }));
        Box::pin(async {})
    }
}
