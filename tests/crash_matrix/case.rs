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
}

impl Path {
    /// Every path.
    pub const ALL: [Self; 3] = [Self::Deliver, Self::Approve, Self::Reject];

    /// Its name within a case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Approve => "approve",
            Self::Reject => "reject",
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
    /// What else goes wrong.
    pub fn disturbance(&self) -> Disturbance {
        Disturbance::drawn(self.seed)
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
        let wrong = || format!("{text:?} is no case; one is ACCOUNT/deliver|approve|reject/PLACE#N/SEED");
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
