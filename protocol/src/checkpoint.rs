//! Checkpoints of the audit: signed words that the chain had this hash at this position at this time.
//!
//! They are kept where the audit is not, so that whoever can write the audit's database, and has no key, can neither cut its
//! end nor write it anew. Each names the one before, so that none in the middle can be taken away. Time and keys are handed in;
//! which checkpoints an audit fulfils is the store's to say.

use crate::canonical::{digest_bytes, to_canonical};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `previous` of the first checkpoint.
pub const NO_CHECKPOINT: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// What a public key's 32 bytes stand behind in DER (RFC 8410, `SubjectPublicKeyInfo` of Ed25519).
const SPKI_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_END: &str = "-----END PUBLIC KEY-----";

/// Entries that a restore gave up: the backup did not have them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GivenUp {
    /// The last position the backup had. Checkpoints of before that speak of later ones are void.
    pub after: u64,
    /// When the backup was made.
    pub backup_at: Timestamp,
}

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attested {
    /// Counts checkpoints, from 1, without gaps.
    pub number: u64,
    /// Digest of the checkpoint before, signature included; all zeros for the first.
    pub previous: String,
    /// The newest entry's position. Positions have no gaps, so this is how many entries there are, too.
    pub seq: u64,
    /// The newest entry's hash.
    pub head: String,
    /// When.
    pub at: Timestamp,
    /// Set on the first checkpoint after a restore, and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<GivenUp>,
}

/// A signed checkpoint, as it stands in a line of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checkpoint {
    /// What it says.
    #[serde(flatten)]
    pub attested: Attested,
    /// Which key signed it.
    pub key_id: String,
    /// Ed25519 over the canonical JSON of everything else, in base64.
    pub signature: String,
}

/// Why a text holds no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// No PEM block of the right kind.
    #[error("no Ed25519 public key in PEM form ({PEM_BEGIN} …): gangway audit key prints one")]
    None,
    /// A block that is none of ours.
    #[error("a public key that is not Ed25519, or is damaged")]
    Unreadable,
}

impl Checkpoint {
    /// Signs it.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which each can.
    pub fn sign(attested: Attested, key: &SigningKey) -> Result<Self, serde_json::Error> {
        let key_id = key_id(&key.verifying_key());
        let signature = key.sign(&signed_bytes(&attested, &key_id)?);
        Ok(Self { attested, key_id, signature: STANDARD.encode(signature.to_bytes()) })
    }

    /// Whether one of these keys signed exactly this.
    #[must_use]
    pub fn is_signed_by_one_of(&self, keys: &[VerifyingKey]) -> bool {
        let Some(key) = keys.iter().find(|key| key_id(key) == self.key_id) else { return false };
        let signature = STANDARD.decode(&self.signature).ok();
        let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok());
        match (signature, signed_bytes(&self.attested, &self.key_id)) {
            (Some(signature), Ok(bytes)) => key.verify_strict(&bytes, &signature).is_ok(),
            (_, Err(_)) | (None, _) => false,
        }
    }

    /// Its line, in canonical JSON, without the line's end.
    ///
    /// # Errors
    /// As [`Checkpoint::sign`].
    pub fn line(&self) -> Result<String, serde_json::Error> {
        to_canonical(self).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What the next one names it by.
    ///
    /// # Errors
    /// As [`Checkpoint::sign`].
    pub fn digest(&self) -> Result<String, serde_json::Error> {
        self.line().map(|line| digest_bytes(line.as_bytes()))
    }
}

#[derive(Serialize)]
struct Signed<'a> {
    #[serde(flatten)]
    attested: &'a Attested,
    key_id: &'a str,
}

fn signed_bytes(attested: &Attested, key_id: &str) -> Result<Vec<u8>, serde_json::Error> {
    to_canonical(&Signed { attested, key_id })
}

/// A short name of a key: the first 16 hexadecimal digits of its SHA-256.
#[must_use]
pub fn key_id(key: &VerifyingKey) -> String {
    digest_bytes(key.as_bytes()).chars().skip("sha256:".len()).take(16).collect()
}

/// The key as auditors keep it, and as `openssl pkeyutl -verify -pubin` reads it.
#[must_use]
pub fn public_key_pem(key: &VerifyingKey) -> String {
    let der = [SPKI_HEAD.as_slice(), key.as_bytes()].concat();
    format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode(der))
}

/// Every key of a text: one, or several after the key was changed.
///
/// # Errors
/// [`PublicKeyError`].
pub fn public_keys(text: &str) -> Result<Vec<VerifyingKey>, PublicKeyError> {
    let blocks = text.split(PEM_BEGIN).skip(1);
    let keys: Vec<VerifyingKey> = blocks.map(public_key).collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(PublicKeyError::None) } else { Ok(keys) }
}

fn public_key(block: &str) -> Result<VerifyingKey, PublicKeyError> {
    let (body, _) = block.split_once(PEM_END).ok_or(PublicKeyError::Unreadable)?;
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| PublicKeyError::Unreadable)?;
    let bytes = der.strip_prefix(SPKI_HEAD.as_slice()).ok_or(PublicKeyError::Unreadable)?;
    let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| PublicKeyError::Unreadable)?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| PublicKeyError::Unreadable)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

    use super::{Attested, Checkpoint, GivenUp, NO_CHECKPOINT, PublicKeyError, public_key_pem, public_keys};
    use ed25519_dalek::SigningKey;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn signed() -> Checkpoint {
        let attested = Attested {
            number: 1,
            previous: NO_CHECKPOINT.to_owned(),
            seq: 7,
            head: "sha256:07".to_owned(),
            at: "2026-01-02T03:04:05Z".parse().unwrap(),
            restored: None,
        };
        Checkpoint::sign(attested, &key(1)).unwrap()
    }

    #[test]
    fn it_holds_for_its_own_key_and_its_own_words_only() {
        let ours = key(1).verifying_key();
        assert!(signed().is_signed_by_one_of(&[key(2).verifying_key(), ours]));
        assert!(!signed().is_signed_by_one_of(&[key(2).verifying_key()]));
        assert!(!signed().is_signed_by_one_of(&[]));
        let mut later = signed();
        later.attested.seq = 8;
        let mut restored = signed();
        restored.attested.restored = Some(GivenUp { after: 3, backup_at: signed().attested.at });
        let mut renamed = signed();
        renamed.signature.clear();
        for altered in [later, restored, renamed] {
            assert!(!altered.is_signed_by_one_of(&[ours]));
        }
    }

    #[test]
    fn a_line_is_read_back_as_it_was() {
        let line = signed().line().unwrap();
        assert_eq!(serde_json::from_str::<Checkpoint>(&line).unwrap(), signed());
        assert!(line.starts_with(r#"{"at":"2026-01-02T03:04:05Z","head":"#), "{line}");
    }

    #[test]
    fn keys_travel_as_pem() {
        let (one, two) = (key(1).verifying_key(), key(2).verifying_key());
        let text = format!("an auditor's note\n{}{}", public_key_pem(&one), public_key_pem(&two));
        assert_eq!(public_keys(&text).unwrap(), [one, two]);
        assert_eq!(public_keys("nothing"), Err(PublicKeyError::None));
        let damaged = public_key_pem(&one).replace("MCow", "MCox");
        assert_eq!(public_keys(&damaged), Err(PublicKeyError::Unreadable));
    }
}
