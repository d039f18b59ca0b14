//! The Task Monitor's sweep over real servers: tasks and notify behind governance, the simulated vendors, effects counted in their ledger.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use gangway_governance::{Governance, Governed, Limits, Principal, Server, ToolNames, vendor};
use gangway_notify::{Ground, MailSettings, RetrySettings, SlackSettings};
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::ids::TaskId;
use gangway_protocol::redact::{Email, Personal};
use gangway_protocol::run::EffectStatus;
use gangway_protocol::task::{Contacts, Health, TaskStatus};
use gangway_protocol::tools::onboarding::SweepReport;
use gangway_protocol::tools::tasks::{CreateChecklist, CreateChecklistArgs, UpdateStatus, UpdateStatusArgs};
use gangway_protocol::{AccountId, IdempotencyKey, System, TenantId, Tier};
use gangway_simulator::{EffectKind, Fault, FaultKind, Options, Simulator, Vendor};
use gangway_store::Store;
use gangway_task_monitor::{Settings, sweep};
use gangway_toolbelt::{Agent, Connection, Scope, Toolbelt};
use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// The day the checklists are made; tasks are due so many days later.
const DAY_0: Date = date(2026, 1, 5);

fn clock() -> Timestamp {
    "2026-01-05T12:00:00Z".parse().unwrap()
}

struct House {
    simulator: Simulator,
    toolbelt: Toolbelt,
    scope: Scope,
}

async fn embedded(server: Server, governance: &Arc<Governance>) -> Connection {
    let principal = Principal::agent(Agent::TaskMonitor);
    Connection::embedded(Governed::new(server, Arc::clone(governance), principal, ToolNames::Dotted))
        .await
        .unwrap()
}

fn notify_settings(simulator: &Simulator) -> gangway_notify::Settings {
    let (addresses, credentials) = (simulator.addresses(), simulator.credentials());
    let from = Email::parse("onboarding@northwind.example").unwrap();
    gangway_notify::Settings {
        slack: Some(SlackSettings {
            base_url: addresses.base_url,
            bot_token: SecretString::from(credentials.slack.bot_token),
        }),
        mail: Some(MailSettings::local_sink("127.0.0.1", addresses.smtp.port(), from)),
        retry: RetrySettings { retries: 0, base_ms: 1 },
        ..gangway_notify::Settings::default()
    }
}

impl House {
    async fn new() -> Self {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let simulator = Simulator::start(Options::default()).await.unwrap();
        let store = Store::in_memory().unwrap();
        let governance = Arc::new(Governance::new(store.clone()));
        let http = vendor::http_client().unwrap();
        let limits = Limits::default();
        let ground = Ground { store: store.clone(), http, limits, crash: CrashPoints::default(), clock };
        let notify = gangway_notify::server(&notify_settings(&simulator), ground).unwrap();
        let toolbelt = Toolbelt::new(Agent::TaskMonitor)
            .with(System::Tasks, embedded(gangway_tasks::server(store, clock), &governance).await)
            .with(System::Notify, embedded(notify, &governance).await);
        Self { simulator, toolbelt, scope: Scope::of_no_run(Duration::from_secs(60)) }
    }

    /// A checklist whose automated tasks are done. T005 is due on day 1, T009 on 2, T006 on 3, T010 on 5.
    async fn onboard(&self, name: &str) {
        self.checklist(name).await;
        for code in ["T003", "T004"] {
            self.settle(&format!("tnt-{name}:{code}"), TaskStatus::Completed).await;
        }
    }

    /// A checklist as it is made. T003 and T004, which nobody is reminded of, are due on day 0.
    async fn checklist(&self, name: &str) {
        let email = |who: &str| Email::parse(format!("{who}@example.test")).unwrap();
        let args = CreateChecklistArgs {
            account_id: AccountId::parse(name.to_uppercase()).unwrap(),
            tenant_id: TenantId::parse(format!("tnt-{name}")).unwrap(),
            tier: Tier::Starter,
            contacts: Contacts {
                cs: email("cs"),
                customer: Some(email("customer")),
                manager: Some(email("manager")),
                director: Some(email("director")),
            },
            idempotency_key: IdempotencyKey::parse(format!("{name}/checklist")).unwrap(),
        };
        self.toolbelt.call::<CreateChecklist>(&self.scope, &args).await.unwrap();
    }

    async fn settle(&self, task: &str, status: TaskStatus) {
        let args = UpdateStatusArgs {
            task_id: TaskId::parse(task).unwrap(),
            status,
            note: Some(Personal("settled by a test".to_owned())),
            idempotency_key: IdempotencyKey::parse(format!("{task}/{status}")).unwrap(),
        };
        self.toolbelt.call::<UpdateStatus>(&self.scope, &args).await.unwrap();
    }

    async fn sweep(&self, day: i64) -> SweepReport {
        let as_of = DAY_0.checked_add(day.days()).unwrap();
        sweep(&self.toolbelt, &self.scope, as_of, &Settings::default()).await.unwrap()
    }

    /// Who has got how many mails.
    fn mails(&self) -> Vec<(String, usize)> {
        let mut counted = std::collections::BTreeMap::new();
        for mail in self.simulator.ledger().effects_of(EffectKind::Mail) {
            *counted.entry(mail.target.split('@').next().unwrap().to_owned()).or_default() += 1;
        }
        counted.into_iter().collect()
    }

    fn digests(&self) -> usize {
        self.simulator.ledger().count_of(EffectKind::SlackMessage)
    }
}

/// What a report says was sent, `code/rung`.
fn told(report: &SweepReport) -> Vec<String> {
    let code = |task: &TaskId| task.as_str().split(':').nth(1).unwrap().to_owned();
    let mut told: Vec<String> = report
        .reminders
        .iter()
        .map(|reminder| format!("{}/{}", code(&reminder.task_id), reminder.rung))
        .collect();
    told.sort();
    told
}

fn counts(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
    expected.iter().map(|(who, count)| ((*who).to_owned(), *count)).collect()
}

#[tokio::test]
async fn the_ladder_is_climbed_day_by_day_and_each_rung_told_once() {
    let house = House::new().await;
    house.onboard("acme-001").await;
    let days: [(i64, u32, Health, &[&str]); 6] = [
        (0, 0, Health::OnTrack, &[]),
        (1, 0, Health::OnTrack, &[]),
        (2, 1, Health::AtRisk, &["T005/team"]),
        (3, 2, Health::AtRisk, &["T005/manager", "T009/customer", "T009/team"]),
        (4, 3, Health::Stalled, &["T006/team", "T009/manager"]),
        (5, 3, Health::Stalled, &["T005/director", "T006/manager"]),
    ];
    for (day, overdue, health, expected) in days {
        let report = house.sweep(day).await;
        assert_eq!(
            (told(&report), report.overdue),
            (expected.iter().map(ToString::to_string).collect(), overdue),
            "day {day}"
        );
        assert_eq!(
            report.tenants.iter().map(|tenant| tenant.health).collect::<Vec<_>>(),
            [health],
            "day {day}"
        );
        assert!(report.reminders.iter().all(|reminder| reminder.status == EffectStatus::Done));
    }
    assert_eq!(house.mails(), counts(&[("cs", 3), ("customer", 1), ("director", 1), ("manager", 3)]));
    assert_eq!(house.digests(), 4, "one a day on which something was overdue");
}

#[tokio::test]
async fn no_onboarding_is_too_many() {
    let house = House::new().await;
    // One page of the task list holds a thousand tasks.
    for n in 0..501 {
        house.checklist(&format!("acme-{n:03}")).await;
    }
    let report = house.sweep(1).await;
    assert_eq!((report.overdue, report.tenants.len()), (1_002, 501));
    assert!(report.tenants.iter().all(|tenant| tenant.health == Health::AtRisk));
}

#[tokio::test]
async fn a_second_sweep_sends_and_reports_nothing_new() {
    let house = House::new().await;
    house.onboard("acme-001").await;
    house.onboard("beta-002").await;
    let first = house.sweep(6).await;
    assert!(first.reminders.len() > 8);
    let (mails, digests) = (house.mails(), house.digests());
    assert_eq!(digests, 1);
    let second = house.sweep(6).await;
    assert_eq!((told(&second), second.overdue, second.tenants), (Vec::new(), first.overdue, first.tenants));
    assert_eq!((house.mails(), house.digests()), (mails, 1));
}

#[tokio::test]
async fn two_sweeps_at_once_send_each_reminder_once() {
    let house = House::new().await;
    house.onboard("acme-001").await;
    let (one, other) = tokio::join!(house.sweep(3), house.sweep(3));
    let mut both = [told(&one), told(&other)].concat();
    both.sort();
    assert_eq!(both, ["T005/manager", "T005/team", "T009/customer", "T009/team"]);
    assert_eq!((house.mails(), house.digests()), (counts(&[("cs", 2), ("customer", 1), ("manager", 1)]), 1));
}

#[tokio::test]
async fn a_day_has_one_digest_even_if_the_day_changes() {
    let house = House::new().await;
    house.onboard("acme-001").await;
    house.sweep(3).await;
    house.settle("tnt-acme-001:T009", TaskStatus::Completed).await;
    let report = house.sweep(3).await;
    assert_eq!((report.overdue, report.tenants[0].overdue, house.digests()), (1, 1, 1));
}

#[tokio::test]
async fn a_reminder_that_is_refused_stops_nothing_and_is_sent_by_the_next_sweep() {
    let house = House::new().await;
    house.onboard("acme-001").await;
    house.simulator.faults().add(Fault::new(Vendor::Smtp, FaultKind::status(550)).times(1));
    let first = house.sweep(3).await;
    let failed: Vec<&str> = first
        .reminders
        .iter()
        .filter(|reminder| reminder.status == EffectStatus::Failed)
        .map(|reminder| reminder.task_id.as_str())
        .collect();
    assert_eq!((first.reminders.len(), failed.len()), (4, 1));
    let second = house.sweep(3).await;
    assert_eq!(second.reminders.len(), 1);
    assert_eq!(
        (second.reminders[0].task_id.as_str(), second.reminders[0].status),
        (failed[0], EffectStatus::Done)
    );
    assert_eq!(house.simulator.ledger().count_of(EffectKind::Mail), 4);
}

#[tokio::test]
async fn a_reminder_of_unknown_fate_is_reported_and_not_repeated() {
    let house = House::new().await;
    house.onboard("acme-001").await;
    house.simulator.faults().add(Fault::new(Vendor::Smtp, FaultKind::LostResponse).times(1));
    let first = house.sweep(2).await;
    assert_eq!(
        first.reminders.iter().map(|reminder| reminder.status).collect::<Vec<_>>(),
        [EffectStatus::Unknown]
    );
    assert_eq!(house.sweep(2).await.reminders, []);
    assert_eq!(house.simulator.ledger().count_of(EffectKind::Mail), 1);
}

#[tokio::test]
async fn a_slack_that_refuses_does_not_stop_the_sweep() {
    let house = House::new().await;
    house.onboard("acme-001").await;
    house.simulator.faults().add(Fault::new(Vendor::Slack, FaultKind::status(401)));
    assert_eq!(told(&house.sweep(2).await), ["T005/team"]);
    assert_eq!((house.mails(), house.digests()), (counts(&[("cs", 1)]), 0));
}

#[tokio::test]
async fn a_completed_onboarding_is_left_alone_and_a_blocked_one_is_stalled() {
    let house = House::new().await;
    house.onboard("acme-001").await;
    house.onboard("beta-002").await;
    for code in ["T005", "T006", "T009", "T010", "T011", "T012", "T013", "T014"] {
        house.settle(&format!("tnt-acme-001:{code}"), TaskStatus::Completed).await;
    }
    house.settle("tnt-beta-002:T012", TaskStatus::Blocked).await;
    let report = house.sweep(1).await;
    let tenants: Vec<_> =
        report.tenants.iter().map(|tenant| (tenant.account_id.as_str(), tenant.health)).collect();
    assert_eq!((tenants, told(&report)), (vec![("BETA-002", Health::Stalled)], Vec::new()));
    assert_eq!(house.digests(), 1, "a blocked task is worth a word before it is due");
}

#[tokio::test]
async fn an_unreadable_task_list_is_an_error_and_nothing_is_sent() {
    let house = House::new().await;
    let blind = Toolbelt::new(Agent::TaskMonitor);
    let error = sweep(&blind, &house.scope, DAY_0, &Settings::default()).await.unwrap_err();
    assert_eq!((error.system, error.error_code.as_str()), (System::Tasks, "NO_CONNECTION"));
    assert!(house.simulator.ledger().is_empty());
}
