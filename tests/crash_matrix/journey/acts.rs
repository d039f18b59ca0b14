//! What is done to the service from outside, as senders and people do it: again until it is taken.

use super::{ATTEMPTS, Journey, LOOKS, PAUSE};
use crate::case::Path as CasePath;
use crate::service::{Answer, Event};
use crate::vendors::Envelope;
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a delivery waits for the run to rest.
const WAIT: Duration = Duration::from_secs(20);
/// What DocuSign tells once an envelope is signed: a word for the last signatory, then one for the whole.
const SIGNED: [(&str, &str); 4] = [
    ("envelope-completed", "2026-03-02T09:00:00Z"),
    ("recipient-completed", "2026-03-02T09:00:01Z"),
    ("recipient-completed", "2026-03-02T09:00:02Z"),
    ("recipient-completed", "2026-03-02T09:00:03Z"),
];
/// In the log of places once for every look of the contract agent that came to its end.
const LOOKED: &str = "schedule.ended:contracts";

/// How somebody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Yes, over the HTTP API.
    Approve,
    /// No, over the HTTP API.
    Reject,
    /// Yes, with the button in Slack.
    Press,
}

impl Journey<'_> {
    pub(super) fn event(&self, number: u8) -> Event {
        Event { number, account: self.case.account.clone() }
    }

    /// As a sender does it: again until it is taken.
    pub(super) async fn deliver(&mut self, event: &Event) -> Result<()> {
        for _ in 0..ATTEMPTS {
            match self.delivered(event).await? {
                Answer::Taken(_) => return Ok(()),
                Answer::Silence => self.revive().await?,
                Answer::Refused(429 | 503, _) => tokio::time::sleep(PAUSE).await,
                Answer::Refused(404, _) if self.case.is_of_nobody() => return Ok(()),
                Answer::Refused(status, why) => bail!("the webhook was refused with {status}: {why}"),
            }
        }
        bail!("the webhook was not taken in {ATTEMPTS} attempts")
    }

    pub(super) async fn deliver_twice(&mut self, event: &Event) -> Result<()> {
        let (one, other) = tokio::join!(self.delivered(event), self.delivered(event));
        if matches!((one?, other?), (Answer::Taken(_), Answer::Taken(_))) {
            return Ok(());
        }
        self.deliver(event).await?;
        self.deliver(event).await
    }

    async fn delivered(&self, event: &Event) -> Result<Answer> {
        match self.case.path {
            CasePath::Message => self.service.deliver_message(self.house, event).await,
            CasePath::Deliver | CasePath::Approve | CasePath::Reject | CasePath::Press | CasePath::Sign => {
                Ok(self.service.deliver(self.house, event, WAIT).await)
            }
        }
    }

    /// Somebody decides on whatever waits, again until nothing waits any more.
    pub(super) async fn decide(&mut self, decision: Decision) -> Result<()> {
        for _ in 0..ATTEMPTS {
            self.runs_at_rest().await?;
            let waiting = self.read("/api/approvals?state=pending", "approvals").await?;
            if waiting.is_empty() {
                return Ok(());
            }
            for approval in waiting {
                let id = approval["approval_id"].as_str().context("an approval without id")?;
                match self.decided(id, decision).await? {
                    // A conflict: the answer to an earlier attempt was lost, or it ran out meanwhile.
                    Answer::Taken(_) | Answer::Refused(409 | 503, _) => {}
                    Answer::Silence => self.revive().await?,
                    Answer::Refused(status, why) => {
                        bail!("{decision:?} was refused with {status}: {why}")
                    }
                }
            }
        }
        bail!("an approval still waits after {ATTEMPTS} decisions")
    }

    async fn decided(&self, id: &str, decision: Decision) -> Result<Answer> {
        let verdict = match decision {
            Decision::Approve => "approve",
            Decision::Reject => "reject",
            Decision::Press => {
                let Some(url) = self.service.url("/webhook/slack") else { return Ok(Answer::Silence) };
                match self.house.press(&url, id, self.clock_step_s).await? {
                    Some(answer) => return Ok(answer),
                    // The message was lost on its way: who has no button goes another way.
                    None => "approve",
                }
            }
        };
        let wanted = json!({"verdict": verdict, "reason": "looked at it"});
        Ok(self.service.ask(self.house, &format!("/api/approvals/{id}/decision"), &wanted).await)
    }

    /// The first of two signatories signs, so the other is reminded; then the contract is executed. DocuSign tells of
    /// both; whoever was blocked on the contract goes on.
    pub(super) async fn sign(&mut self) -> Result<()> {
        self.runs_at_rest().await?;
        if !self.is_blocked_on_contract().await? {
            // What hid the contract has blocked the run, and DocuSign's word changes nothing about that.
            return Ok(());
        }
        self.tell(("recipient-completed", "2026-03-01T09:00:00Z")).await?;
        self.house.put_envelope(&self.case.account, Envelope::IsSigned).await?;
        // One word must be enough, unless a vendor's fault hides the contract from the look it leads to.
        let words = if self.case.disturbance().hides_facts() { SIGNED.len() } else { 1 };
        for word in SIGNED.into_iter().take(words) {
            self.tell(word).await?;
            self.runs_at_rest().await?;
            let runs = self.read("/api/runs", "runs").await?;
            if runs.iter().any(|run| run["state"] != "blocked") {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn is_blocked_on_contract(&mut self) -> Result<bool> {
        let runs = self.records().await?;
        Ok(runs.iter().any(|run| {
            let violations = run["decision"]["violations"].as_array().map_or(&[][..], Vec::as_slice);
            violations.iter().any(|found| found["rule"] == "CON-002")
        }))
    }

    /// DocuSign tells of an event, and the contract agent has looked.
    async fn tell(&mut self, event: (&str, &str)) -> Result<()> {
        let (before, crashes, last) = (self.looks_so_far(), self.crashes, self.last_look().await?);
        self.told(event).await?;
        for _ in 0..LOOKS {
            if self.looks_so_far() > before {
                return Ok(());
            }
            // Brings the service back when it dies over the look.
            self.read("/api/runs", "runs").await?;
            // It may have died between the commit of a look's end and its line in the log.
            if self.crashes > crashes && self.last_look().await? != last {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("DocuSign's word was taken, and the contract agent did not look")
    }

    async fn told(&mut self, event: (&str, &str)) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let heard = match self.service.url("/webhook/docusign") {
                Some(url) => self.house.tell(&url, &self.case.account, event).await?,
                None => Answer::Silence,
            };
            match heard {
                Answer::Taken(_) => return Ok(()),
                Answer::Silence => self.revive().await?,
                Answer::Refused(429 | 503, _) => tokio::time::sleep(PAUSE).await,
                Answer::Refused(status, why) => bail!("DocuSign was refused with {status}: {why}"),
            }
        }
        bail!("DocuSign was not heard in {ATTEMPTS} attempts")
    }

    /// How the contract agent's last look ended, as the schedule keeps it.
    async fn last_look(&self) -> Result<Value> {
        let mut told = self.house.json(&["schedule", "list", "--json"], self.clock_step_s).await?;
        let jobs = told["jobs"].as_array_mut().context("the schedule has no jobs")?;
        let contracts = jobs.iter_mut().find(|job| job["job"] == "contracts");
        Ok(contracts.context("the schedule has no contracts job")?["last"].take())
    }

    fn looks_so_far(&self) -> usize {
        let places = std::fs::read_to_string(self.house.folder().join("places")).unwrap_or_default();
        places.lines().filter(|place| *place == LOOKED).count()
    }
}
