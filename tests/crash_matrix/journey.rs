//! One case from its webhook to its verdict: deliver, crash, restart, deliver again as a sender would, decide if the
//! path asks for it, let everything come to rest, look. People and senders repeat what was not answered.

mod acts;

use crate::case::{Case, Path as CasePath};
use crate::disturbance::Disturbance;
use crate::house::{Ground, House, Jobs};
use crate::service::{Answer, Crash, SIGKILL, Service};
use crate::verdict::{self, Found, Verdict};
use acts::Decision;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// A sender gives up after so many attempts.
const ATTEMPTS: u32 = 12;
/// Between two looks or attempts.
const PAUSE: Duration = Duration::from_millis(20);
/// After this Slack's history counts: what it does not show did not arrive.
const GRACE_S: i64 = 600;
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
    let house = House::open(ground, case, Jobs::WhenDue).await?;
    let mut journey = Journey::begin(&house, case).await?;
    let found = journey.walk().await;
    let crashes = journey.crashes;
    let mut end = match found {
        Ok(found) => verdict::of(&house, case, &Found { crashes, ..found }),
        Err(error) => Verdict { problems: vec![format!("{error:#}")], unknown: 0 },
    };
    if case.is_plain() && crashes == 0 {
        end.problems.push("the place was not reached, though nothing else went wrong".to_owned());
    }
    drop(journey);
    if folder == Folder::Kept {
        eprintln!("{}", house.keep().display());
    }
    Ok(match end.problems.is_empty() {
        true => End::Sound { crashed: crashes > 0, unknown: end.unknown },
        false => End::Wrong(end.problems),
    })
}

/// The places a path passes without a crash, each with how often, in the order first reached. `seed` draws what goes
/// wrong meanwhile; 0 is nothing.
pub async fn places(
    ground: &Ground,
    account: &str,
    path: CasePath,
    seed: u64,
) -> Result<Vec<(String, usize)>> {
    let case = Case { account: account.to_owned(), path, place: "nowhere#1".to_owned(), seed };
    let house = House::open(ground, &case, Jobs::WhenAsked).await?;
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
        let first = self.event(1);
        match self.case.disturbance() {
            Disturbance::Duplicate => self.deliver_twice(&first).await?,
            Disturbance::Reorder => {
                let later = self.event(2);
                self.deliver(&later).await?;
                self.deliver(&first).await?;
            }
            Disturbance::Nothing
            | Disturbance::Vendor(..)
            | Disturbance::ClockStep(_)
            | Disturbance::SecondCrash => self.deliver(&first).await?,
        }
        match self.case.path {
            CasePath::Deliver | CasePath::Message => {}
            CasePath::Approve => self.decide(Decision::Approve).await?,
            CasePath::Reject => self.decide(Decision::Reject).await?,
            CasePath::Press => self.decide(Decision::Press).await?,
            CasePath::Sign => self.sign().await?,
        }
        self.runs_at_rest().await?;
        self.house.heal();
        let mut found = self.look().await?;
        self.service.stop().await?;
        // Only now can nothing be sent between the look at the outbox and the one at the ledger.
        found.outbox = self.outbox_delivered().await?;
        found.tasks = self.listed("tasks", "tasks").await?;
        found.audit = self.house.json(&["audit", "verify", "--json"], self.clock_step_s).await?;
        Ok(found)
    }

    /// The outbox, after what waits for its next attempt has had it before its time, and Slack was asked for what is in
    /// doubt.
    async fn outbox_delivered(&self) -> Result<Vec<Value>> {
        let messages = self.listed("outbox", "messages").await?;
        let ids: Vec<&str> = messages
            .iter()
            .filter(|message| message["state"] == "queued")
            .filter_map(|message| message["message_id"].as_str())
            .collect();
        let is_doubtful = |message: &Value| message["state"] == "unknown" && message["channel"] == "slack";
        if ids.is_empty() && !messages.iter().any(is_doubtful) {
            return Ok(messages);
        }
        let arguments = [&["outbox", "retry"][..], &ids, &["--json"]].concat();
        let since_s = if messages.iter().any(is_doubtful) { GRACE_S } else { 0 };
        self.house.json(&arguments, self.clock_step_s + since_s).await?;
        self.listed("outbox", "messages").await
    }

    /// What a command lists.
    async fn listed(&self, of: &str, list: &str) -> Result<Vec<Value>> {
        let listed = self.house.json(&[of, "list", "--json"], self.clock_step_s).await?;
        Ok(listed[list].as_array().cloned().unwrap_or_default())
    }

    /// What the service says of itself.
    async fn look(&mut self) -> Result<Found> {
        Ok(Found {
            runs: self.records().await?,
            tenants: self.read("/api/tenants", "tenants").await?.len(),
            ..Found::default()
        })
    }

    /// Every run's record.
    async fn records(&mut self) -> Result<Vec<Value>> {
        let mut records = Vec::new();
        for run in self.read("/api/runs?order=oldest", "runs").await? {
            let id = run["run_id"].as_str().context("a run without id")?;
            records.push(self.whole(&format!("/api/runs/{id}")).await?["run"].take());
        }
        Ok(records)
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
            let are_there = !runs.is_empty() || self.case.is_of_nobody();
            if are_there && !runs.iter().any(moves) {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("a run is stuck: it neither ends nor says why")
    }
}
