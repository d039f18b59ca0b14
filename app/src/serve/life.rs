//! The service's life: what is put together at the start, what reloads, and in which order it ends.
//!
//! It ends in this order: no new event is taken in and `/readyz` says so; workers bring the runs they have begun to a rest,
//! and open requests and what they set off end; the listener closes; the store commits what is queued. What does not rest
//! in time is in the journal, and the next start goes on with it.

use super::demo::{self, Demo};
use super::drain::{self, UnderWay};
use super::host::{self, ApiKeys, Hosts, Vendors};
use super::intake::{self, Intake, Policy};
use super::known::KnownAccounts;
use super::mcp;
use super::queue::{self, Queue};
use super::settings::Secrets;
use super::{Service, router};
use crate::config::Config;
use crate::installation::{Installation, OnboardingEngine};
use crate::listening::{Listening, Terms};
use crate::refused::RefusalLog;
use crate::reload::{self, Holds, Readied, Reloading};
use crate::schedule::{Crew, Job, JobName, Scheduler};
use crate::{access, api_keys, output, rules, schedule, shutdown};
use anyhow::{Result, bail};
use gangway_decision::RuleSet;
use gangway_governance::Policy as AccessPolicy;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::{Actor, Person, Role, same_person};
use gangway_store::{Store, StoreError};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Who starts, stops and reloads: a signal has no name.
pub fn itself() -> Actor {
    Actor::process("service")
}

/// Serves until SIGINT or SIGTERM.
pub async fn run(installation: Arc<Installation>, listen: Option<SocketAddr>) -> Result<()> {
    let mut settings = installation.config().serve.clone();
    settings.allowed_hosts.0.extend(installation.config().access.public_host()?);
    let wanted = listen.unwrap_or(settings.listen);
    let vendors = if installation.vendors().is_some() { Vendors::Simulated } else { Vendors::Real };
    let keys = if has_good_key(installation.store()).await? { ApiKeys::Exist } else { ApiKeys::None };
    host::may_listen(&settings, wanted, vendors, keys)?;
    let engine = installation.engine().await?;
    let queue = Arc::new(Queue::with_room_for(settings.queue));
    let line = Some(Arc::clone(&queue));
    let crew = Crew { installation: Arc::clone(&installation), engine: Some(engine.clone()), line };
    let jobs = schedule::service_jobs(&crew).await?;
    drop(crew);
    let listening = Listening::at(wanted, "--listen or serve.listen").await?;
    let service = Arc::new(build(installation, engine, queue)?);
    let earlier = queue::line_up_earlier(&service).await?;
    put_on_record(
        &service,
        AuditRecord::done("service.start", &itself(), started(&service)?, Timestamp::now()),
    )
    .await;
    let mcp = mcp::routes(&service, listening.addr)?;
    // Before anybody is told that it serves: a signal that nobody heeds yet would end it at once.
    end_on_signals(&service.stop);
    reload_on_signals(&service)?;
    announce(&service, listening.addr, earlier)?;
    offer_a_key(&service).await?;
    warn_of_approvers_without_key(&service).await?;

    let close = CancellationToken::new();
    let terms = Terms::of(&settings, service.installation.store(), &service.refusals);
    let router = router(&service, Hosts::of(&settings, listening.addr), mcp);
    let under_way = UnderWay {
        workers: queue::start_workers(&service, settings.workers),
        scheduled: tokio::spawn(scheduled(Arc::clone(&service), jobs)),
        tidy: tokio::spawn(intake::tidy(Arc::clone(&service))),
        answering: tokio::spawn(listening.answer(router, terms, close.clone())),
        close,
    };
    service.stop.cancelled().await;
    let (record, ended) = drain::end(&service, under_way, Duration::from_millis(settings.drain_ms)).await;
    put_on_record(&service, record).await;
    ended
}

/// What can be said of the configuration without its secrets.
fn started(service: &Service) -> Result<Value> {
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "goes_by": holds_now(service)?.told(),
        "simulated_vendors": service.demo.is_some(),
    }))
}

/// The service's own life: a line that is lost must not keep it from starting or ending.
async fn put_on_record(service: &Service, record: AuditRecord) {
    if let Err(error) = service.installation.store().audit().append(record).await {
        tracing::error!(error = error.with_cause(), "an audit record was lost");
    }
}

async fn scheduled(service: Arc<Service>, jobs: Vec<Job>) -> Result<()> {
    let installation = &service.installation;
    let scheduler = Scheduler::new(installation.store().clone(), jobs, installation.crash_points().clone());
    scheduler.run(service.stop.clone()).await
}

fn build(installation: Arc<Installation>, engine: OnboardingEngine, queue: Arc<Queue>) -> Result<Service> {
    let demo = installation.vendors().map(|vendors| Demo::beside(vendors.base_url()));
    let policy = policy(&installation, installation.config())?;
    let refusals = Arc::new(RefusalLog::default());
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let (intake, known) = (Intake::under(policy), KnownAccounts::of(Arc::clone(&installation)));
    Ok(Service { intake, known, engine, queue, refusals, tasks, demo, stop, installation })
}

/// With simulated vendors and no secret configured, the data folder keeps one.
fn policy(installation: &Installation, config: &Config) -> Result<Policy> {
    if !config.serve.docusign_keys.0.is_empty() {
        // Timers are made at the start, so what this process began with must have it too.
        let (wanted, runs) = (&config.schedule, &installation.config().schedule);
        if wanted.timetable(JobName::Contracts)?.is_none() {
            bail!(
                "serve.docusign_keys lets DocuSign say that a contract changed, but schedule.contracts is off, so nobody would look at it: give schedule.contracts a schedule such as \"0 4 * * *\", or take the keys away"
            );
        }
        if runs.timetable(JobName::Contracts)?.is_none() {
            bail!(
                "serve.docusign_keys lets DocuSign say that a contract changed, but this process was started with schedule.contracts off, so nobody would look at it: restart the service to take both over, or take the keys away"
            );
        }
    }
    let makes_one = installation.vendors().is_some() && config.serve.webhook_secrets.0.is_empty();
    let own = match makes_one {
        true => Secrets(vec![demo::webhook_secret(installation.data_dir())?]),
        false => Secrets::default(),
    };
    Policy::of(&config.serve, own)
}

/// The first line is the address, for scripts; what follows is for people.
fn announce(service: &Service, addr: SocketAddr, earlier: usize) -> Result<()> {
    output::line(&format!("http://{addr}"))?;
    match earlier {
        0 => {}
        1 => output::remark("1 run of before goes on")?,
        several => output::remark(&format!("{several} runs of before go on"))?,
    }
    let settings = &service.installation.config().serve;
    if !settings.webhook_secrets.0.is_empty() {
        return Ok(());
    }
    match service.demo {
        Some(_) => output::line(&demo::invitation(addr, service.installation.data_dir())),
        None => output::remark(
            "no webhook secret is configured, so POST /webhook/onboarding refuses every event: set GANGWAY_SERVE__WEBHOOK_SECRETS, or GANGWAY_SERVE__WEBHOOK_SECRETS_FILE to a file with one secret a line",
        ),
    }
}

async fn has_good_key(store: &Store) -> Result<bool> {
    let now = Timestamp::now();
    Ok(store.api_keys().list().await?.iter().any(|stored| stored.key.refusal(now).is_none()))
}

/// There is no way into the API without a key. A demo, which only this machine reaches, makes itself one.
async fn offer_a_key(service: &Service) -> Result<()> {
    let store = service.installation.store();
    if has_good_key(store).await? {
        return Ok(());
    }
    if service.demo.is_none() {
        return output::remark(
            "no API key exists, so /api opens to nobody: make one with gangway keys create --name NAME --role admin",
        );
    }
    let person = Person { name: "demo".to_owned(), roles: [Role::Admin].into(), domains: [].into() };
    match api_keys::issue(store, person, None, &itself()).await {
        Ok(issued) => {
            output::remark(&format!("API key of this demo, shown once: {}", issued.token.expose_secret()))
        }
        // An earlier demo key has expired: whoever set its end decides what follows.
        Err(StoreError::KeyNameTaken { .. }) => {
            output::remark("every API key has expired; gangway keys create makes a new one")
        }
        Err(error) => Err(error.into()),
    }
}

/// A run stands under the name of its asker's key. An approver of another name would not be known for the same person.
async fn warn_of_approvers_without_key(service: &Service) -> Result<()> {
    let keys = service.installation.store().api_keys().list().await?;
    for approver in &service.installation.config().approvers {
        let name = &approver.name;
        if !keys.iter().any(|stored| same_person(&stored.key.person.name, name)) {
            output::remark(&format!(
                "no API key has the name of the Slack approver {name}: if they ask for runs under another name, they can approve those in Slack; give approvers.name as gangway keys list shows it"
            ))?;
        }
    }
    Ok(())
}

/// The first signal asks the service to end, the second ends the process where it stands.
fn end_on_signals(stop: &CancellationToken) {
    let (stop, asked) = (stop.clone(), shutdown::requested());
    tokio::spawn(async move {
        asked.await;
        stop.cancel();
        shutdown::requested().await;
        std::process::exit(130);
    });
}

/// SIGHUP: what can be changed while running is changed; the rest waits for a restart.
fn reload_on_signals(service: &Arc<Service>) -> Result<()> {
    let reloaded = Arc::clone(service);
    let reloading = Reloading {
        who: itself(),
        holds: holds_now(service)?,
        ready: Box::new(move || ready(&reloaded)),
        adopted: "rules, access policy, limits and the webhooks' secrets are the new ones; everything else waits for a restart",
    };
    reload::on_signals(&service.installation, reloading)
}

/// All of it is checked before any of it is used.
fn ready(service: &Arc<Service>) -> Result<Readied> {
    let config = service.installation.read_config_again()?;
    let policy = policy(&service.installation, &config)?;
    let rules = rules::configured(&config.rules)?;
    let access = access::configured(&config.access)?;
    let holds = holds(&config, &rules, &access)?;
    let service = Arc::clone(service);
    let adopt = Box::new(move || {
        service.installation.adopt(&config, rules, access)?;
        service.intake.adopt(policy);
        Ok(())
    });
    Ok(Readied { holds, adopt })
}

/// What it goes by at its start.
fn holds_now(service: &Service) -> Result<Holds> {
    let config = service.installation.config();
    holds(config, &rules::configured(&config.rules)?, &service.installation.governance().policy())
}

/// What the service goes by that can change while it runs.
fn holds(config: &Config, rules: &RuleSet, access: &AccessPolicy) -> Result<Holds> {
    let holds = Holds::of(access, &config.limits)?.and("rules", rules.digest().to_owned());
    Ok(holds.and_secret("webhooks", &config.serve.webhook_terms()))
}
