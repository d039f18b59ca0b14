//! The provisioning server: makes, suspends and shows tenants in our own store.
//!
//! Both writes demand a grant and nothing here can make one: the server holds only the public key. It decides nothing
//! about a customer. The key secret of a tenant is made and shown by [`issue_credentials`], which is no tool.

mod credentials;
mod settings;
mod tenant_id;
mod tools;

pub use credentials::{Credentials, CredentialsError, issue_credentials};
pub use settings::{LoginUrl, LoginUrlError, Settings};

use ed25519_dalek::VerifyingKey;
use gangway_governance::Server;
use gangway_protocol::System;
use gangway_protocol::tools::provision::{CreateTenant, GetTenant, ListTenants, SuspendTenant};
use gangway_store::Store;
use jiff::Timestamp;
use std::sync::Arc;

/// What every tool of this server works with.
struct Desk {
    store: Store,
    login_url: LoginUrl,
    grant_key: VerifyingKey,
    clock: fn() -> Timestamp,
}

/// The server. `grant_key` verifies the coordinator's grants, `clock` says whether they are fresh.
#[must_use]
pub fn server(settings: Settings, store: Store, grant_key: VerifyingKey, clock: fn() -> Timestamp) -> Server {
    let desk = Arc::new(Desk { store, login_url: settings.login_url, grant_key, clock });
    let of = |desk: &Arc<Desk>| Arc::clone(desk);
    let (may_create, create, may_suspend, suspend) = (of(&desk), of(&desk), of(&desk), of(&desk));
    let (get, list) = (of(&desk), desk);
    Server::new(
        System::Provision,
        "Provisioning",
        "Tenants of the product, one per account. Reading is free; making or suspending one needs a signed grant that only an onboarding run or an operator can obtain.",
    )
    .guarded::<CreateTenant, _, _, _, _>(
        move |args, call| tools::create_tenant::granted(&may_create, args, call),
        move |run_id, args, call| tools::create_tenant::run(of(&create), run_id, args, call),
    )
    .guarded::<SuspendTenant, _, _, _, _>(
        move |args, call| tools::suspend_tenant::granted(&may_suspend, args, call),
        move |(), args, call| tools::suspend_tenant::run(of(&suspend), args, call),
    )
    .tool::<GetTenant, _, _>(move |args, call| tools::get_tenant::run(of(&get), args, call))
    .tool::<ListTenants, _, _>(move |args, call| tools::list_tenants::run(of(&list), args, call))
}
