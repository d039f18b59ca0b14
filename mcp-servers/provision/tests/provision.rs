//! The provisioning server as a host sees it: grants demanded, one tenant per account, keys shown once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

#[path = "../../tests/host.rs"]
mod host;

use ed25519_dalek::SigningKey;
use gangway_governance::Governance;
use gangway_protocol::audit::AuditMoment;
use gangway_protocol::grant::{Grant, GrantBasis, GrantedAction, SealedGrant};
use gangway_protocol::tenant::{Tenant, TenantState, Tier};
use gangway_protocol::tools::provision::{
    CreateTenant, CreateTenantArgs, GetTenant, ListTenants, ListTenantsArgs, SuspendTenant,
    SuspendTenantArgs, TenantArgs, TenantCreated,
};
use gangway_protocol::{AccountId, Actor, ApiError, ErrorType, IdempotencyKey, RunId, TenantId};
use gangway_provision::{CredentialsError, Settings, issue_credentials, server};
use gangway_store::Store;
use host::Host;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use std::path::Path;

/// 2026-01-05T12:00:00Z, the servers' now.
fn now() -> Timestamp {
    "2026-01-05T12:00:00Z".parse().unwrap()
}

fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

async fn open(store: &Store) -> Host {
    let server = server(Settings::default(), store.clone(), signing_key(1).verifying_key(), now);
    Host::open(server, Governance::new(store.clone())).await
}

fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

fn create(id: &str, tier: Tier) -> GrantedAction {
    GrantedAction::CreateTenant { account_id: account(id), tier }
}

fn of_run() -> GrantBasis {
    GrantBasis::Proceed { run_id: RunId::parse("run-1").unwrap(), facts_digest: "sha256:00".to_owned() }
}

fn grant(action: GrantedAction) -> SealedGrant {
    Grant::new(action, of_run(), now()).seal(&signing_key(1)).unwrap()
}

fn args(id: &str, tier: Tier, grant: SealedGrant, key: &str) -> CreateTenantArgs {
    CreateTenantArgs {
        account_id: account(id),
        tier,
        grant,
        idempotency_key: IdempotencyKey::parse(key).unwrap(),
    }
}

async fn make(host: &Host, id: &str, tier: Tier, key: &str) -> Result<TenantCreated, ApiError> {
    host.call::<CreateTenant>(&args(id, tier, grant(create(id, tier)), key)).await
}

#[tokio::test]
async fn a_granted_tenant_has_the_entitlements_of_its_tier() {
    let host = open(&Store::in_memory().unwrap()).await;
    let made = make(&host, "ACME-001", Tier::Growth, "run-1/create_tenant").await.unwrap();
    assert!(made.created);
    let tenant = made.tenant;
    assert_eq!(tenant.tenant_id.as_str(), "tnt-acme-001");
    assert_eq!(tenant.login_url, "https://tnt-acme-001.app.northwind.example/login");
    assert_eq!((tenant.entitlements, tenant.state), (Tier::Growth.entitlements(), TenantState::Active));
    assert_eq!((tenant.run_id.as_str(), tenant.created_at), ("run-1", now()));
    assert!(tenant.api_key_id.starts_with("key-"));
}

#[tokio::test]
async fn an_account_has_one_tenant_whatever_key_or_tier_asks() {
    let host = open(&Store::in_memory().unwrap()).await;
    let first = make(&host, "ACME-001", Tier::Growth, "run-1/create_tenant").await.unwrap();
    let repeat = make(&host, "ACME-001", Tier::Growth, "run-1/create_tenant").await.unwrap();
    assert_eq!((repeat.created, &repeat.tenant), (true, &first.tenant), "the first answer again");
    let later = make(&host, "ACME-001", Tier::Enterprise, "run-2/create_tenant").await.unwrap();
    assert_eq!((later.created, &later.tenant), (false, &first.tenant));
    let all = host.call::<ListTenants>(&ListTenantsArgs { cursor: None }).await.unwrap();
    assert_eq!(all.tenants, [first.tenant]);
}

#[tokio::test]
async fn two_calls_at_once_make_one_tenant() {
    let host = open(&Store::in_memory().unwrap()).await;
    let (one, other) = tokio::join!(
        make(&host, "ACME-001", Tier::Starter, "run-1/create_tenant"),
        make(&host, "ACME-001", Tier::Starter, "run-2/create_tenant"),
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.tenant, other.tenant);
    assert!(one.created != other.created);
}

#[tokio::test]
async fn every_wrong_grant_is_refused_and_audited() {
    let store = Store::in_memory().unwrap();
    let host = open(&store).await;
    let right = create("ACME-001", Tier::Starter);
    let sealed = |grant: Grant, seed| grant.seal(&signing_key(seed)).unwrap();
    let long_ago = now() - SignedDuration::from_secs(61);
    let operator = GrantBasis::Operator { name: "ops".to_owned() };
    let no_grant: SealedGrant = serde_json::from_value(serde_json::Value::from("none")).unwrap();
    let suspend = GrantedAction::SuspendTenant { tenant_id: TenantId::parse("tnt-acme-001").unwrap() };
    let wrong = [
        ("none", no_grant),
        ("stale", sealed(Grant::new(right.clone(), of_run(), long_ago), 1)),
        ("other account", grant(create("ACME-002", Tier::Starter))),
        ("other tier", grant(create("ACME-001", Tier::Enterprise))),
        ("other action", grant(suspend)),
        ("other key", sealed(Grant::new(right.clone(), of_run(), now()), 2)),
        ("an operator's", sealed(Grant::new(right.clone(), operator, now()), 1)),
    ];
    let count = wrong.len();
    for (what, grant) in wrong {
        let error = host
            .call::<CreateTenant>(&args("ACME-001", Tier::Starter, grant, &format!("key/{}", what.len())))
            .await;
        let error = error.unwrap_err();
        assert_eq!(
            (error.error_type, error.error_code.as_str()),
            (ErrorType::Authorization, "GRANT_REFUSED"),
            "{what}"
        );
        assert!(!error.message.is_empty() && !error.retryable, "{what}");
        assert!(error.resolution.contains("onboarding run"), "{what}: {}", error.resolution);
    }
    assert_eq!(store.tenants().list(None, 10).await.unwrap(), []);
    let audit = store.audit().tail(100).await.unwrap();
    let refused = audit.iter().filter(|entry| {
        entry.record.moment == AuditMoment::Refused
            && entry.record.end.as_ref().and_then(|end| end.error.as_deref())
                == Some("authorization/GRANT_REFUSED")
    });
    assert_eq!(refused.count(), count);
    assert!(!serde_json::to_string(&audit).unwrap().contains("eyJ"), "no grant is in the audit");
}

#[tokio::test]
async fn a_refused_key_may_be_used_again_with_a_good_grant() {
    let host = open(&Store::in_memory().unwrap()).await;
    let stale = Grant::new(create("ACME-001", Tier::Starter), of_run(), now() - SignedDuration::from_mins(5));
    let stale = stale.seal(&signing_key(1)).unwrap();
    assert!(
        host.call::<CreateTenant>(&args("ACME-001", Tier::Starter, stale, "run-1/create_tenant"))
            .await
            .is_err()
    );
    assert!(make(&host, "ACME-001", Tier::Starter, "run-1/create_tenant").await.unwrap().created);
}

#[tokio::test]
async fn a_used_key_gives_its_answer_only_under_a_valid_grant() {
    let store = Store::in_memory().unwrap();
    let host = open(&store).await;
    let (key, right) = ("run-1/create_tenant", create("ACME-001", Tier::Growth));
    let issued = |at| Grant::new(right.clone(), of_run(), at).seal(&signing_key(1)).unwrap();
    let call = |grant| args("ACME-001", Tier::Growth, grant, key);
    let first = host.call::<CreateTenant>(&call(issued(now()))).await.unwrap();
    assert!(first.created);
    let wrong = [
        ("bogus", serde_json::from_value(serde_json::Value::from("none")).unwrap()),
        ("expired", issued(now() - SignedDuration::from_secs(61))),
        ("other account", grant(create("ACME-002", Tier::Growth))),
        ("other key", Grant::new(right.clone(), of_run(), now()).seal(&signing_key(2)).unwrap()),
    ];
    let count = wrong.len();
    for (what, grant) in wrong {
        let error = host.call::<CreateTenant>(&call(grant)).await.expect_err(what);
        assert_eq!(error.error_code, "GRANT_REFUSED", "{what}");
    }
    let fresh = issued(now() - SignedDuration::from_secs(30));
    let repeat = host.call::<CreateTenant>(&call(fresh)).await.unwrap();
    assert_eq!((repeat.created, &repeat.tenant), (true, &first.tenant), "the first answer again");
    let audit = store.audit().tail(100).await.unwrap();
    let of = |moment| audit.iter().filter(|entry| entry.record.moment == moment).count();
    assert_eq!(of(AuditMoment::Refused), count);
    let replayed = audit.iter().filter(|entry| entry.record.end.as_ref().is_some_and(|end| end.replayed));
    assert_eq!(replayed.count(), 1, "only the call with a grant met the first answer");
}

#[tokio::test]
async fn a_used_key_does_not_suspend_again_without_a_valid_grant() {
    let host = open(&Store::in_memory().unwrap()).await;
    make(&host, "ACME-001", Tier::Starter, "run-1/create_tenant").await.unwrap();
    let right = suspension("tnt-acme-001", "tnt-acme-001", "s/1");
    let first = host.call::<SuspendTenant>(&right).await.unwrap();
    let wrong = suspension("tnt-acme-001", "tnt-acme-002", "s/1");
    assert_eq!(host.call::<SuspendTenant>(&wrong).await.unwrap_err().error_code, "GRANT_REFUSED");
    assert_eq!(host.call::<SuspendTenant>(&right).await.unwrap().tenant, first.tenant);
}

fn suspension(tenant: &str, granted: &str, key: &str) -> SuspendTenantArgs {
    let action = GrantedAction::SuspendTenant { tenant_id: TenantId::parse(granted).unwrap() };
    let basis = GrantBasis::Operator { name: "ops".to_owned() };
    SuspendTenantArgs {
        tenant_id: TenantId::parse(tenant).unwrap(),
        reason: "unpaid".to_owned(),
        grant: Grant::new(action, basis, now()).seal(&signing_key(1)).unwrap(),
        idempotency_key: IdempotencyKey::parse(key).unwrap(),
    }
}

#[tokio::test]
async fn a_tenant_is_suspended_only_under_its_own_grant() {
    let store = Store::in_memory().unwrap();
    let host = open(&store).await;
    make(&host, "ACME-001", Tier::Starter, "run-1/create_tenant").await.unwrap();
    let other =
        host.call::<SuspendTenant>(&suspension("tnt-acme-001", "tnt-acme-002", "s/1")).await.unwrap_err();
    assert_eq!(other.error_code, "GRANT_REFUSED");
    let unknown =
        host.call::<SuspendTenant>(&suspension("tnt-acme-009", "tnt-acme-009", "s/2")).await.unwrap_err();
    assert_eq!((unknown.error_type, unknown.message.contains("tnt-acme-009")), (ErrorType::NotFound, true));
    let done = host.call::<SuspendTenant>(&suspension("tnt-acme-001", "tnt-acme-001", "s/3")).await.unwrap();
    assert_eq!(done.tenant.state, TenantState::Suspended);
    let again = host.call::<SuspendTenant>(&suspension("tnt-acme-001", "tnt-acme-001", "s/4")).await.unwrap();
    assert_eq!(again.tenant.state, TenantState::Suspended);
    let refused = issue_credentials(&store, &done.tenant.tenant_id, &Actor::person("olga")).await;
    assert!(matches!(refused, Err(CredentialsError::Suspended(_))));
}

#[tokio::test]
async fn a_tenant_is_read_by_exactly_one_id() {
    let host = open(&Store::in_memory().unwrap()).await;
    let made = make(&host, "ACME-001", Tier::Starter, "run-1/create_tenant").await.unwrap().tenant;
    let (by_account, by_tenant) = (Some(made.account_id.clone()), Some(made.tenant_id.clone()));
    for (account_id, tenant_id) in [(by_account.clone(), None), (None, by_tenant.clone())] {
        let found = host.call::<GetTenant>(&TenantArgs { account_id, tenant_id }).await.unwrap();
        assert_eq!(found.tenant.as_ref(), Some(&made));
    }
    for (account_id, tenant_id) in [(None, None), (by_account, by_tenant)] {
        let error = host.call::<GetTenant>(&TenantArgs { account_id, tenant_id }).await.unwrap_err();
        assert_eq!(error.error_type, ErrorType::Validation);
    }
    let none =
        host.call::<GetTenant>(&TenantArgs { account_id: Some(account("ACME-404")), tenant_id: None }).await;
    assert_eq!(none.unwrap().tenant, None);
}

#[tokio::test]
async fn tenants_are_listed_a_hundred_a_page() {
    let store = Store::in_memory().unwrap();
    let host = open(&store).await;
    let first = make(&host, "ACME-000", Tier::Starter, "run-1/create_tenant").await.unwrap().tenant;
    for n in 1..201 {
        let tenant_id = TenantId::parse(format!("tnt-acme-{n:03}")).unwrap();
        let tenant = Tenant { tenant_id, account_id: account(&format!("ACME-{n:03}")), ..first.clone() };
        store.tenants().create(&tenant, "").await.unwrap();
    }
    let (mut cursor, mut sizes, mut seen) = (None, Vec::new(), Vec::new());
    loop {
        let page = host.call::<ListTenants>(&ListTenantsArgs { cursor }).await.unwrap();
        sizes.push(page.tenants.len());
        seen.extend(page.tenants.into_iter().map(|tenant| tenant.tenant_id.to_string()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [100, 100, 1]);
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
    let bad = host
        .call::<ListTenants>(&ListTenantsArgs { cursor: Some("no cursor".to_owned()) })
        .await
        .unwrap_err();
    assert_eq!(bad.error_type, ErrorType::Validation);
}

fn folder_holds(folder: &Path, text: &str) -> bool {
    let files =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.into_iter().any(|path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn a_key_is_shown_once_stored_hashed_and_rotated_by_a_repeat() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let host = open(&store).await;
    let tenant_id =
        make(&host, "ACME-001", Tier::Starter, "run-1/create_tenant").await.unwrap().tenant.tenant_id;
    let first = issue_credentials(&store, &tenant_id, &Actor::person("olga")).await.unwrap();
    let second = issue_credentials(&store, &tenant_id, &Actor::person("olga")).await.unwrap();
    assert!(first.key_id != second.key_id && first.secret.expose_secret() != second.secret.expose_secret());
    assert!(!format!("{first:?}").contains(first.secret.expose_secret()));
    let tenant = store.tenants().get(&tenant_id).await.unwrap().unwrap();
    assert_eq!(tenant.api_key_id, second.key_id);
    drop(host);
    store.close().await;
    assert!(folder_holds(folder.path(), &second.key_id), "the search looks where the data are");
    for key in [&first, &second] {
        assert!(!folder_holds(folder.path(), key.secret.expose_secret()));
    }
}

#[tokio::test]
async fn no_key_is_issued_for_an_unknown_tenant() {
    let (store, nobody) = (Store::in_memory().unwrap(), TenantId::parse("tnt-nobody").unwrap());
    let refused = issue_credentials(&store, &nobody, &Actor::person("olga")).await;
    assert!(matches!(refused, Err(CredentialsError::UnknownTenant(_))));
    let ends = issues(&store).await;
    assert_eq!(ends, [None, Some(Some("not_found/TENANT_NOT_FOUND".to_owned()))]);
}

#[tokio::test]
async fn the_audit_says_who_had_a_key_issued_for_whom() {
    let store = Store::in_memory().unwrap();
    let host = open(&store).await;
    let made = make(&host, "ACME-001", Tier::Starter, "run-1/create_tenant").await.unwrap().tenant;
    issue_credentials(&store, &made.tenant_id, &Actor::person("olga")).await.unwrap();
    assert_eq!(issues(&store).await, [None, Some(None)]);
    let last = store.audit().tail(1).await.unwrap().remove(0).record;
    assert_eq!(
        (last.principal.as_str(), &last.arguments["tenant_id"]),
        ("person:olga", &serde_json::json!(made.tenant_id))
    );
}

/// How the issues of keys on record ended: not yet, well, or with an error.
async fn issues(store: &Store) -> Vec<Option<Option<String>>> {
    let entries = store.audit().tail(100).await.unwrap().into_iter().map(|entry| entry.record);
    let issues = entries.filter(|record| record.tool == "provision.issue_credentials");
    issues.map(|record| record.end.map(|end| end.error)).collect()
}
