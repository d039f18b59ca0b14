//! One tenant per account; of its key only the hash is kept.

use crate::records::{account, open, run, task, tenant};
use gangway_protocol::tenant::TenantState;
use gangway_protocol::{RunRecord, TenantId};
use gangway_store::{Accepted, TaskFilter};

#[tokio::test]
async fn an_account_has_one_tenant() {
    let (_folder, store) = open();
    let first = tenant("tnt-1", "ACME-001");
    assert_eq!(store.tenants().create(&first, "hash").await.unwrap(), (first.clone(), true));
    let second = tenant("tnt-2", "ACME-001");
    assert_eq!(store.tenants().create(&second, "hash").await.unwrap(), (first.clone(), false));
    assert_eq!(store.tenants().of_account(&account("ACME-001")).await.unwrap(), Some(first.clone()));
    assert_eq!(store.tenants().get(&first.tenant_id).await.unwrap(), Some(first));
    assert!(store.tenants().get(&second.tenant_id).await.unwrap().is_none());
}

#[tokio::test]
async fn an_account_is_found_by_each_of_its_names() {
    let (_folder, store) = open();
    let asked_as = Some(account("0018Z00003GAMMAQA5"));
    let known = RunRecord { asked_as, ..run("run-1", "GAMMA-003", "cor-1") };
    store.runs().accept(&known).await.unwrap();
    store.tenants().create(&tenant("tnt-1", "GAMMA-003"), "hash").await.unwrap();
    store.tasks().create_checklist(&[task("T1", "GAMMA-003", "2026-01-02")]).await.unwrap();
    for name in ["GAMMA-003", "gamma-003", "0018Z00003GAMMAQA5", "0018Z00003GAMMA"] {
        let account = account(name);
        assert!(store.runs().newest_of(&account).await.unwrap().is_some(), "{name}");
        assert!(store.tenants().of_account(&account).await.unwrap().is_some(), "{name}");
        let filter = TaskFilter { account: Some(account), ..TaskFilter::default() };
        assert_eq!(store.tasks().list(filter).await.unwrap().len(), 1, "{name}");
    }
    let again = store.runs().accept(&run("run-2", "gamma-003", "cor-2")).await.unwrap();
    assert_eq!(again, Accepted::Live(Box::new(known)));
}

#[tokio::test]
async fn a_tenant_id_cannot_serve_two_accounts() {
    let (_folder, store) = open();
    store.tenants().create(&tenant("tnt-1", "A"), "hash").await.unwrap();
    store.tenants().create(&tenant("tnt-1", "B"), "hash").await.unwrap_err();
    assert!(store.tenants().of_account(&account("B")).await.unwrap().is_none());
}

#[tokio::test]
async fn state_and_key_are_changed_and_strangers_are_none() {
    let (folder, store) = open();
    let first = tenant("tnt-1", "A");
    store.tenants().create(&first, "hash").await.unwrap();
    let renewed = store.tenants().replace_key(&first.tenant_id, "key-2", "hash-2").await.unwrap().unwrap();
    assert_eq!((renewed.api_key_id.as_str(), renewed.state), ("key-2", TenantState::Active));
    let suspended =
        store.tenants().set_state(&first.tenant_id, TenantState::Suspended).await.unwrap().unwrap();
    assert_eq!(suspended.state, TenantState::Suspended);
    let kept = store.tenants().replace_key(&first.tenant_id, "key-3", "hash-3").await.unwrap().unwrap();
    assert_eq!(kept, suspended, "a suspended tenant gets no key");
    assert_eq!(store.tenants().get(&first.tenant_id).await.unwrap(), Some(suspended));
    let raw = rusqlite::Connection::open(folder.path().join("gangway.db")).unwrap();
    let hash: String = raw.query_row("SELECT key_hash FROM tenants", [], |row| row.get(0)).unwrap();
    assert_eq!(hash, "hash-2");

    let stranger = TenantId::parse("tnt-9").unwrap();
    assert!(store.tenants().set_state(&stranger, TenantState::Active).await.unwrap().is_none());
    assert!(store.tenants().replace_key(&stranger, "k", "h").await.unwrap().is_none());
}

#[tokio::test]
async fn tenants_are_paged_by_id() {
    let (_folder, store) = open();
    for number in [3, 1, 2] {
        let made = tenant(&format!("tnt-{number}"), &format!("A{number}"));
        store.tenants().create(&made, "hash").await.unwrap();
    }
    let page = store.tenants().list(None, 2).await.unwrap();
    assert_eq!(page.iter().map(|tenant| tenant.tenant_id.as_str()).collect::<Vec<_>>(), ["tnt-1", "tnt-2"]);
    let rest = store.tenants().list(page.last().map(|tenant| &tenant.tenant_id), 2).await.unwrap();
    assert_eq!(rest.iter().map(|tenant| tenant.tenant_id.as_str()).collect::<Vec<_>>(), ["tnt-3"]);
}
