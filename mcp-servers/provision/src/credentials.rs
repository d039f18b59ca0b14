//! Issues a tenant's API key: made here, shown once, kept only as a hash. A repeat replaces the key.
//!
//! No tool: a secret in a tool's answer would lie in every host's transcript. `gangway tenants credentials` calls this.

use crate::tools::create_tenant::new_key_id;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gangway_protocol::TenantId;
use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::tenant::TenantState;
use gangway_store::{Store, StoreError};
use secrecy::SecretString;

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
}

/// Makes a new key for a tenant and gives it out. The key before it, if there was one, is void from then on.
///
/// # Errors
/// [`CredentialsError`]; then nothing changed.
pub async fn issue_credentials(store: &Store, tenant_id: &TenantId) -> Result<Credentials, CredentialsError> {
    let failed = |source| CredentialsError::Store { tenant_id: tenant_id.clone(), source };
    let unknown = || CredentialsError::UnknownTenant(tenant_id.clone());
    let tenant = store.tenants().get(tenant_id).await.map_err(failed)?.ok_or_else(unknown)?;
    match tenant.state {
        TenantState::Active => {}
        TenantState::Suspended => return Err(CredentialsError::Suspended(tenant_id.clone())),
    }
    // rand's default generator is cryptographically secure and seeded by the operating system.
    let key: [u8; KEY_BYTES] = rand::random();
    let secret = format!("gwk_{}", URL_SAFE_NO_PAD.encode(key));
    let key_id = new_key_id();
    // A plain SHA-256 is right here: slow, salted hashes protect guessable passwords, and 256 random bits cannot be
    // guessed at any speed. It also lets a key be looked up by its hash.
    let key_hash = digest_bytes(secret.as_bytes());
    store.tenants().replace_key(tenant_id, &key_id, &key_hash).await.map_err(failed)?.ok_or_else(unknown)?;
    Ok(Credentials { key_id, secret: SecretString::from(secret) })
}
