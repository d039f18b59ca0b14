//! Who sent this body: the signatures of Standard Webhooks, of GitHub's `X-Hub-Signature-256` (what Salesforce Apex can
//! make) and of DocuSign Connect. Pure: headers, body, keys and the time are handed in.
//!
//! Every comparison is the one of `hmac`, which takes the same time whatever differs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use sha2::Sha256;

/// How far a signed time may be from ours (Standard Webhooks).
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// A sender who names none.
const ONLY_SENDER: &str = "default";
const PREFIX: &str = "whsec_";
/// Fewer could be guessed. Standard Webhooks asks for 24 to 64.
const SHORTEST_KEY: usize = 16;

/// Why a body is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disbelief {
    /// No signature that we know is there.
    Unsigned,
    /// Headers of the scheme are missing, double or unreadable.
    Malformed,
    /// Signed at a time too far from ours: old, or from the future.
    Stale,
    /// No key of ours made it.
    Wrong,
}

/// One key and whose it is.
pub struct Key {
    sender: String,
    /// For Standard Webhooks; only a `whsec_` secret has one.
    standard: Option<SecretSlice<u8>>,
    /// For plain HMAC schemes: the secret's own bytes.
    plain: SecretSlice<u8>,
}

impl Key {
    /// Reads `SECRET` or `SENDER:SECRET`.
    ///
    /// # Errors
    /// Says what is wrong without the secret.
    pub fn parse(text: &SecretString) -> Result<Self, String> {
        let text = text.expose_secret();
        let (sender, secret) = match text.split_once(':') {
            Some((sender, secret)) if is_name(sender) => (sender, secret),
            _ => (ONLY_SENDER, text),
        };
        let standard = match secret.strip_prefix(PREFIX) {
            None => None,
            Some(encoded) => Some(STANDARD.decode(encoded).map_err(|_| {
                format!(
                    "a secret of {sender} begins with {PREFIX} but goes on with something that is not base64"
                )
            })?),
        };
        if standard.as_deref().unwrap_or(secret.as_bytes()).len() < SHORTEST_KEY {
            return Err(format!(
                "a secret of {sender} is shorter than {SHORTEST_KEY} bytes; make one with: printf 'whsec_%s\\n' \"$(openssl rand -base64 32)\""
            ));
        }
        Ok(Self {
            sender: sender.to_owned(),
            standard: standard.map(SecretSlice::from),
            plain: SecretSlice::from(secret.as_bytes().to_vec()),
        })
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whether this is the HMAC-SHA256 of the parts, one after the other.
pub fn is_hmac(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(signature).is_ok()
}

/// The three headers of Standard Webhooks.
pub struct Standard<'a> {
    /// `webhook-id`
    pub id: &'a str,
    /// `webhook-timestamp`, seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: several, separated by spaces.
    pub signatures: &'a str,
}

impl Standard<'_> {
    /// The sender whose key signed this id, time and body. The time is looked at after the signature, so that somebody
    /// without a key learns nothing about our clock.
    ///
    /// # Errors
    /// [`Disbelief`].
    pub fn sender<'k>(&self, body: &[u8], keys: &'k [Key], now: Timestamp) -> Result<&'k str, Disbelief> {
        let signatures: Vec<Vec<u8>> = self
            .signatures
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .collect();
        let signed = [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", body];
        let is_its = |key: &&Key| {
            let Some(standard) = &key.standard else { return false };
            signatures.iter().any(|signature| is_hmac(standard.expose_secret(), &signed, signature))
        };
        let key = keys.iter().find(is_its).ok_or(Disbelief::Wrong)?;
        let seconds = self.timestamp.parse().map_err(|_| Disbelief::Malformed)?;
        let signed_at = Timestamp::from_second(seconds).map_err(|_| Disbelief::Malformed)?;
        if signed_at.duration_since(now).abs() > TOLERANCE {
            return Err(Disbelief::Stale);
        }
        Ok(&key.sender)
    }
}

/// The sender whose key made `X-Hub-Signature-256`. It covers the body only: it says neither when nor which.
///
/// # Errors
/// [`Disbelief`].
pub fn hub_sender<'k>(header: &str, body: &[u8], keys: &'k [Key]) -> Result<&'k str, Disbelief> {
    let signature = header.strip_prefix("sha256=").and_then(unhex).ok_or(Disbelief::Malformed)?;
    let key = keys.iter().find(|key| is_hmac(key.plain.expose_secret(), &[body], &signature));
    key.map(|key| key.sender.as_str()).ok_or(Disbelief::Wrong)
}

/// Whether one of the `X-DocuSign-Signature-N` headers was made by one of the keys.
pub fn is_docusign(headers: &[&str], body: &[u8], keys: &[Key]) -> bool {
    let signatures: Vec<Vec<u8>> = headers.iter().filter_map(|header| STANDARD.decode(header).ok()).collect();
    signatures
        .iter()
        .any(|signature| keys.iter().any(|key| is_hmac(key.plain.expose_secret(), &[body], signature)))
}

/// The bytes of hexadecimal digits, two for each.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// `webhook-signature` for these headers and body.
pub fn sign_standard(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests;
