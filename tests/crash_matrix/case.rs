//! One case: which account takes which path, where the service is killed, and the seed of what else goes wrong.
//! Its text is its name: it says everything needed to repeat it.

use crate::disturbance::Disturbance;
use std::fmt;
use std::str::FromStr;

/// What is done with the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// A webhook arrives; the run goes as far as it goes by itself.
    Deliver,
    /// Then somebody approves.
    Approve,
    /// Then somebody rejects.
    Reject,
    /// Then somebody approves with the button in Slack.
    Press,
    /// The contract is unsigned, so the run is blocked; then it is signed, and DocuSign says so.
    Sign,
    /// Not a webhook but an Outbound Message of Salesforce arrives.
    Message,
}

impl Path {
    /// Every path.
    pub const ALL: [Self; 6] =
        [Self::Deliver, Self::Approve, Self::Reject, Self::Press, Self::Sign, Self::Message];

    /// Those worth taking with an account that is to get this decision. One account each stands for the ways in and out
    /// that do not depend on what is wrong with it.
    pub fn of(account: &str, expected: &str) -> Vec<Self> {
        let by_decision: &[Self] = match expected {
            "ESCALATE" => &[Self::Deliver, Self::Approve, Self::Reject],
            _ => &[Self::Deliver],
        };
        let by_account = match account {
            "GAMMA-003" => Some(Self::Press),
            "ACME-001" => Some(Self::Sign),
            "STARTER-007" => Some(Self::Message),
            _ => None,
        };
        by_decision.iter().copied().chain(by_account).collect()
    }

    /// Its name within a case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Press => "press",
            Self::Sign => "sign",
            Self::Message => "message",
        }
    }
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// A demo account.
    pub account: String,
    /// What is done with it.
    pub path: Path,
    /// Where the service is killed, with the occurrence: `step.effect:assess#1`.
    pub place: String,
    /// Of what else goes wrong.
    pub seed: u64,
}

impl Case {
    /// Whether no system knows the account: its events are turned away at the door, unless Salesforce cannot be asked.
    pub fn is_of_nobody(&self) -> bool {
        self.account == "MISSING-999"
    }

    /// What else goes wrong.
    pub fn disturbance(&self) -> Disturbance {
        Disturbance::drawn(self.seed)
    }

    /// Whether nothing but the crash happens, at a place that is then passed for certain.
    pub fn is_plain(&self) -> bool {
        self.disturbance() == Disturbance::Nothing && self.place.ends_with("#1") && !self.is_of_the_clock()
    }

    /// Whether the place belongs to a job that is due by the time of day: a case may be over before.
    pub fn is_of_the_clock(&self) -> bool {
        self.place.starts_with("schedule.") && !self.place.contains(":contracts#")
    }

    /// The case without occurrence and seed: what at least one of its cases must reach.
    pub fn spot(&self) -> String {
        let place = self.place.rsplit_once('#').map_or(self.place.as_str(), |(place, _)| place);
        format!("{}/{}/{place}", self.account, self.path.name())
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.account, self.path.name(), self.place, self.seed)
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no case; one is ACCOUNT/deliver|approve|reject|press|sign|message/PLACE#N/SEED"
            )
        };
        let (head, seed) = text.rsplit_once('/').ok_or_else(wrong)?;
        let mut parts = head.splitn(3, '/');
        let (Some(account), Some(path), Some(place)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let path = Path::ALL.into_iter().find(|known| known.name() == path).ok_or_else(wrong)?;
        let seed = seed.parse().map_err(|_| wrong())?;
        Ok(Self { account: account.to_owned(), path, place: place.to_owned(), seed })
    }
}
