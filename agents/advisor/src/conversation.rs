//! One question to a model, with what may follow it: a retry after a failure that may pass, one repair of an answer of the
//! wrong form. Every call is set aside in the budgets before and recorded after it.

use crate::adviser::Adviser;
use crate::allowance::{Reserved, RunPurse};
use crate::answer::Answer;
use crate::model::{Finish, ModelAnswer, ModelError, ModelRequest, Turn};
use crate::redaction::{Tokens, of_answer, of_complaint};
use gangway_protocol::{CallPurpose, CallVerdict, LlmCall, RunId, Spent};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Most tokens a provider is believed to have counted for one question or answer: no model reads or writes as much at once,
/// and an absurd number would use up the day.
const MOST_TOKENS: u64 = 10_000_000;
/// A token stands for fewer bytes than this with every usual tokeniser: what is certainly taken, whatever is reported.
const BYTES_PER_TOKEN: u64 = 8;

/// Why a question has no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// No model was asked; why.
    Unasked(&'static str),
    /// The last call's verdict; why.
    Asked(CallVerdict, String),
}

impl Ended {
    pub(crate) fn says(&self) -> String {
        match self {
            Self::Unasked(why) => (*why).to_owned(),
            Self::Asked(_, why) => why.trim_end_matches('.').to_owned(),
        }
    }
}

/// What one call leads to.
enum Next {
    Done(Answer),
    Again,
    Repair(ModelRequest),
    End(Ended),
}

pub(crate) struct Conversation<'a> {
    pub(crate) adviser: &'a Adviser,
    pub(crate) run_id: Option<&'a RunId>,
    pub(crate) tokens: &'a Tokens,
    pub(crate) deadline: Instant,
    pub(crate) purse: RunPurse,
}

impl Conversation<'_> {
    /// Holds it to its end.
    pub(crate) async fn hold(mut self, mut request: ModelRequest) -> Result<Answer, Ended> {
        let mut retries = 0;
        let mut purpose = CallPurpose::Ask;
        let mut may_repair = true;
        loop {
            match self.call(&request, purpose, may_repair).await? {
                Next::Done(answer) => return Ok(answer),
                Next::End(ended) => return Err(ended),
                Next::Repair(repaired) => {
                    request = repaired;
                    (purpose, may_repair) = (CallPurpose::Repair, false);
                }
                Next::Again if retries < self.adviser.settings.retries => {
                    let wait = self.adviser.settings.retry_base_ms.saturating_mul(1 << retries.min(10));
                    retries += 1;
                    purpose = CallPurpose::Retry;
                    let ready = Instant::now() + Duration::from_millis(wait);
                    tokio::time::sleep_until(ready.min(self.deadline)).await;
                }
                Next::Again => {
                    let why = "the model's provider failed, also when asked again".to_owned();
                    return Err(Ended::Asked(CallVerdict::Failed, why));
                }
            }
        }
    }

    /// One call: admitted, set aside, made, recorded, judged.
    async fn call(
        &mut self,
        request: &ModelRequest,
        purpose: CallPurpose,
        may_repair: bool,
    ) -> Result<Next, Ended> {
        let adviser = self.adviser;
        let at = (adviser.clock)();
        if Instant::now() >= self.deadline {
            return Err(Ended::Asked(CallVerdict::TooLate, "the model did not answer in time".to_owned()));
        }
        adviser.begin_day(at, self.deadline).await?;
        let (input, output) = (request.input_tokens_at_most(), u64::from(request.max_output_tokens));
        let reserved = adviser.reserve(&mut self.purse, adviser.settings.cost(input, output))?;
        if !adviser.state().breaker.admits(at) {
            adviser.state().day.settle(&mut self.purse, reserved, Spent::default());
            return Err(Ended::Unasked("the model's provider failed too often just now"));
        }
        let begun = Instant::now();
        let answered = tokio::time::timeout_at(self.deadline, adviser.model.complete(request)).await;
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let judged = match answered {
            Err(_) => Judged::too_late((input, output)),
            Ok(Err(error)) => Judged::failed(&error, (input, output)),
            Ok(Ok(answer)) => self.judged(answer, request, may_repair),
        };
        let taken = adviser.settings.cost(judged.usage.0, judged.usage.1);
        self.settle(at, reserved, taken, judged.verdict);
        let call = LlmCall {
            at,
            run_id: self.run_id.cloned(),
            purpose,
            provider: adviser.model.provider().to_owned(),
            model: adviser.model.name().to_owned(),
            response_model: judged.response_model,
            prompt: request.prompt.reference(),
            request_digest: request.digest(adviser.model.name()).unwrap_or_default(),
            input: transcript(request),
            output: judged.output,
            finish_reason: judged.finish_reason,
            input_tokens: judged.usage.0,
            output_tokens: judged.usage.1,
            cost_micro_usd: taken.micro_usd,
            duration_ms,
            verdict: judged.verdict,
            why: judged.why,
        };
        self.record(call).await;
        Ok(judged.next)
    }

    /// Records the call; at the deadline the record goes on without us.
    async fn record(&self, call: LlmCall) {
        let ledger = Arc::clone(&self.adviser.ledger);
        let mut recorded = Box::pin(async move { ledger.record(call).await });
        if tokio::time::timeout_at(self.deadline, &mut recorded).await.is_err() {
            tokio::spawn(recorded);
        }
    }

    /// What the call took replaces what was set aside; the breaker learns how it went.
    fn settle(&mut self, at: Timestamp, reserved: Reserved, taken: Spent, verdict: CallVerdict) {
        let mut state = self.adviser.state();
        state.day.settle(&mut self.purse, reserved, taken);
        match verdict {
            CallVerdict::TooLate | CallVerdict::Failed => state.breaker.failed(at),
            CallVerdict::Valid | CallVerdict::Invalid | CallVerdict::Refused | CallVerdict::CutOff => {
                state.breaker.passed();
            }
        }
    }

    fn judged(&self, answer: ModelAnswer, request: &ModelRequest, may_repair: bool) -> Judged {
        let shown =
            answer.content.as_deref().or(answer.refusal.as_deref()).map(|text| of_answer(text, self.tokens));
        let said = answer.content.as_deref().map_or(0, str::len);
        let usage = taken(answer.usage, request.input_tokens_at_most(), said);
        let mut judged = Judged {
            verdict: CallVerdict::Valid,
            next: Next::Again,
            why: None,
            output: shown.as_ref().map(|text| text.as_str().to_owned()),
            finish_reason: None,
            response_model: answer
                .model
                .map(|name| of_answer(&name, self.tokens).as_str().chars().take(80).collect()),
            usage,
        };
        if let Finish::CutOff(reason) = answer.finish {
            judged.finish_reason = Some(reason);
            return judged.ending(CallVerdict::CutOff, "the model's answer was cut off");
        }
        let content = match (answer.content, answer.refusal) {
            (Some(content), None) => content,
            (_, Some(_)) => return judged.ending(CallVerdict::Refused, "the model would not answer"),
            (None, None) => return judged.ending(CallVerdict::Refused, "the model said nothing"),
        };
        match self.adviser.reader.read(&content) {
            Ok(answer) => judged.next = Next::Done(answer),
            Err(problem) if may_repair => {
                let mut repaired = request.clone();
                repaired.turns.extend(shown.map(Turn::Answered));
                let complaint =
                    format!("{problem} Answer again with one JSON document of the demanded form.");
                repaired.turns.push(Turn::Asked(of_complaint(&complaint)));
                (judged.verdict, judged.why) = (CallVerdict::Invalid, Some(problem));
                judged.next = Next::Repair(repaired);
            }
            Err(problem) => {
                let ended = "the model's answer had the wrong form, also after a repair";
                judged = judged.ending(CallVerdict::Invalid, ended);
                judged.why = Some(problem);
            }
        }
        judged
    }
}

/// A call as it is recorded, and what follows from it.
struct Judged {
    verdict: CallVerdict,
    next: Next,
    why: Option<String>,
    output: Option<String>,
    finish_reason: Option<String>,
    response_model: Option<String>,
    usage: (u64, u64),
}

impl Judged {
    fn without_answer(usage: (u64, u64)) -> Self {
        let (verdict, next) = (CallVerdict::Failed, Next::Again);
        Self { verdict, next, why: None, output: None, finish_reason: None, response_model: None, usage }
    }

    /// The provider may have done the work all the same: it counts as if it had.
    fn too_late(most: (u64, u64)) -> Self {
        Self::without_answer(most).ending(CallVerdict::TooLate, "the model did not answer in time")
    }

    fn failed(error: &ModelError, most: (u64, u64)) -> Self {
        let mut judged = Self::without_answer(if error.may_have_cost() { most } else { (0, 0) });
        judged.why = Some(error.to_string());
        if !error.is_passing() {
            judged.next = Next::End(Ended::Asked(CallVerdict::Failed, error.to_string()));
        }
        judged
    }

    fn ending(mut self, verdict: CallVerdict, why: &str) -> Self {
        self.verdict = verdict;
        self.why = Some(why.to_owned());
        self.next = Next::End(Ended::Asked(verdict, why.to_owned()));
        self
    }
}

/// Tokens of question and answer: what was reported, within what is possible. Who does not say what it took is taken to have
/// taken its question, and as much as it said.
fn taken(reported: Option<(u64, u64)>, asked_at_most: u64, said_bytes: usize) -> (u64, u64) {
    let said = u64::try_from(said_bytes).unwrap_or(u64::MAX);
    // Two bytes a token is what a question takes at most.
    let least = (asked_at_most.saturating_mul(2) / BYTES_PER_TOKEN, said / BYTES_PER_TOKEN);
    let (input, output) = reported.unwrap_or((asked_at_most, said.div_ceil(3)));
    (input.max(least.0).min(MOST_TOKENS), output.max(least.1).min(MOST_TOKENS))
}

/// What was asked after the prompt, role by role.
fn transcript(request: &ModelRequest) -> String {
    let turns: Vec<String> = request.turns().map(|(role, text)| format!("{role}: {text}")).collect();
    turns.join("\n\n")
}
