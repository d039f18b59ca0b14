//! Advice in a model's words, for reading. The step ends within the adviser's deadline and never fails.

use super::judged;
use crate::env::Env;
use gangway_advisor::{Advised, Question, advise};
use gangway_durable::{Activity, StepError};
use gangway_protocol::{Advice, AdviceSource, IdempotencyKey, PromptRef, RunRecord};
use serde::{Deserialize, Serialize};

/// Advice as it is to be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WordedAdvice {
    pub(crate) advice: Advice,
    /// The prompt a model was asked with; none when none was asked.
    pub(crate) prompt: Option<PromptRef>,
}

pub(crate) struct WordAdvice;

impl Activity<Env> for WordAdvice {
    const NAME: &'static str = "word_advice";
    type In = RunRecord;
    type Out = WordedAdvice;

    async fn run(env: &Env, _key: IdempotencyKey, record: &RunRecord) -> Result<WordedAdvice, StepError> {
        let (facts, decision) = judged(record)?;
        let Some(adviser) = &env.adviser else {
            let mut advice = advise(facts, decision);
            advice.source = AdviceSource::RulesInstead;
            advice.notes.push("Advice comes from the rules: no model is configured any more.".to_owned());
            return Ok(WordedAdvice { advice, prompt: None });
        };
        let question = Question { run_id: Some(&record.run_id), facts, decision };
        let Advised { advice, prompt } = adviser.advise(question).await;
        Ok(WordedAdvice { advice, prompt })
    }
}
