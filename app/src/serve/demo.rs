//! The demo's endpoints and its webhook secret: there only while the vendors are simulated.
//!
//! Random errors are faults of the simulator, planned over its control API; the simulator itself decides which call they hit.
//! Switching them changes what the vendors do, so it is on record as a change of the configuration, before and after.

use super::accept::OnPage;
use super::{Problem, Service};
use crate::keys;
use anyhow::Result;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::future::join_all;
use gangway_coordinator::summary_of;
use gangway_intake::Object;
use gangway_protocol::audit::{AuditMoment, AuditRecord, CallEnd};
use gangway_protocol::run::{RunRequest, Trigger};
use gangway_protocol::{AccountId, Actor, CorrelationId, RunRecord};
use gangway_simulator::{Fault, FaultKind, Vendor, demo_accounts};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use uuid::Uuid;

/// Longest wait for the runs; what is not done by then goes on, and is shown as it stands.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// More would leave nothing of the demo.
const HIGHEST_RATE: f64 = 0.5;
const USUAL_RATE: f64 = 0.2;
/// Whoever uses the demo's controls: they are open to everybody on this machine. Another name than that of the demo's key,
/// whose person may then decide on what was asked for here.
const ANYBODY: &str = "demo controls";

fn anybody() -> Actor {
    Actor::nobody(ANYBODY)
}
/// The name of the act in the audit.
const ACT: &str = "demo.random_errors";

/// The demo's controls.
pub struct Demo {
    http: reqwest::Client,
    /// The simulator's faults, under its control API.
    faults_url: String,
    errors: Mutex<Option<RandomErrors>>,
}

/// Random errors in force.
#[derive(Debug, Clone, Serialize)]
struct RandomErrors {
    rate: f64,
    seed: u64,
    #[serde(skip)]
    faults: Vec<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    rate: Option<f64>,
    seed: Option<u64>,
}

/// The endpoints.
pub fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/demo/run/{account_id}", post(run_one))
        .route("/demo/run-all", post(run_all))
        .route("/demo/enable-random-errors", post(enable_errors))
        .route("/demo/disable-random-errors", post(disable_errors))
        .route("/demo/error-simulator-status", get(status))
}

/// The secret of a demo's webhooks, kept in the data folder.
pub fn webhook_secret(data_dir: &FilePath) -> Result<SecretString> {
    keys::webhook_secret(data_dir)
}

/// Shell lines that send a signed event. The secret stays in its file; the time is the shell's, so the lines can be used
/// again and again.
pub fn invitation(addr: SocketAddr, data_dir: &FilePath) -> String {
    let secret = std::path::absolute(keys::webhook_secret_file(data_dir))
        .unwrap_or_else(|_| keys::webhook_secret_file(data_dir));
    let secret = secret.display().to_string().replace('\'', r"'\''");
    format!(
        r#"
The vendors are simulated. Send a signed event, as a CRM would:

  BODY='{{"account_id":"GAMMA-003"}}'; ID=msg_$$_$(date +%s); TIME=$(date +%s)
  KEY=$(cut -c7- '{secret}' | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
  SIGNATURE=$(printf '%s.%s.%s' "$ID" "$TIME" "$BODY" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$KEY" -binary | openssl base64 -A)
  curl -sS 'http://{addr}/webhook/onboarding?wait=30' -H 'content-type: application/json' -H "webhook-id: $ID" -H "webhook-timestamp: $TIME" -H "webhook-signature: v1,$SIGNATURE" -d "$BODY"
"#
    )
}

impl Demo {
    /// Controls over the simulator at this address.
    pub fn beside(base_url: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            faults_url: format!("{}/_simulator/faults", base_url.trim_end_matches('/')),
            errors: Mutex::default(),
        }
    }

    async fn plan(&self, rate: f64, seed: u64) -> Result<RandomErrors, reqwest::Error> {
        #[derive(Deserialize)]
        struct Added {
            id: u64,
        }
        let mut faults = Vec::new();
        for (salt, fault) in (0..).zip(errors_of(rate)) {
            let fault = fault.with_seed(seed.wrapping_add(salt));
            let answer = self.http.post(&self.faults_url).json(&fault).send().await?.error_for_status()?;
            faults.push(answer.json::<Added>().await?.id);
        }
        Ok(RandomErrors { rate, seed, faults })
    }

    /// Lifts the errors in force and plans those wanted. What could not be lifted stays known as in force.
    async fn switch(
        &self,
        errors: &mut Option<RandomErrors>,
        wanted: Option<(f64, u64)>,
    ) -> Result<(), reqwest::Error> {
        if let Some(before) = errors.as_ref() {
            self.lift(before).await?;
        }
        *errors = None;
        if let Some((rate, seed)) = wanted {
            *errors = Some(self.plan(rate, seed).await?);
        }
        Ok(())
    }

    async fn lift(&self, errors: &RandomErrors) -> Result<(), reqwest::Error> {
        for id in &errors.faults {
            // One that is gone already is as good as lifted.
            self.http.delete(format!("{}/{id}", self.faults_url)).send().await?;
        }
        Ok(())
    }
}

/// Each source system fails a share of its calls, half as server errors, half as rate limits.
fn errors_of(rate: f64) -> Vec<Fault> {
    let mut faults = Vec::new();
    for vendor in [Vendor::Salesforce, Vendor::DocuSign, Vendor::NetSuite] {
        for status in [500, 429] {
            faults.push(Fault::new(vendor, FaultKind::status(status)).with_probability(rate / 2.0));
        }
    }
    faults
}

fn demo_of(service: &Service) -> Result<&Demo, Problem> {
    let absent = || Problem::not_found("there is no demo here: real vendors are configured");
    service.demo.as_ref().ok_or_else(absent)
}

async fn run_one(
    State(service): State<Arc<Service>>,
    Path(account_id): Path<String>,
) -> Result<Json<Value>, Problem> {
    demo_of(&service)?;
    let account = AccountId::parse(account_id)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let is_ours = demo_accounts().iter().any(|ours| ours.account_id == account.as_str());
    let asked = if is_ours { OfTheDemo::Certainly } else { OfTheDemo::Perhaps };
    let record = run(&service, account, asked).await?;
    Ok(Json(json!({ "run": summary_of(&record), "decision": record.decision })))
}

async fn run_all(State(service): State<Arc<Service>>) -> Result<Json<Value>, Problem> {
    demo_of(&service)?;
    let results = join_all(demo_accounts().into_iter().map(|account| {
        let service = &service;
        async move {
            let id = AccountId::parse(account.account_id.clone())
                .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
            let record = run(service, id, OfTheDemo::Certainly).await?;
            Ok::<_, Problem>(json!({
                "scenario": account.scenario,
                "expected": account.expected,
                "decided": record.decision.as_ref().map(|decision| decision.outcome),
                "run": summary_of(&record),
            }))
        }
    }))
    .await;
    Ok(Json(json!({ "results": results.into_iter().collect::<Result<Vec<_>, _>>()? })))
}

/// Whether an account is known to be the demo's own: one of those is in no system at all, to show what becomes of it.
enum OfTheDemo {
    Certainly,
    Perhaps,
}

/// Lines a run up like any other and waits for its rest.
async fn run(service: &Service, account_id: AccountId, asked: OfTheDemo) -> Result<RunRecord, Problem> {
    let request = RunRequest {
        account_id,
        opportunity_id: None,
        correlation_id: CorrelationId::from_uuid(Uuid::now_v7()),
        as_of: None,
        trigger: Trigger::Demo,
        requested_by: ANYBODY.to_owned(),
    };
    let submitted = match asked {
        OfTheDemo::Certainly => service.accept(request, None).await?,
        OfTheDemo::Perhaps => {
            service
                .accept_known(request, None, OnPage { what: "demo", page: "demoRun", who: anybody() })
                .await?
        }
    };
    if !submitted.started {
        return Ok(submitted.record);
    }
    let rest = service.at_rest(&submitted.record.run_id, LONGEST_WAIT).await;
    Ok(rest.unwrap_or(submitted.record))
}

async fn enable_errors(State(service): State<Arc<Service>>, body: Bytes) -> Result<Json<Value>, Problem> {
    let demo = demo_of(&service)?;
    let wanted: Wanted = match body.is_empty() {
        true => Wanted::default(),
        false => serde_json::from_slice(&body).map(|Object(wanted)| wanted).map_err(|error| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                format!("send {{\"rate\"?, \"seed\"?}} or nothing: {error}"),
            )
        })?,
    };
    let (rate, seed) = (wanted.rate.unwrap_or(USUAL_RATE), wanted.seed.unwrap_or_default());
    if !(0.0..=HIGHEST_RATE).contains(&rate) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, format!("rate is from 0 to {HIGHEST_RATE}")));
    }
    change(&service, demo, Some((rate, seed))).await
}

async fn disable_errors(State(service): State<Arc<Service>>) -> Result<Json<Value>, Problem> {
    change(&service, demo_of(&service)?, None).await
}

/// Puts other errors in force, or none. Nothing changes before it is on record.
async fn change(service: &Service, demo: &Demo, wanted: Option<(f64, u64)>) -> Result<Json<Value>, Problem> {
    let mut errors = demo.errors.lock().await;
    let audit = service.installation.store().audit();
    let mut intent = AuditRecord::intent(ACT, &anybody(), Timestamp::now());
    let before = errors.as_ref().map(|errors| (errors.rate, errors.seed));
    intent.arguments.insert("before".to_owned(), told(before));
    intent.arguments.insert("after".to_owned(), told(wanted));
    audit.append(intent.clone()).await?;
    let changed = demo.switch(&mut errors, wanted).await;
    let error = changed.is_err().then(|| "network/SIMULATOR_UNREACHABLE".to_owned());
    let end = CallEnd { ok: error.is_none(), replayed: false, error, result_digest: None, duration_us: 0 };
    let outcome =
        AuditRecord { at: Timestamp::now(), moment: AuditMoment::Outcome, end: Some(end), ..intent };
    audit.append(outcome).await?;
    changed.map_err(unreachable)?;
    Ok(Json(said(errors.as_ref())))
}

/// For the audit, whose numbers are whole.
fn told(errors: Option<(f64, u64)>) -> Value {
    errors.map_or(Value::Null, |(rate, seed)| json!({ "rate": rate.to_string(), "seed": seed }))
}

async fn status(State(service): State<Arc<Service>>) -> Result<Json<Value>, Problem> {
    let demo = demo_of(&service)?;
    Ok(Json(said(demo.errors.lock().await.as_ref())))
}

fn said(errors: Option<&RandomErrors>) -> Value {
    json!({ "enabled": errors.is_some(), "errors": errors })
}

fn unreachable(error: reqwest::Error) -> Problem {
    Problem::new(StatusCode::BAD_GATEWAY, format!("the simulator does not answer: {}", error.without_url()))
}
