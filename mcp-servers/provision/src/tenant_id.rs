//! Derives a tenant's id from its account's id: readable, usable as a DNS label, and different for different accounts.
//!
//! Pure. Whether the account already has a tenant is the store's business.

use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::ids::IdError;
use gangway_protocol::{AccountId, TenantId};

const PREFIX: &str = "tnt-";
/// RFC 1035 section 2.3.4: a label of a domain name has at most 63 bytes, and the id is one in the login URL.
const MAX_LABEL_BYTES: usize = 63;
/// 48 bits: a collision needs two accounts with the same readable part and the same digest.
const SUFFIX_HEX: usize = 12;
/// Never part of a readable id without suffix, so an id with suffix cannot meet one without.
const SEPARATOR: &str = "--";

/// The tenant id of an account: `tnt-` and the account id in lower case, followed by `--` and a digest when
/// that form alone would lose something of the account id.
///
/// # Errors
/// Never for a valid account id; the error is that of [`TenantId::parse`].
pub(crate) fn tenant_id_of(account_id: &AccountId) -> Result<TenantId, IdError> {
    let account = account_id.as_str();
    let readable: String = account
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    if loses_nothing(account) {
        return TenantId::parse(format!("{PREFIX}{readable}"));
    }
    let room = MAX_LABEL_BYTES - PREFIX.len() - SEPARATOR.len() - SUFFIX_HEX;
    let readable: String = readable.chars().take(room).collect();
    let digest = digest_bytes(account.as_bytes());
    let suffix: String = digest.trim_start_matches("sha256:").chars().take(SUFFIX_HEX).collect();
    TenantId::parse(format!("{PREFIX}{readable}{SEPARATOR}{suffix}"))
}

/// Upper-case letters, digits and single inner hyphens: lower-casing these can be undone.
fn loses_nothing(account: &str) -> bool {
    account.len() <= MAX_LABEL_BYTES - PREFIX.len()
        && account.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
        && !account.contains(SEPARATOR)
        && !account.starts_with('-')
        && !account.ends_with('-')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::tenant_id_of;
    use gangway_protocol::AccountId;
    use std::collections::BTreeSet;

    fn id(account: &str) -> String {
        tenant_id_of(&AccountId::parse(account).unwrap()).unwrap().into()
    }

    #[test]
    fn a_business_id_stays_readable() {
        assert_eq!(id("ACME-001"), "tnt-acme-001");
        assert_eq!(id("0018Z00003ACMEQAA2"), "tnt-0018z00003acmeqaa2");
    }

    #[test]
    fn ids_that_look_alike_stay_apart() {
        let long = "X".repeat(80);
        let alike = [
            "ACME-001",
            "acme-001",
            "Acme-001",
            "ACME_001",
            "ACME.001",
            "ACME:001",
            "ACME--001",
            "-ACME-001",
            "ACME-001-",
            long.as_str(),
            &long[..79],
            &long[..60],
        ];
        let ids: BTreeSet<String> = alike.iter().map(|account| id(account)).collect();
        assert_eq!(ids.len(), alike.len());
    }

    #[test]
    fn an_account_cannot_be_named_after_another_ones_suffixed_id() {
        let suffixed = id("acme-001");
        let imitation = suffixed.trim_start_matches("tnt-").to_ascii_uppercase();
        assert_ne!(id(&imitation), suffixed);
    }

    #[test]
    fn every_id_is_a_dns_label_with_room_for_a_task_code() {
        for account in ["A", "a.b:c_d", &"X".repeat(80), &"x:".repeat(40), "---0"] {
            let id = id(account);
            assert!(id.len() <= 63, "{id}");
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{id}");
            assert!(id.ends_with(|c: char| c.is_ascii_alphanumeric()), "{id}");
        }
    }
}
