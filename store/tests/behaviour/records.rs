//! Records to store, and another process to share the file with.

use gangway_protocol::audit::AuditRecord;
use gangway_protocol::ids::TaskId;
use gangway_protocol::redact::Email;
use gangway_protocol::run::{RunRequest, Trigger, Versions};
use gangway_protocol::task::{Contacts, Task, TaskCategory, TaskOwner, TaskStatus};
use gangway_protocol::tenant::{Tenant, TenantState};
use gangway_protocol::{
    AccountId, Actor, Agent, CorrelationId, IdempotencyKey, RunId, RunRecord, RunState, TenantId, Tier,
};
use gangway_store::Store;
use jiff::Timestamp;
use std::path::Path;
use std::process::{Command, ExitStatus};
use tempfile::TempDir;

pub const FOLDER: &str = "GANGWAY_TEST_FOLDER";

pub fn open() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    (folder, store)
}

/// Runs one ignored test of this binary as a process of its own that works on `folder`.
pub fn other_process(test: &str, folder: &Path) -> std::io::Result<ExitStatus> {
    Command::new(std::env::current_exe()?)
        .args(["--exact", test, "--ignored", "--quiet"])
        .env(FOLDER, folder)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
}

/// The store that such a process works on; none when the test was not started by another one.
pub fn shared() -> Option<Store> {
    let folder = std::env::var_os(FOLDER)?;
    Some(Store::open(Path::new(&folder)).unwrap())
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

pub fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

pub fn run(id: &str, account_id: &str, correlation: &str) -> RunRecord {
    RunRecord {
        run_id: RunId::parse(id).unwrap(),
        request: RunRequest {
            account_id: account(account_id),
            opportunity_id: None,
            correlation_id: CorrelationId::parse(correlation).unwrap(),
            as_of: None,
            trigger: Trigger::Cli,
            requested_by: "test".to_owned(),
        },
        asked_as: None,
        state: RunState::Assessing,
        created_at: at("2026-01-01T00:00:00Z"),
        updated_at: at("2026-01-01T00:00:00Z"),
        as_of: "2026-01-01".parse().unwrap(),
        traceparent: None,
        facts: None,
        decision: None,
        advice: None,
        worded_advice: None,
        approval_id: None,
        approval_expires_at: None,
        tenant: None,
        effects: Vec::new(),
        reports: Vec::new(),
        versions: Versions {
            agent: "0".to_owned(),
            workflow: "1".to_owned(),
            rule_set: None,
            tool_contracts: "sha256:0".to_owned(),
            adviser: "rules".to_owned(),
            prompt: None,
        },
        parked_because: None,
    }
}

pub fn audit(call: &str) -> AuditRecord {
    let intent = AuditRecord::intent(
        "provision.create_tenant",
        &Actor::agent(Agent::Coordinator),
        at("2026-01-01T00:00:00Z"),
    );
    AuditRecord { call_id: call.to_owned(), ..intent }
}

pub fn tenant(id: &str, account_id: &str) -> Tenant {
    Tenant {
        tenant_id: TenantId::parse(id).unwrap(),
        account_id: account(account_id),
        tier: Tier::Growth,
        state: TenantState::Active,
        login_url: "https://app.northwind.example/t".to_owned(),
        entitlements: Tier::Growth.entitlements(),
        api_key_id: "key-1".to_owned(),
        run_id: RunId::parse("run-1").unwrap(),
        created_at: at("2026-01-01T00:00:00Z"),
    }
}

pub fn task(code: &str, account_id: &str, due: &str) -> Task {
    let tenant_id = format!("tnt-{account_id}");
    Task {
        task_id: TaskId::parse(format!("{tenant_id}:{code}")).unwrap(),
        code: code.to_owned(),
        tenant_id: TenantId::parse(tenant_id).unwrap(),
        account_id: account(account_id),
        title: "Do it".to_owned(),
        category: TaskCategory::CsTeam,
        owner: TaskOwner::Cs,
        status: TaskStatus::Pending,
        due_date: due.parse().unwrap(),
        after: Vec::new(),
        note: None,
        completed_on: None,
        created_on: "2026-01-01".parse().unwrap(),
        contacts: Contacts {
            cs: Email::parse("cs@northwind.example").unwrap(),
            customer: None,
            manager: None,
            director: None,
        },
    }
}
