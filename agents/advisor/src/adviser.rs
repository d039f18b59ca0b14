//! Asks a model to word the rules' advice, and gives the rules' advice when anything about that is wrong.
//!
//! One question a run. It never takes longer than the deadline, never fails, and changes nothing but words. Whatever it is
//! given, the decision has been made and its messages are on their way.

use crate::allowance::{DayPurse, Limit, Reserved, RunPurse, UsedUp};
use crate::answer::{Answer, Reader, demanded};
use crate::breaker::Breaker;
use crate::cache::Cache;
use crate::conversation::{Conversation, Ended};
use crate::model::{Model, ModelRequest, Turn};
use crate::prompt::{Prompt, Split};
use crate::redaction::{Disclosure, disclose};
use crate::settings::{Settings, UnknownPrompt};
use crate::wording::{Known, Usable, Worded, word};
use crate::{Ledger, advise};
use gangway_protocol::{Advice, AdviceSource, Decision, Facts, PromptRef, RunId, Spent};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// The present.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What advice is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The run, for the record of calls; none in an evaluation.
    pub run_id: Option<&'a RunId>,
    /// What was gathered.
    pub facts: &'a Facts,
    /// What was decided.
    pub decision: &'a Decision,
}

/// Advice, and the prompt a model was asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advised {
    /// The advice.
    pub advice: Advice,
    /// The prompt; none when no model was asked.
    pub prompt: Option<PromptRef>,
}

/// The adviser cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum AdviserError {
    /// A prompt is named that there is not.
    #[error(transparent)]
    Prompt(#[from] UnknownPrompt),
    /// The form of answers cannot be checked.
    #[error("the schema of answers is wrong: {0}")]
    Schema(String),
}

/// A model, and everything that keeps it in bounds.
pub struct Adviser {
    pub(crate) model: Arc<dyn Model>,
    pub(crate) settings: Settings,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) clock: Clock,
    pub(crate) reader: Reader,
    split: Split,
    gate: Semaphore,
    state: Mutex<State>,
}

/// What all runs share.
pub(crate) struct State {
    pub(crate) day: DayPurse,
    pub(crate) breaker: Breaker,
    cache: Cache<Answer>,
}

/// How the question about one decision ended; what an evaluation counts.
pub(crate) struct Outcome {
    pub(crate) advised: Advised,
    pub(crate) ended: Result<Usable, Ended>,
}

impl Adviser {
    /// An adviser that asks this model, within these bounds.
    ///
    /// # Errors
    /// The settings name a prompt that there is not.
    pub fn new(
        model: Arc<dyn Model>,
        settings: Settings,
        ledger: Arc<dyn Ledger>,
        clock: Clock,
    ) -> Result<Self, AdviserError> {
        let state = State {
            day: DayPurse::default(),
            breaker: Breaker::new(settings.breaker_failures, settings.breaker_open_ms),
            cache: Cache::new(settings.cache_entries, settings.cache_ms),
        };
        Ok(Self {
            model,
            ledger,
            clock,
            reader: Reader::new().map_err(AdviserError::Schema)?,
            split: settings.split()?,
            gate: Semaphore::new(usize::try_from(settings.concurrency.max(1)).unwrap_or(1)),
            state: Mutex::new(state),
            settings,
        })
    }

    /// Provider and model, as a run's versions name them.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.model.provider(), self.model.name())
    }

    /// Advice on a decision, in the model's words where they can be used. Takes no longer than the deadline.
    pub async fn advise(&self, question: Question<'_>) -> Advised {
        let prompt = self.split.prompt_of(&question.facts.account_id);
        self.ask(question, prompt).await.advised
    }

    /// The same with a prompt of the caller's choice, and how it ended.
    pub(crate) async fn ask(&self, question: Question<'_>, prompt: Prompt) -> Outcome {
        let rules = advise(question.facts, question.decision);
        let Ok(disclosure) = disclose(question.facts, question.decision, &rules) else {
            return fallen_back(rules, None, Ended::Unasked("the brief could not be written"));
        };
        let asked = self.answer(question, prompt, &disclosure).await;
        let reference = Some(prompt.reference());
        let answer = match asked {
            Ok(answer) => answer,
            Err(ended @ Ended::Unasked(_)) => return fallen_back(rules, None, ended),
            Err(ended) => return fallen_back(rules, reference, ended),
        };
        let (facts, decision) = (question.facts, question.decision);
        let known = Known { facts, decision, rules: &rules, tokens: &disclosure.tokens };
        let Worded { advice, usable } = word(&answer, &known);
        Outcome { advised: Advised { advice, prompt: reference }, ended: Ok(usable) }
    }

    /// A valid answer, remembered or new.
    async fn answer(
        &self,
        question: Question<'_>,
        prompt: Prompt,
        disclosure: &Disclosure,
    ) -> Result<Answer, Ended> {
        let deadline = Instant::now() + self.settings.deadline();
        let request = ModelRequest {
            prompt,
            turns: vec![Turn::Asked(disclosure.brief.clone())],
            schema: demanded(),
            max_output_tokens: self.settings.max_output_tokens,
        };
        let Some(digest) = request.digest(self.model.name()) else {
            return Err(Ended::Unasked("the request could not be digested"));
        };
        if let Some(known) = self.state().cache.get(&digest, (self.clock)()) {
            return Ok(known);
        }
        let permit = tokio::time::timeout_at(deadline, self.gate.acquire()).await;
        let Ok(Ok(_permit)) = permit else { return Err(Ended::Unasked("too many questions wait already")) };
        let conversation = Conversation {
            adviser: self,
            run_id: question.run_id,
            tokens: &disclosure.tokens,
            deadline,
            purse: RunPurse::default(),
        };
        let answer = conversation.hold(request).await?;
        self.state().cache.put(digest, answer.clone(), (self.clock)());
        Ok(answer)
    }

    /// Learns what the day has cost so far, once a day. Without that nobody is asked.
    pub(crate) async fn begin_day(&self, now: Timestamp, deadline: Instant) -> Result<(), Ended> {
        let day = day_of(now);
        if self.state().day.knows(day) {
            return Ok(());
        }
        let read = tokio::time::timeout_at(deadline, self.ledger.spent_on_day(now)).await;
        let Ok(Some(spent)) = read else {
            return Err(Ended::Unasked("what the day has cost could not be read"));
        };
        self.state().day.begin(day, spent);
        Ok(())
    }

    /// Sets the most a call can take aside.
    pub(crate) fn reserve(&self, purse: &mut RunPurse, most: Spent) -> Result<Reserved, Ended> {
        let settings = &self.settings;
        let run = Limit(Spent { tokens: settings.run_tokens, micro_usd: settings.run_micro_usd });
        let day = Limit(Spent { tokens: settings.day_tokens, micro_usd: settings.day_micro_usd });
        self.state().day.reserve(purse, most, (run, day)).map_err(|used_up| match used_up {
            UsedUp::Run => Ended::Unasked("the run's budget for a model is used up"),
            UsedUp::Day => Ended::Unasked("the day's budget for a model is used up"),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rules' advice, marked as standing in a model's place.
fn fallen_back(mut rules: Advice, prompt: Option<PromptRef>, ended: Ended) -> Outcome {
    rules.source = AdviceSource::RulesInstead;
    rules.notes = vec![format!("Advice comes from the rules: {}.", ended.says())];
    Outcome { advised: Advised { advice: rules, prompt }, ended: Err(ended) }
}

fn day_of(now: Timestamp) -> i64 {
    let date = now.to_zoned(TimeZone::UTC).date();
    i64::from(date.year()) * 1_000 + i64::from(date.day_of_year())
}
