//! Asking the person at the host before a call runs: questions that are open, each answered once.
//!
//! What a host gets to echo is a random handle and nothing else; what it stands for stays here. So it cannot be forged,
//! used twice, or used for other arguments. A question dies with its process and after ten minutes: the call is then
//! simply made again. What is asked, and what a yes means, is the tool's knowledge.

use crate::access::Principal;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a person may look at a form.
const LIFETIME: Duration = Duration::from_secs(600);
/// Open questions of a process; more are refused rather than remembered.
const MOST: usize = 1_000;
/// Open questions of one caller; the next one takes the place of its oldest, so that nobody uses up everybody's.
const MOST_EACH: usize = 20;

/// What a handler knows of the person's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Confirmation {
    /// The tool asks nobody, or the host has no way to show a form.
    #[default]
    NotAsked,
    /// The person said yes in a form; what the tool bound the question to.
    Given(String),
    /// The person said no, or closed the form.
    Declined,
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// For people: what will happen.
    pub message: String,
    /// What the question is bound to; handed to the handler with the yes.
    pub bound_to: String,
}

/// What an open question was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) tool: &'static str,
    pub(crate) principal: Principal,
    pub(crate) arguments_digest: String,
    pub(crate) bound_to: String,
}

/// The open questions of a process.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    open: Mutex<HashMap<String, (Instant, Open)>>,
}

impl Questions {
    /// Remembers a question and gives its handle; none when too many are open.
    pub(crate) fn ask(&self, question: Open, now: Instant) -> Option<String> {
        let mut open = self.lock();
        open.retain(|_, (asked, _)| now.duration_since(*asked) < LIFETIME);
        let own = open.iter().filter(|(_, (_, other))| other.principal == question.principal);
        if own.clone().count() >= MOST_EACH
            && let Some(oldest) = own.min_by_key(|(_, (asked, _))| *asked).map(|(handle, _)| handle.clone())
        {
            open.remove(&oldest);
        }
        if open.len() >= MOST {
            return None;
        }
        // 244 random bits.
        let handle = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        open.insert(handle.clone(), (now, question));
        Some(handle)
    }

    /// The question of a handle, once, and only for the same call.
    pub(crate) fn take(&self, handle: &str, now: Instant, same: impl Fn(&Open) -> bool) -> Option<Open> {
        let mut open = self.lock();
        let (asked, question) = open.get(handle)?;
        if now.duration_since(*asked) >= LIFETIME || !same(question) {
            return None;
        }
        open.remove(handle).map(|(_, question)| question)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, Open)>> {
        // Entries are whole values; a poisoned lock still guards a sound map.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

    use super::{LIFETIME, MOST, MOST_EACH, Open, Questions};
    use crate::access::{Principal, Reach};
    use std::time::{Duration, Instant};

    fn caller(name: &str) -> Principal {
        Principal::local(name, Reach::Writes).unwrap()
    }

    fn question(principal: &str) -> Open {
        Open {
            tool: "a.b",
            principal: caller(principal),
            arguments_digest: "sha256:a".to_owned(),
            bound_to: "apr-1".to_owned(),
        }
    }

    #[test]
    fn a_handle_is_good_once_for_its_own_call_and_for_a_while() {
        let (questions, now) = (Questions::default(), Instant::now());
        let handle = questions.ask(question("ann"), now).unwrap();
        assert_eq!(questions.take("made-up", now, |_| true), None);
        assert_eq!(questions.take(&handle, now, |open| open.principal == caller("bob")), None);
        assert_eq!(questions.take(&handle, now + LIFETIME, |_| true), None);
        assert_eq!(questions.take(&handle, now, |_| true), Some(question("ann")));
        assert_eq!(questions.take(&handle, now, |_| true), None, "used");
    }

    #[test]
    fn open_questions_are_bounded() {
        let (questions, now) = (Questions::default(), Instant::now());
        let ask = |number: usize, now| questions.ask(question(&format!("caller-{number}")), now);
        assert_eq!((0..=MOST).filter(|number| ask(*number, now).is_some()).count(), MOST);
        assert!(ask(MOST, now + LIFETIME).is_some(), "old ones are forgotten");
    }

    #[test]
    fn a_caller_that_asks_for_form_after_form_loses_its_own_oldest_and_nobody_elses() {
        let (questions, now) = (Questions::default(), Instant::now());
        let bobs = questions.ask(question("bob"), now).unwrap();
        let later = |number| now + Duration::from_millis(number);
        let handles: Vec<String> =
            (1..=MOST as u64).map(|number| questions.ask(question("ann"), later(number)).unwrap()).collect();
        let kept = handles.iter().map(|handle| questions.take(handle, now, |_| true).is_some());
        let kept: Vec<bool> = kept.collect();
        assert_eq!(kept.iter().filter(|kept| **kept).count(), MOST_EACH);
        assert!(kept.ends_with(&[true; MOST_EACH]), "the newest ones");
        assert!(questions.take(&bobs, now, |_| true).is_some());
    }
}
