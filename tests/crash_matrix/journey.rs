//! One case from its webhook to its verdict: deliver, crash, restart, deliver again as a sender would, decide if the
//! path asks for it, let everything come to rest, look. People and senders repeat what was not answered.

use crate::case::{Case, Path as CasePath};
use crate::disturbance::Disturbance;
use crate::house::{Ground, House};
use crate::service::{Answer, Crash, Event, SIGKILL, Service};
use crate::verdict::{self, Found, Verdict};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

/// A sender gives up after so many attempts.
const ATTEMPTS: u32 = 12;
/// How long a delivery waits for the run to rest.
const WAIT: Duration = Duration::from_secs(20);
/// Between two looks or attempts.
const PAUSE: Duration = Duration::from_millis(20);
/// Looks at a run before it counts as stuck.
const LOOKS: u32 = 1_000;

/// How a case ended.
#[derive(Debug)]
pub enum End {
    /// As it must.
    Sound {
        /// Whether the place was reached.
        crashed: bool,
        /// Messages whose fate a person must settle.
        unknown: usize,
    },
    /// What is wrong.
    Wrong(Vec<String>),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sound { crashed: true, unknown } => write!(f, "sound after the crash, {unknown} unknown"),
            Self::Sound { crashed: false, unknown } => {
                write!(f, "sound; the place was not reached, {unknown} unknown")
            }
            Self::Wrong(problems) => write!(f, "WRONG\n  {}", problems.join("\n  ")),
        }
    }
}

/// What becomes of the case's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// It goes.
    Removed,
    /// It stays, and its place is said.
    Kept,
}

/// Lives through a case.
pub async fn travel(ground: &Ground, case: &Case, folder: Folder) -> Result<End> {
    let house = House::open(ground, case).await?;
    let mut journey = Journey::begin(&house, case).await?;
    let found = journey.walk().await;
    let end = match found {
        Ok(found) => verdict::of(&house, case, &found),
        Err(error) => Verdict { problems: vec![format!("{error:#}")], unknown: 0 },
    };
    let crashes = journey.crashes;
    drop(journey);
    if folder == Folder::Kept {
        eprintln!("{}", house.keep().display());
    }
    Ok(match end.problems.is_empty() {
        true => End::Sound { crashed: crashes > 0, unknown: end.unknown },
        false => End::Wrong(end.problems),
    })
}

/// The places a path passes when nothing goes wrong, each with how often, in the order first reached.
pub async fn places(ground: &Ground, account: &str, path: CasePath) -> Result<Vec<(String, usize)>> {
    let case = Case { account: account.to_owned(), path, place: "nowhere#1".to_owned(), seed: 0 };
    let house = House::open(ground, &case).await?;
    Journey::begin(&house, &case).await?.walk().await?;
    let mut counted: Vec<(String, usize)> = Vec::new();
    for place in std::fs::read_to_string(house.folder().join("places"))?.lines() {
        match counted.iter_mut().find(|(name, _)| name == place) {
            Some((_, times)) => *times += 1,
            None => counted.push((place.to_owned(), 1)),
        }
    }
    let calls = usize::try_from(house.calls().total())?;
    counted.push((SIGKILL.to_owned(), calls));
    Ok(counted)
}

struct Journey<'a> {
    house: &'a House<'a>,
    case: &'a Case,
    service: Service,
    crashes: u32,
    clock_step_s: i64,
}

impl<'a> Journey<'a> {
    async fn begin(house: &'a House<'a>, case: &'a Case) -> Result<Self> {
        let service = Service::start(house, &Crash::at(&case.place), 0).await?;
        Ok(Self { house, case, service, crashes: 0, clock_step_s: 0 })
    }

    async fn walk(&mut self) -> Result<Found> {
        let first = self.event("event-1", "crash-1");
        match self.case.disturbance() {
            Disturbance::Duplicate => self.deliver_twice(&first).await?,
            Disturbance::Reorder => {
                let later = self.event("event-2", "crash-2");
                self.deliver(&later).await?;
                self.deliver(&first).await?;
            }
            Disturbance::Nothing
            | Disturbance::Vendor(..)
            | Disturbance::ClockStep(_)
            | Disturbance::SecondCrash => self.deliver(&first).await?,
        }
        match self.case.path {
            CasePath::Deliver => {}
            CasePath::Approve => self.decide("approve").await?,
            CasePath::Reject => self.decide("reject").await?,
        }
        self.runs_at_rest().await?;
        self.house.heal();
        let mut found = self.look().await?;
        self.service.stop().await?;
        // Only now can nothing be sent between the look at the outbox and the one at the ledger.
        found.outbox = self.outbox_delivered().await?;
        found.audit = self.house.json(&["audit", "verify", "--json"], self.clock_step_s).await?;
        Ok(found)
    }

    /// The outbox, after what waits for its next attempt has had it before its time.
    async fn outbox_delivered(&self) -> Result<Vec<Value>> {
        let messages = self.outbox().await?;
        let ids: Vec<&str> = messages
            .iter()
            .filter(|message| message["state"] == "queued")
            .filter_map(|message| message["message_id"].as_str())
            .collect();
        if ids.is_empty() {
            return Ok(messages);
        }
        let arguments = [&["outbox", "retry"][..], &ids, &["--json"]].concat();
        self.house.json(&arguments, self.clock_step_s).await?;
        self.outbox().await
    }

    async fn outbox(&self) -> Result<Vec<Value>> {
        let listed = self.house.json(&["outbox", "list", "--json"], self.clock_step_s).await?;
        Ok(listed["messages"].as_array().cloned().unwrap_or_default())
    }

    /// What the service says of itself.
    async fn look(&mut self) -> Result<Found> {
        let mut found = Found::default();
        for run in self.read("/api/runs", "runs").await? {
            let id = run["run_id"].as_str().context("a run without id")?;
            found.runs.push(self.whole(&format!("/api/runs/{id}")).await?["run"].take());
        }
        found.tenants = self.read("/api/tenants", "tenants").await?.len();
        found.tasks = self.read("/api/tasks", "tasks").await?.len();
        Ok(found)
    }

    /// A list of the API.
    async fn read(&mut self, path: &str, list: &str) -> Result<Vec<Value>> {
        match self.whole(path).await?[list].take() {
            Value::Array(items) => Ok(items),
            other => bail!("{path} answered {list}: {other}"),
        }
    }

    /// What the API answers, from a service that lives.
    async fn whole(&mut self, path: &str) -> Result<Value> {
        for _ in 0..ATTEMPTS {
            match self.service.read(self.house, path).await {
                Answer::Taken(value) => return Ok(value),
                Answer::Silence => self.revive().await?,
                Answer::Refused(status, why) => bail!("{path} was refused with {status}: {why}"),
            }
        }
        bail!("{path} was not answered in {ATTEMPTS} attempts")
    }

    fn event(&self, id: &'static str, correlation: &'static str) -> Event {
        Event { id, correlation, account: self.case.account.clone() }
    }

    /// As a sender does it: again until it is taken.
    async fn deliver(&mut self, event: &Event) -> Result<()> {
        for _ in 0..ATTEMPTS {
            match self.service.deliver(self.house, event, WAIT).await {
                Answer::Taken(_) => return Ok(()),
                Answer::Silence => self.revive().await?,
                Answer::Refused(429 | 503, _) => tokio::time::sleep(PAUSE).await,
                Answer::Refused(404, _) if verdict::is_nobody(&self.case.account) => return Ok(()),
                Answer::Refused(status, why) => bail!("the webhook was refused with {status}: {why}"),
            }
        }
        bail!("the webhook was not taken in {ATTEMPTS} attempts")
    }

    async fn deliver_twice(&mut self, event: &Event) -> Result<()> {
        let (one, other) = tokio::join!(
            self.service.deliver(self.house, event, WAIT),
            self.service.deliver(self.house, event, WAIT)
        );
        if matches!((&one, &other), (Answer::Taken(_), Answer::Taken(_))) {
            return Ok(());
        }
        self.deliver(event).await?;
        self.deliver(event).await
    }

    /// Starts the service again after it died; the disturbance may have to do with how.
    async fn revive(&mut self) -> Result<()> {
        self.service.died().await?;
        self.crashes += 1;
        let crash = match self.case.disturbance() {
            Disturbance::SecondCrash if self.crashes == 1 => Crash::at(&self.case.place),
            Disturbance::ClockStep(step_s) => {
                self.clock_step_s = step_s;
                Crash::Never
            }
            Disturbance::SecondCrash
            | Disturbance::Nothing
            | Disturbance::Vendor(..)
            | Disturbance::Duplicate
            | Disturbance::Reorder => Crash::Never,
        };
        self.service = Service::start(self.house, &crash, self.clock_step_s).await?;
        Ok(())
    }

    /// Somebody decides on whatever waits, again until nothing waits any more.
    async fn decide(&mut self, verdict: &str) -> Result<()> {
        let wanted = json!({"verdict": verdict, "reason": "looked at it"});
        for _ in 0..ATTEMPTS {
            self.runs_at_rest().await?;
            let waiting = self.read("/api/approvals?state=pending", "approvals").await?;
            if waiting.is_empty() {
                return Ok(());
            }
            for approval in waiting {
                let id = approval["approval_id"].as_str().context("an approval without id")?;
                match self.service.ask(self.house, &format!("/api/approvals/{id}/decision"), &wanted).await {
                    // A conflict: the answer to an earlier attempt was lost, or it ran out meanwhile.
                    Answer::Taken(_) | Answer::Refused(409 | 503, _) => {}
                    Answer::Silence => self.revive().await?,
                    Answer::Refused(status, why) => bail!("{verdict} was refused with {status}: {why}"),
                }
            }
        }
        bail!("an approval still waits after {ATTEMPTS} decisions")
    }

    /// Until no run moves any more: each is done, blocked, parked, or waits for a person.
    async fn runs_at_rest(&mut self) -> Result<()> {
        for _ in 0..LOOKS {
            let runs = self.read("/api/runs", "runs").await?;
            let waiting = self.read("/api/approvals?state=pending", "approvals").await?.len();
            let moves = |run: &Value| match run["state"].as_str() {
                Some("completed" | "blocked" | "parked") => false,
                // Decided, and not gone on yet.
                Some("awaiting_approval") => waiting == 0,
                _ => true,
            };
            if !runs.is_empty() && !runs.iter().any(moves) {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("a run is stuck: it neither ends nor says why")
    }
}
