//! The grant: a short-lived signed permission to change provisioning, given by the coordinator to one action.
//!
//! Shape on the wire: `base64url(claims JSON) "." base64url(Ed25519 signature over those bytes)`. The coordinator
//! seals; provision opens and holds only the public key. Time is handed in. Keys are made and kept elsewhere.

use crate::audit::AuditRecord;
use crate::{AccountId, Actor, RunId, TenantId, Tier};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How long a grant may be used. Minted inside the step that spends it, so seconds would do; a minute allows a slow vendor.
pub const GRANT_LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// How far a clock may run ahead of the coordinator's.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(5);

/// What the grant allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum GrantedAction {
    /// Make the tenant of this account in this tier.
    CreateTenant {
        /// The account.
        account_id: AccountId,
        /// The tier.
        tier: Tier,
    },
    /// Suspend this tenant.
    SuspendTenant {
        /// The tenant.
        tenant_id: TenantId,
    },
}

/// Why the action is allowed. BLOCK has no variant: nothing can be granted on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "basis", rename_all = "snake_case")]
pub enum GrantBasis {
    /// The decision was PROCEED.
    Proceed {
        /// The run.
        run_id: RunId,
        /// The facts it was decided on.
        facts_digest: String,
    },
    /// The decision was ESCALATE and a person approved.
    Approved {
        /// The run.
        run_id: RunId,
        /// The facts it was decided on.
        facts_digest: String,
        /// The approval.
        approval_id: String,
    },
    /// A person at the command line, outside any run.
    Operator {
        /// Who.
        name: String,
    },
}

/// What a grant says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What is allowed.
    pub action: GrantedAction,
    /// Why.
    pub basis: GrantBasis,
    /// From when.
    pub issued_at: Timestamp,
    /// Until when, exclusive.
    pub expires_at: Timestamp,
}

/// A sealed grant as it travels. Never logged, never journaled.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, extend("x-redact" = "secret", "maxLength" = 4096))]
pub struct SealedGrant(String);

impl fmt::Debug for SealedGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Why a grant was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Not two base64url parts around a dot, or not our claims.
    #[error("the grant cannot be read")]
    Unreadable,
    /// Not signed by the coordinator's key.
    #[error("the grant's signature does not verify")]
    BadSignature,
    /// Too old.
    #[error("the grant expired at {0}")]
    Expired(Timestamp),
    /// Issued in the future.
    #[error("the grant is not valid before {0}")]
    NotYetValid(Timestamp),
    /// For another action, account, tenant or tier.
    #[error("the grant is for other arguments")]
    OtherArguments,
}

impl Grant {
    /// A grant for `action` from `now` on.
    #[must_use]
    pub fn new(action: GrantedAction, basis: GrantBasis, now: Timestamp) -> Self {
        let expires_at = now.checked_add(GRANT_LIFETIME).unwrap_or(Timestamp::MAX);
        Self { action, basis, issued_at: now, expires_at }
    }

    /// The audit's line that `by` made it. The call that spends it, or is refused with it, has a line of its own.
    #[must_use]
    pub fn minted(&self, by: &Actor) -> AuditRecord {
        let claims = serde_json::to_value(self).unwrap_or_default();
        AuditRecord::done("grants.mint", by, claims, self.issued_at)
    }

    /// Signs it.
    ///
    /// # Errors
    /// [`GrantError::Unreadable`] if the claims cannot be written as JSON, which none of ours do.
    pub fn seal(&self, key: &SigningKey) -> Result<SealedGrant, GrantError> {
        let claims = serde_json::to_vec(self).map_err(|_| GrantError::Unreadable)?;
        let signature = key.sign(&claims);
        Ok(SealedGrant(format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(&claims),
            URL_SAFE_NO_PAD.encode(signature.to_bytes())
        )))
    }
}

impl SealedGrant {
    /// Opens the grant and checks that it allows exactly `wanted` at `now`.
    ///
    /// # Errors
    /// [`GrantError`], saying which check failed; the signature is checked before anything is believed.
    pub fn open(
        &self,
        key: &VerifyingKey,
        wanted: &GrantedAction,
        now: Timestamp,
    ) -> Result<Grant, GrantError> {
        let (claims, signature) = self.0.split_once('.').ok_or(GrantError::Unreadable)?;
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| GrantError::Unreadable)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| GrantError::Unreadable)?;
        let signature = Signature::from_slice(&signature).map_err(|_| GrantError::BadSignature)?;
        key.verify_strict(&claims, &signature).map_err(|_| GrantError::BadSignature)?;
        let grant: Grant = serde_json::from_slice(&claims).map_err(|_| GrantError::Unreadable)?;
        if now >= grant.expires_at {
            return Err(GrantError::Expired(grant.expires_at));
        }
        if grant.issued_at.duration_since(now) > CLOCK_SKEW {
            return Err(GrantError::NotYetValid(grant.issued_at));
        }
        if grant.action != *wanted {
            return Err(GrantError::OtherArguments);
        }
        Ok(grant)
    }
}

#[cfg(test)]
mod tests;
