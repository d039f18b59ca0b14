//! The one-time value of an approval: what a Slack button, a link or an MCP request state carries.
//!
//! `<approval id>.<base64url signature>`: signed with the coordinator's key over everything the approval is bound to, so
//! that a value made up, or made for other facts, rules or effects, is not genuine. It proves what is decided on, never
//! who decides. Used once per person: the store keeps [`spent`] of it.

use super::Refused;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use gangway_protocol::canonical::digest_bytes;
use gangway_store::Approval;

/// What is signed. The heading keeps it apart from grants, which the same key signs.
fn bound(approval: &Approval) -> String {
    format!(
        "gangway approval value 1\n{}\n{}\n{}\n{}\n{}\n{}",
        approval.approval_id,
        approval.run_id,
        approval.facts_digest,
        approval.rule_set_digest,
        approval.effects_digest,
        approval.expires_at.as_microsecond()
    )
}

/// The value for this approval.
#[must_use]
pub fn seal(approval: &Approval, key: &SigningKey) -> String {
    let signature = key.sign(bound(approval).as_bytes());
    format!("{}.{}", approval.approval_id, URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// The approval a value claims to be for; nothing is proved by that.
#[must_use]
pub fn claimed(value: &str) -> Option<&str> {
    value.rsplit_once('.').map(|(approval_id, _)| approval_id)
}

/// Checks that the value was made for exactly this approval.
///
/// # Errors
/// [`Refused::TokenForged`].
pub fn check(value: &str, approval: &Approval, key: &VerifyingKey) -> Result<(), Refused> {
    let (approval_id, signature) = value.rsplit_once('.').ok_or(Refused::TokenForged)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refused::TokenForged)?;
    let signature = Signature::from_slice(&signature).map_err(|_| Refused::TokenForged)?;
    if approval_id != approval.approval_id {
        return Err(Refused::TokenForged);
    }
    key.verify_strict(bound(approval).as_bytes(), &signature).map_err(|_| Refused::TokenForged)
}

/// What the store keeps of a value once `who` has used it.
#[must_use]
pub fn spent(value: &str, who: &str) -> String {
    digest_bytes(format!("{value}\n{who}").as_bytes())
}
