//! Grants: what opens, and every way in which one must not.

use super::{GRANT_LIFETIME, Grant, GrantBasis, GrantError, GrantedAction, SealedGrant};
use crate::{AccountId, RunId, TenantId, Tier};
use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn create(account: &str, tier: Tier) -> GrantedAction {
    match AccountId::parse(account) {
        Ok(account_id) => GrantedAction::CreateTenant { account_id, tier },
        Err(error) => unreachable!("{error}"),
    }
}

fn basis() -> GrantBasis {
    GrantBasis::Proceed { run_id: RunId::from_uuid(Uuid::nil()), facts_digest: "sha256:00".to_owned() }
}

fn sealed(action: &GrantedAction, now: Timestamp) -> SealedGrant {
    match Grant::new(action.clone(), basis(), now).seal(&key(1)) {
        Ok(grant) => grant,
        Err(error) => unreachable!("{error}"),
    }
}

#[test]
fn opens_for_its_own_action_while_it_is_fresh() {
    let now = Timestamp::UNIX_EPOCH;
    let wanted = create("ACME-001", Tier::Enterprise);
    let last = now + GRANT_LIFETIME - SignedDuration::from_nanos(1);
    let grant = sealed(&wanted, now);
    assert_eq!(grant.open(&key(1).verifying_key(), &wanted, now).map(|g| g.basis), Ok(basis()));
    assert!(grant.open(&key(1).verifying_key(), &wanted, last).is_ok());
}

#[test]
fn is_refused_when_stale_or_from_the_future() {
    let now = Timestamp::UNIX_EPOCH;
    let wanted = create("ACME-001", Tier::Enterprise);
    let grant = sealed(&wanted, now);
    let end = now + GRANT_LIFETIME;
    assert_eq!(grant.open(&key(1).verifying_key(), &wanted, end), Err(GrantError::Expired(end)));
    let early = now - SignedDuration::from_secs(6);
    assert_eq!(grant.open(&key(1).verifying_key(), &wanted, early), Err(GrantError::NotYetValid(now)));
}

#[test]
fn is_refused_for_another_account_tier_or_action() {
    let now = Timestamp::UNIX_EPOCH;
    let grant = sealed(&create("ACME-001", Tier::Enterprise), now);
    let mut others = vec![create("ACME-002", Tier::Enterprise), create("ACME-001", Tier::Growth)];
    if let Ok(tenant_id) = TenantId::parse("ACME-001") {
        others.push(GrantedAction::SuspendTenant { tenant_id });
    }
    assert_eq!(others.len(), 3);
    for other in others {
        assert_eq!(grant.open(&key(1).verifying_key(), &other, now), Err(GrantError::OtherArguments));
    }
}

#[test]
fn is_refused_under_another_key_and_with_any_bit_flipped() {
    let now = Timestamp::UNIX_EPOCH;
    let wanted = create("ACME-001", Tier::Enterprise);
    let grant = sealed(&wanted, now);
    assert_eq!(grant.open(&key(2).verifying_key(), &wanted, now), Err(GrantError::BadSignature));
    for index in 0..grant.0.len() {
        let mut bytes = grant.0.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        let forged = SealedGrant(String::from_utf8_lossy(&bytes).into_owned());
        assert!(forged.open(&key(1).verifying_key(), &wanted, now).is_err(), "byte {index}");
    }
}

#[test]
fn nonsense_is_unreadable_not_a_crash() {
    let wanted = create("ACME-001", Tier::Enterprise);
    for text in ["", ".", "a.b", "€.€", "only-one-part"] {
        assert!(
            SealedGrant(text.to_owned())
                .open(&key(1).verifying_key(), &wanted, Timestamp::UNIX_EPOCH)
                .is_err()
        );
    }
}
