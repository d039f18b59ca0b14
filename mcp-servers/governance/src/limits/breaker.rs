//! Circuit breaker of one vendor, as a pure state machine: calls and their ends come in with the time, a verdict comes out.
//!
//! *closed* lets every call pass and remembers how recent ones ended; *open* refuses until its cool-down is over;
//! *half-open* lets exactly one call pass, the probe, whose end decides. What counts as a failure is the caller's
//! knowledge ([`Outcome`]); it holds no clock, no lock and no vendor.
//!
//! One account's broken record must not shut a vendor off for everybody. Failures therefore carry the subject they are
//! about, and the breaker opens only if several subjects failed *and* the failure ratio holds without the subject that
//! failed most. A failure that is about nobody in particular counts as a subject of its own; a batch's says nothing while
//! traffic flows, because one record may have spoilt it: the single requests that follow it tell. One account has two
//! names, a business id and a Salesforce id, and nothing here knows which belong together: so the names of either kind are
//! counted by themselves, and the worst of both may be the same account. Records by ids of their own, such as invoices,
//! may all be of one account: their failures say nothing either.
//!
//! Nor must it keep a healed vendor shut. Whom a failed probe was about is a *suspect*: calls about others may probe one
//! cool-down before the next about a suspect, and the cool-down only doubles when a second subject's probe fails too.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Most calls remembered; at a higher rate the window is shorter than its time, and as meaningful.
const MOST_SEEN: usize = 1_024;

/// When a breaker opens and how long it stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Share of failed calls at which it opens, in per cent.
    pub failure_percent: u8,
    /// With fewer calls in the window it never opens.
    pub minimum_calls: usize,
    /// Distinct subjects that must have failed.
    pub failing_subjects: usize,
    /// How far back calls count.
    pub window: Duration,
    /// Wait before the first probe; doubles with each failed probe that speaks for the vendor.
    pub cool_down: Duration,
    /// Longest wait between probes.
    pub longest_cool_down: Duration,
}

impl Default for BreakerSettings {
    /// Half of at least ten calls about three subjects within ten seconds; a probe after five seconds, then ten, up to sixty.
    fn default() -> Self {
        Self {
            failure_percent: 50,
            minimum_calls: 10,
            failing_subjects: 3,
            window: Duration::from_secs(10),
            cool_down: Duration::from_secs(5),
            longest_cool_down: Duration::from_secs(60),
        }
    }
}

/// Whom a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The account with this digest of its business id.
    One(u64),
    /// The account with this digest of its Salesforce id: perhaps one that is known by its business id, too.
    Record(u64),
    /// Some account: the record's own name does not tell which.
    SomeOne,
    /// Several accounts, who are asked for one by one if this call fails.
    Several,
    /// Nobody in particular: its failure speaks for the vendor.
    Nobody,
}

impl Subject {
    /// Whether the two are certainly about different accounts.
    fn is_another_than(self, other: Self) -> bool {
        match (self, other) {
            (Self::One(this), Self::One(that)) | (Self::Record(this), Self::Record(that)) => this != that,
            (Self::One(_) | Self::Record(_) | Self::SomeOne | Self::Several | Self::Nobody, _) => false,
        }
    }
}

/// How a call that passed ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The vendor answered; a refusal of the request is an answer too.
    Answered,
    /// Transport error, timeout or 5xx.
    Failed(Subject),
    /// The caller went away before the end was known.
    Abandoned,
}

/// Leave to make one call; given back with its outcome.
#[derive(Debug, PartialEq, Eq)]
pub struct Ticket {
    epoch: u64,
}

/// The verdict on a call.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may be made; [`Breaker::settle`] wants the ticket back.
    Pass(Ticket),
    /// It may not. Asking again earlier than this is useless.
    Refused(Duration),
}

/// What people see of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Traffic flows.
    Closed,
    /// Tripped: calls are refused.
    Open,
    /// On trial: one call is under way.
    HalfOpen,
}

#[derive(Debug)]
enum State {
    Closed,
    Open { until: Instant },
    HalfOpen,
}

#[derive(Debug)]
struct Seen {
    at: Instant,
    failed: Option<Subject>,
}

/// The state machine.
#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: State,
    /// Changes with every change of state: an outcome of an earlier time no longer matters.
    epoch: u64,
    seen: VecDeque<Seen>,
    failures: usize,
    /// Not closed since.
    tripped_at: Option<Instant>,
    cool_down: Duration,
    /// Whom the last failed probes were about: one account at most, by each of its names, and batches. Empty while closed.
    suspects: Vec<Subject>,
}

impl Breaker {
    /// A closed one.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        let cool_down = settings.cool_down;
        Self {
            settings,
            state: State::Closed,
            epoch: 0,
            seen: VecDeque::new(),
            failures: 0,
            tripped_at: None,
            cool_down,
            suspects: Vec::new(),
        }
    }

    /// Other settings from now on; where it stands it stays.
    pub fn replace(&mut self, settings: BreakerSettings) {
        self.settings = settings;
        self.cool_down =
            self.cool_down.clamp(settings.cool_down, settings.longest_cool_down.max(settings.cool_down));
    }

    /// Where it stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.state {
            State::Closed => Phase::Closed,
            State::Open { .. } => Phase::Open,
            State::HalfOpen => Phase::HalfOpen,
        }
    }

    /// Since when it has not been closed; failed probes do not begin this anew.
    #[must_use]
    pub fn tripped_at(&self) -> Option<Instant> {
        self.tripped_at
    }

    /// How long a call about `subject` would be refused now; none if it might pass. Changes nothing.
    #[must_use]
    pub fn refusal(&self, subject: Subject, now: Instant) -> Option<Duration> {
        match self.state {
            State::Closed => None,
            State::Open { until } => {
                let is_suspect = self.suspects.contains(&subject);
                let from = if is_suspect { until + self.cool_down } else { until };
                Some(from.saturating_duration_since(now)).filter(|wait| !wait.is_zero())
            }
            State::HalfOpen => Some(self.settings.cool_down),
        }
    }

    /// Asks for leave to make a call about `subject`.
    pub fn admit(&mut self, subject: Subject, now: Instant) -> Admission {
        if let Some(wait) = self.refusal(subject, now) {
            return Admission::Refused(wait);
        }
        if let State::Open { .. } = self.state {
            self.enter(State::HalfOpen);
        }
        Admission::Pass(Ticket { epoch: self.epoch })
    }

    /// Whether a ticket still means what it did when it was given.
    #[must_use]
    pub fn honours(&self, ticket: &Ticket) -> bool {
        ticket.epoch == self.epoch
    }

    /// Takes note of how a call ended.
    pub fn settle(&mut self, ticket: Ticket, outcome: Outcome, now: Instant) {
        if !self.honours(&ticket) {
            return;
        }
        match (&self.state, outcome) {
            (State::Closed, Outcome::Abandoned | Outcome::Failed(Subject::Several | Subject::SomeOne))
            | (State::Open { .. }, _) => {}
            (State::Closed, Outcome::Answered) => self.note(now, None),
            (State::Closed, Outcome::Failed(subject)) => {
                self.note(now, Some(subject));
                if self.must_open() {
                    self.open(now, self.settings.cool_down);
                }
            }
            (State::HalfOpen, Outcome::Answered) => {
                self.enter(State::Closed);
                self.tripped_at = None;
                self.suspects.clear();
            }
            (State::HalfOpen, Outcome::Failed(subject)) => {
                let cool_down = self.after_failed_probe(subject);
                self.open(now, cool_down);
            }
            // Nothing was learnt: the next call is the probe.
            (State::HalfOpen, Outcome::Abandoned) => self.enter(State::Open { until: now }),
        }
    }

    /// The next cool-down. One account's failure, or a batch's that it may have spoilt, does not lengthen it.
    fn after_failed_probe(&mut self, subject: Subject) -> Duration {
        let speaks_for_vendor = subject == Subject::Nobody
            || self.suspects.iter().any(|suspect| subject.is_another_than(*suspect));
        if speaks_for_vendor {
            self.suspects.clear();
        }
        if subject != Subject::Nobody && !self.suspects.contains(&subject) {
            self.suspects.push(subject);
        }
        if !speaks_for_vendor {
            return self.cool_down;
        }
        let longer = self.cool_down.saturating_mul(2).min(self.settings.longest_cool_down);
        longer.max(self.settings.cool_down)
    }

    fn open(&mut self, now: Instant, cool_down: Duration) {
        self.cool_down = cool_down;
        self.tripped_at.get_or_insert(now);
        self.enter(State::Open { until: now + cool_down });
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
        self.seen.clear();
        self.failures = 0;
    }

    fn note(&mut self, now: Instant, failed: Option<Subject>) {
        self.failures += usize::from(failed.is_some());
        self.seen.push_back(Seen { at: now, failed });
        while let Some(oldest) = self.seen.front() {
            let is_old = now.saturating_duration_since(oldest.at) >= self.settings.window;
            if !is_old && self.seen.len() <= MOST_SEEN {
                break;
            }
            self.failures -= usize::from(oldest.failed.is_some());
            self.seen.pop_front();
        }
    }

    fn must_open(&self) -> bool {
        let calls = self.seen.len();
        if calls < self.settings.minimum_calls || !self.is_too_much(self.failures, calls) {
            return false;
        }
        let [mut accounts, mut records]: [HashMap<u64, usize>; 2] = [HashMap::new(), HashMap::new()];
        let mut nobodys = 0;
        for failed in self.seen.iter().filter_map(|seen| seen.failed) {
            match failed {
                Subject::One(account) => *accounts.entry(account).or_default() += 1,
                Subject::Record(record) => *records.entry(record).or_default() += 1,
                // Of some account or several: never noted.
                Subject::SomeOne | Subject::Several | Subject::Nobody => nobodys += 1,
            }
        }
        let worst = |named: &HashMap<u64, usize>| named.values().copied().max().unwrap_or(0);
        let worst = worst(&accounts) + worst(&records);
        accounts.len().max(records.len()) + nobodys >= self.settings.failing_subjects.max(1)
            && self.is_too_much(self.failures - worst, calls - worst)
    }

    fn is_too_much(&self, failures: usize, calls: usize) -> bool {
        failures > 0 && failures * 100 >= calls * usize::from(self.settings.failure_percent)
    }
}

#[cfg(test)]
mod tests;
