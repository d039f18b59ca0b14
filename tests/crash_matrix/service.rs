//! `gangway serve` as a process that may die at any moment, and what is sent to it.

use crate::house::{House, SECRET};
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gangway_simulator::CallLog;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

/// Longest time a service may take to answer or to end before the case counts as stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the service is killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Crash {
    /// Nowhere.
    Never,
    /// At this place and occurrence, by itself.
    At(String),
    /// From outside, by SIGKILL, once the vendors have seen so many calls.
    KilledAfter(u64),
}

/// Starts the name of the places where the kill comes from outside.
pub const SIGKILL: &str = "sigkill";

impl Crash {
    /// The crash at a case's place.
    pub fn at(place: &str) -> Self {
        let calls = place.strip_prefix(SIGKILL).and_then(|rest| rest.strip_prefix('#')?.parse().ok());
        calls.map_or_else(|| Self::At(place.to_owned()), Self::KilledAfter)
    }
}

/// A running service.
pub struct Service {
    child: Child,
    /// Where it answers; none when it died before it could say so.
    base_url: Option<String>,
    /// Senders' clocks step with the service's, or nothing would be taken.
    clock_step_s: i64,
}

/// Something that happened in Salesforce.
#[derive(Debug, Clone)]
pub struct Event {
    /// The same for every attempt to deliver it.
    pub number: u8,
    /// The account.
    pub account: String,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Taken, with this body.
    Taken(Value),
    /// Refused, with this status and body.
    Refused(u16, String),
    /// Nobody answered.
    Silence,
}

impl Service {
    /// Starts one; it may die at once.
    pub async fn start(house: &House<'_>, crash: &Crash, clock_step_s: i64) -> Result<Self> {
        let mut command = house.command(&["serve", "--listen", "127.0.0.1:0"], clock_step_s);
        match crash {
            Crash::Never | Crash::KilledAfter(_) => {}
            Crash::At(place) => {
                command.env("GANGWAY_CRASH_AT", place);
            }
        }
        command.env("GANGWAY_CRASH_LOG", house.folder().join("places"));
        let log = std::fs::OpenOptions::new().create(true).append(true).open(house.folder().join("log"))?;
        let mut child =
            command.stdout(Stdio::piped()).stderr(log).spawn().context("the service cannot be started")?;
        let stdout = child.stdout.take().context("the service has no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(PATIENCE, lines.next_line())
            .await
            .context("the service does not start")??;
        // What it prints later is read by nobody, but must not block it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        if let (Crash::KilledAfter(calls), Some(pid)) = (crash, child.id()) {
            tokio::spawn(kill_after(house.calls(), *calls, pid));
        }
        let base_url = first.filter(|line| line.starts_with("http"));
        Ok(Self { child, base_url, clock_step_s })
    }

    /// Waits until the process has ended by itself.
    pub async fn died(&mut self) -> Result<()> {
        tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .context("the service neither answers nor ends")??;
        Ok(())
    }

    /// Asks it to end, as an operator would.
    pub async fn stop(&mut self) -> Result<()> {
        if let Some(pid) = self.child.id() {
            tokio::process::Command::new("kill").arg(pid.to_string()).status().await?;
        }
        self.died().await
    }

    /// Reads from the HTTP API.
    pub async fn read(&self, house: &House<'_>, path: &str) -> Answer {
        let Some(base_url) = &self.base_url else { return Answer::Silence };
        answer(house.http().get(format!("{base_url}{path}")).bearer_auth(house.key())).await
    }

    /// Asks the HTTP API for a change.
    pub async fn ask(&self, house: &House<'_>, path: &str, body: &Value) -> Answer {
        let Some(base_url) = &self.base_url else { return Answer::Silence };
        answer(house.http().post(format!("{base_url}{path}")).bearer_auth(house.key()).json(body)).await
    }

    /// A page of it; none when it died before it could say where it is.
    pub fn url(&self, page: &str) -> Option<String> {
        self.base_url.as_ref().map(|base_url| format!("{base_url}{page}"))
    }

    /// Delivers an event as an Outbound Message.
    pub async fn deliver_message(&self, house: &House<'_>, event: &Event) -> Result<Answer> {
        let Some(url) = self.url("/webhook/salesforce") else { return Ok(Answer::Silence) };
        let body = house.won(&event.account, event.number).await?;
        let request = house.http().post(url).header("content-type", "text/xml; charset=utf-8").body(body);
        Ok(match answer(request).await {
            // Whatever else is answered, Salesforce sends again.
            Answer::Taken(Value::String(text)) if !text.contains("<Ack>true</Ack>") => {
                Answer::Refused(200, text)
            }
            answered => answered,
        })
    }

    /// Delivers an event, signed, and waits at most so long for the run to rest.
    pub async fn deliver(&self, house: &House<'_>, event: &Event, wait: Duration) -> Answer {
        let Some(base_url) = &self.base_url else { return Answer::Silence };
        let (id, correlation) = (format!("event-{}", event.number), format!("crash-{}", event.number));
        let body = json!({"account_id": event.account, "correlation_id": correlation}).to_string();
        let timestamp = (jiff::Timestamp::now().as_second() + self.clock_step_s).to_string();
        let request = house
            .http()
            .post(format!("{base_url}/webhook/onboarding?wait={}", wait.as_secs()))
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", &timestamp)
            .header("webhook-signature", signature(&id, &timestamp, &body))
            .body(body);
        answer(request).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let Ok(answer) = request.timeout(PATIENCE).send().await else { return Answer::Silence };
    let status = answer.status();
    let Ok(text) = answer.text().await else { return Answer::Silence };
    match status.is_success() {
        true => Answer::Taken(serde_json::from_str(&text).unwrap_or(Value::String(text))),
        false => Answer::Refused(status.as_u16(), text),
    }
}

/// Asks often: the kill is to fall into the middle of something.
async fn kill_after(calls: CallLog, wanted: u64, pid: u32) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while calls.total() < wanted {
        if tokio::time::Instant::now() > deadline {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // One that is gone already is as good as killed.
    let _ = tokio::process::Command::new("kill").args(["-9", &pid.to_string()]).status().await;
}

/// Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`.
fn signature(id: &str, timestamp: &str, body: &str) -> String {
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap_or_default();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}
