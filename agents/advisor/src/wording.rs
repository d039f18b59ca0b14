//! Puts a model's grounded words on the rules' advice. What is not words stays the rules': level, owners, priorities,
//! codes, resolutions, the order and number of actions.

use crate::answer::{ActionWords, Answer};
use crate::grounding::{Ground, Ungrounded};
use crate::redaction::{Tokens, action_id, error_id};
use gangway_protocol::{Advice, AdviceSource, Decision, Facts};
use std::collections::BTreeSet;

/// What was left of an answer, counted for an evaluation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usable {
    /// Sentences said and sentences kept.
    pub(crate) sentences: (usize, usize),
    /// Actions worded, and those with the rules' owner.
    pub(crate) owners: (usize, usize),
    /// The model's level is the rules'.
    pub(crate) same_level: bool,
}

/// Advice in a model's words.
pub(crate) struct Worded {
    pub(crate) advice: Advice,
    pub(crate) usable: Usable,
}

/// What a wording is checked against.
pub(crate) struct Known<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) decision: &'a Decision,
    pub(crate) rules: &'a Advice,
    pub(crate) tokens: &'a Tokens,
}

/// The rules' advice with the answer's words where they are grounded.
pub(crate) fn word(answer: &Answer, known: &Known<'_>) -> Worded {
    let mut pen = Pen::new(known);
    let mut advice = known.rules.clone();
    pen.put(&answer.summary, "the summary", &mut advice.summary);
    pen.put(&answer.risk.business_impact, "the business impact", &mut advice.business_impact);
    pen.put_bare(&answer.risk.resolution_time, &mut advice.resolution_time);
    for words in &answer.actions {
        pen.put_action(words, &mut advice);
    }
    for words in &answer.errors {
        let place = (1..).zip(&mut advice.error_readings).find(|(n, _)| error_id(*n) == words.id);
        match place {
            Some((_, reading)) => pen.put(&words.meaning, "an error's meaning", &mut reading.meaning),
            None => pen.note("Words about a failed call that there is not were left out."),
        }
    }
    pen.usable.same_level = answer.risk.level == known.decision.risk_level;
    if !pen.usable.same_level {
        pen.note(&format!("The model sees the risk as {}; the rules' level counts.", answer.risk.level));
    }
    advice.source = if pen.has_written { AdviceSource::Model } else { AdviceSource::RulesInstead };
    advice.notes = pen.notes;
    Worded { advice, usable: pen.usable }
}

struct Pen<'a> {
    ground: Ground,
    tokens: &'a Tokens,
    notes: Vec<String>,
    usable: Usable,
    has_written: bool,
}

impl<'a> Pen<'a> {
    fn new(known: &Known<'a>) -> Self {
        Self {
            ground: Ground::new(known.facts, known.decision, known.rules),
            tokens: known.tokens,
            notes: Vec::new(),
            usable: Usable::default(),
            has_written: false,
        }
    }

    /// Replaces `place` by what is grounded of `words`; leaves it when nothing is.
    fn put(&mut self, words: &str, what: &str, place: &mut String) {
        let (kept, dropped) = self.checked(words);
        self.note_dropped(what, &dropped);
        if !kept.is_empty() {
            *place = kept;
            self.has_written = true;
        }
    }

    /// The same for a few words that are no sentence: all or nothing, and the full stop goes.
    fn put_bare(&mut self, words: &str, place: &mut String) {
        let (kept, dropped) = self.checked(words);
        self.note_dropped("the resolution time", &dropped);
        if dropped.is_empty() && !kept.is_empty() {
            *place = kept.trim_end_matches('.').to_owned();
        }
    }

    /// Half an instruction may say the opposite of the whole: an action is worded entirely or not at all.
    fn put_action(&mut self, words: &ActionWords, advice: &mut Advice) {
        let place = (1..).zip(&mut advice.actions).find(|(n, _)| action_id(*n) == words.id);
        let Some((_, action)) = place else {
            self.note("Words about an action that the rules do not ask for were left out.");
            return;
        };
        self.usable.owners.0 += 1;
        if action.owner != words.owner {
            self.note(&format!(
                "The model gave an action of {} to somebody else; the rules' owner counts.",
                action.owner
            ));
            return;
        }
        self.usable.owners.1 += 1;
        let (kept, dropped) = self.checked(&words.wording);
        self.note_dropped("an action", &dropped);
        if dropped.is_empty() && !kept.is_empty() {
            action.action = kept;
            self.has_written = true;
        }
    }

    fn checked(&mut self, words: &str) -> (String, Vec<Ungrounded>) {
        let checked = self.ground.check(&self.tokens.restore(words));
        self.usable.sentences.0 += checked.sentences + checked.dropped.len();
        self.usable.sentences.1 += checked.sentences;
        (checked.kept, checked.dropped)
    }

    fn note_dropped(&mut self, what: &str, dropped: &[Ungrounded]) {
        for fault in dropped.iter().collect::<BTreeSet<_>>() {
            self.note(&format!("Left out of {what}: a sentence with {}.", fault.says()));
        }
    }

    /// Each note once: they say what kind of thing happened, not how often.
    fn note(&mut self, note: &str) {
        if !self.notes.iter().any(|known| known == note) {
            self.notes.push(note.to_owned());
        }
    }
}
