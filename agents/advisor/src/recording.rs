//! Recordings of a model's answers, keyed by request digest: made once, answered from ever after, without network.
//!
//! A request that was not recorded has no answer. So a changed prompt, schema or redaction is noticed, not guessed over.

use crate::model::{Model, ModelAnswer, ModelError, ModelRequest};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A model that answers from a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// The model that was recorded.
    model: String,
    /// Its answers by request digest.
    answers: BTreeMap<String, ModelAnswer>,
}

impl Recording {
    /// Reads one.
    ///
    /// # Errors
    /// The text is no recording.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl Model for Recording {
    fn provider(&self) -> &str {
        "recording"
    }

    fn name(&self) -> &str {
        &self.model
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelAnswer, ModelError>> {
        let digest = request.digest(&self.model).unwrap_or_default();
        let answer = self.answers.get(&digest).cloned();
        Box::pin(async move { answer.ok_or(ModelError::NotRecorded { digest }) })
    }
}

/// A model whose answers are kept on their way.
pub struct Recorder {
    model: Arc<dyn Model>,
    answers: Mutex<BTreeMap<String, ModelAnswer>>,
}

impl Recorder {
    /// Records this model.
    #[must_use]
    pub fn of(model: Arc<dyn Model>) -> Self {
        Self { model, answers: Mutex::default() }
    }

    /// What was recorded so far.
    #[must_use]
    pub fn recording(&self) -> Recording {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Recording { model: self.model.name().to_owned(), answers }
    }
}

impl Recorder {
    /// Several recordings of one model as one; none when they are of different models, or there are none.
    #[must_use]
    pub fn joined(recorders: &[Arc<Self>]) -> Option<Recording> {
        let mut recordings = recorders.iter().map(|recorder| recorder.recording());
        let first = recordings.next()?;
        recordings.try_fold(first, |mut joined, other| {
            joined.answers.extend(other.answers);
            (joined.model == other.model).then_some(joined)
        })
    }
}

impl Model for Recorder {
    fn provider(&self) -> &str {
        self.model.provider()
    }

    fn name(&self) -> &str {
        self.model.name()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelAnswer, ModelError>> {
        Box::pin(async move {
            let answer = self.model.complete(request).await?;
            if let Some(digest) = request.digest(self.model.name()) {
                self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, answer.clone());
            }
            Ok(answer)
        })
    }
}
