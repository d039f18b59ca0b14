//! Issues a tenant's API key: made here, shown once, kept only as a hash. A repeat replaces the key.
//!
//! No tool: a secret in a tool's answer would lie in every host's transcript. `gangway tenants credentials` calls this.

use crate::tools::create_tenant::new_key_id;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gangway_protocol::audit::{AuditMoment, AuditRecord, CallEnd};
use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::tenant::TenantState;
use gangway_protocol::{Actor, TenantId};
use gangway_store::{Store, StoreError};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value};
use std::time::Instant;

/// 256 bits.
const KEY_BYTES: usize = 32;

/// A key, for the one time it is shown.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Names the key; stands on the tenant from now on.
    pub key_id: String,
    /// The key. Nobody can show it again.
    pub secret: SecretString,
}

/// Why no key was issued.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CredentialsError {
    /// No such tenant.
    #[error("there is no tenant {0}; `gangway tenants list` shows them")]
    UnknownTenant(TenantId),
    /// A suspended tenant gets no key.
    #[error("tenant {0} is suspended; no key is issued for it")]
    Suspended(TenantId),
    /// The store failed; the old key still holds.
    #[error("the key of tenant {tenant_id} could not be stored; the old one still holds")]
    Store {
        /// The tenant.
        tenant_id: TenantId,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The key was replaced, but the audit could not say so; the new one is not given out.
    #[error(
        "a new key of tenant {tenant_id} was stored but not recorded, and is not shown; issue another one"
    )]
    Unrecorded {
        /// The tenant.
        tenant_id: TenantId,
        /// Why.
        #[source]
        source: StoreError,
    },
}

impl CredentialsError {
    /// Type and code, as the audit writes them.
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownTenant(_) => "not_found/TENANT_NOT_FOUND",
            Self::Suspended(_) => "validation/TENANT_SUSPENDED",
            Self::Store { .. } | Self::Unrecorded { .. } => "server_error/STORE_UNAVAILABLE",
        }
    }
}

/// Makes a new key for a tenant and gives it out. The key before it, if there was one, is void from then on. `operator`
/// is who asked; the audit keeps the name, the tenant and how it ended.
///
/// # Errors
/// [`CredentialsError`]; then nothing changed, except as [`CredentialsError::Unrecorded`] says.
pub async fn issue_credentials(
    store: &Store,
    tenant_id: &TenantId,
    operator: &Actor,
) -> Result<Credentials, CredentialsError> {
    let began = Instant::now();
    let intent = intent(tenant_id, operator);
    let failed = |source| CredentialsError::Store { tenant_id: tenant_id.clone(), source };
    store.audit().append(intent.clone()).await.map_err(failed)?;
    let issued = replace_key(store, tenant_id).await;
    let end = CallEnd {
        ok: issued.is_ok(),
        replayed: false,
        error: issued.as_ref().err().map(|error| error.code().to_owned()),
        result_digest: None,
        duration_us: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
    };
    let outcome =
        AuditRecord { at: Timestamp::now(), moment: AuditMoment::Outcome, end: Some(end), ..intent };
    match (store.audit().append(outcome).await, issued) {
        // A key whose issue is not on record does not leave this function.
        (Err(source), Ok(_)) => Err(CredentialsError::Unrecorded { tenant_id: tenant_id.clone(), source }),
        (Ok(_), issued) | (Err(_), issued @ Err(_)) => issued,
    }
}

fn intent(tenant_id: &TenantId, operator: &Actor) -> AuditRecord {
    let tenant = ("tenant_id".to_owned(), Value::from(tenant_id.as_str()));
    AuditRecord {
        arguments: Map::from_iter([tenant]),
        ..AuditRecord::intent("provision.issue_credentials", operator, Timestamp::now())
    }
}

async fn replace_key(store: &Store, tenant_id: &TenantId) -> Result<Credentials, CredentialsError> {
    // rand's default generator is cryptographically secure and seeded by the operating system.
    let key: [u8; KEY_BYTES] = rand::random();
    let secret = format!("gwk_{}", URL_SAFE_NO_PAD.encode(key));
    let key_id = new_key_id();
    // A plain SHA-256 is right here: slow, salted hashes protect guessable passwords, and 256 random bits cannot be
    // guessed at any speed. It also lets a key be looked up by its hash.
    let key_hash = digest_bytes(secret.as_bytes());
    let replaced = store.tenants().replace_key(tenant_id, &key_id, &key_hash).await;
    let replaced =
        replaced.map_err(|source| CredentialsError::Store { tenant_id: tenant_id.clone(), source })?;
    match replaced.map(|tenant| tenant.state) {
        None => Err(CredentialsError::UnknownTenant(tenant_id.clone())),
        Some(TenantState::Suspended) => Err(CredentialsError::Suspended(tenant_id.clone())),
        Some(TenantState::Active) => Ok(Credentials { key_id, secret: SecretString::from(secret) }),
    }
}
