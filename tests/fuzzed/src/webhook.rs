//! Webhooks: the signatures of Standard Webhooks, `X-Hub-Signature-256`, DocuSign Connect and Slack, and the bodies they
//! prove; the Outbound Messages of Salesforce.
//!
//! Input: one byte that says which, then the body. Where a signature is asked for, one is made with a key of ours, so that
//! the fuzzer gets past it; that it cannot make one itself is tried by headers it writes whole.

use crate::assert_is_readable;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gangway_intake::onboarding::{Event, Headers, LONGEST_ID, Proof};
use gangway_intake::signature::{is_docusign, sign_standard};
use gangway_intake::slack::Pressed;
use gangway_intake::{Disbelief, Doubt, Key, docusign, outbound_message, slack};
use hmac::{Hmac, Mac as _};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use std::sync::OnceLock;

/// The bytes are `an onboarding event's secret..`.
const STANDARD_SECRET: &str = "whsec_YW4gb25ib2FyZGluZyBldmVudCdzIHNlY3JldC4u";
const STANDARD_KEY: &[u8] = b"an onboarding event's secret..";
const PLAIN_SECRET: &str = "a secret for plain HMAC schemes";
const ORGANIZATION: &str = "00D8Z000001abcd";
const SECONDS: i64 = 1_767_225_600;

/// Tries one input.
pub fn check(input: &[u8]) {
    let Some((kind, body)) = input.split_first() else { return };
    match kind % 6 {
        0 => standard(body),
        1 => hub(body),
        2 => connect(body),
        3 => outbound(body),
        4 => pressed(body),
        _ => forged(body),
    }
}

fn keys() -> &'static [Key] {
    static KEYS: OnceLock<Vec<Key>> = OnceLock::new();
    KEYS.get_or_init(|| {
        [format!("crm:{STANDARD_SECRET}"), format!("ci:{PLAIN_SECRET}")]
            .map(|secret| Key::parse(&SecretString::from(secret)).unwrap())
            .into()
    })
}

fn now() -> Timestamp {
    Timestamp::from_second(SECONDS).unwrap()
}

fn plain_hmac(parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(PLAIN_SECRET.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The body with one bit turned, which the body itself chooses; a longer one where there is nothing to turn.
fn tampered(body: &[u8]) -> Vec<u8> {
    let mut other = body.to_vec();
    let sum: usize = body.iter().map(|byte| usize::from(*byte)).sum();
    match other.len() {
        0 => other.push(0),
        length => {
            if let Some(byte) = other.get_mut(sum % length) {
                *byte ^= 1 << (sum % 8);
            }
        }
    }
    other
}

fn unreadable(doubt: &Doubt) {
    match doubt {
        Doubt::Unreadable(why) => assert_is_readable(why),
        Doubt::Disbelieved(_) => panic!("a body was disbelieved after its signature was believed"),
    }
}

/// What was read is read again from what it is written as.
fn survives_writing<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let written = serde_json::to_vec(value).unwrap();
    assert_eq!(&serde_json::from_slice::<T>(&written).unwrap(), value);
}

fn event(proof: Proof<'_>, body: &[u8]) {
    let first: Result<(Event, String), Doubt> = proof.event(body);
    assert_eq!(first, proof.event(body), "two readings differ");
    match first {
        Ok((event, id)) => {
            survives_writing(&event);
            assert!(!id.is_empty() && id.len() <= LONGEST_ID, "the event's id is {id:?}");
        }
        Err(doubt) => unreadable(&doubt),
    }
}

fn standard(body: &[u8]) {
    let timestamp = SECONDS.to_string();
    let signatures = sign_standard(STANDARD_KEY, "evt_1", SECONDS, body).unwrap();
    let headers =
        Headers { id: Some("evt_1"), timestamp: Some(&timestamp), signatures: Some(&signatures), hub: None };
    let proof = headers.proof(body, keys(), now()).unwrap();
    assert_eq!(proof, Proof { sender: "crm", id: Some("evt_1") });
    assert_eq!(headers.proof(&tampered(body), keys(), now()), Err(Disbelief::Wrong));
    let later = now() + SignedDuration::from_secs(301);
    assert_eq!(headers.proof(body, keys(), later), Err(Disbelief::Stale));
    event(proof, body);
}

fn hub(body: &[u8]) {
    let signature = format!("sha256={}", hex(&plain_hmac(&[body])));
    let headers = Headers { hub: Some(&signature), ..Headers::default() };
    let proof = headers.proof(body, keys(), now()).unwrap();
    assert_eq!(proof, Proof { sender: "ci", id: None });
    assert_eq!(headers.proof(&tampered(body), keys(), now()), Err(Disbelief::Wrong));
    event(proof, body);
}

fn connect(body: &[u8]) {
    let signature = STANDARD.encode(plain_hmac(&[body]));
    assert!(is_docusign(&["AAAA", &signature], body, keys()));
    assert!(!is_docusign(&["AAAA", &signature], &tampered(body), keys()));
    match docusign::Event::read(body) {
        Ok(event) => {
            survives_writing(&event);
            assert!(event.id().contains(&event.data.envelope_id));
        }
        Err(doubt) => unreadable(&doubt),
    }
}

fn outbound(body: &[u8]) {
    let read = outbound_message::read(body, ORGANIZATION);
    assert_eq!(read, outbound_message::read(body, ORGANIZATION), "two readings differ");
    match read {
        Ok(notifications) => {
            assert!((1..=100).contains(&notifications.len()));
            for notification in notifications {
                let id = notification.id;
                assert!(!id.is_empty() && id.len() <= LONGEST_ID, "a notification's id is {id:?}");
            }
            let other = outbound_message::read(body, "00D8Z000001abce");
            assert_eq!(other, Err(Doubt::Disbelieved(Disbelief::Wrong)), "believed for two organizations");
        }
        Err(Doubt::Unreadable(why)) => assert_is_readable(&why),
        Err(Doubt::Disbelieved(disbelief)) => assert_eq!(disbelief, Disbelief::Wrong),
    }
}

fn pressed(body: &[u8]) {
    let timestamp = SECONDS.to_string();
    let head = format!("v0:{timestamp}:");
    let signature = format!("v0={}", hex(&plain_hmac(&[head.as_bytes(), body])));
    let headers = slack::Headers { timestamp: Some(&timestamp), signature: Some(&signature) };
    assert_eq!(headers.prove(body, PLAIN_SECRET, now()), Ok(()));
    assert_eq!(headers.prove(&tampered(body), PLAIN_SECRET, now()), Err(Disbelief::Wrong));
    assert!(headers.prove(body, PLAIN_SECRET, now() + SignedDuration::from_secs(301)).is_err());
    match Pressed::read(body) {
        Ok(pressed) => {
            assert_eq!(Pressed::read(body), Ok(pressed.clone()), "two readings differ");
            let answers_to_slack = |url: String| url.starts_with("https://hooks.slack.com/");
            assert!(pressed.answer_to.is_none_or(answers_to_slack), "an answer would go elsewhere");
        }
        Err(doubt) => unreadable(&doubt),
    }
}

/// Headers and body as lines of the input's own: nobody without a key is believed.
fn forged(input: &[u8]) {
    let mut parts = input.splitn(5, |byte| *byte == b'\n');
    let mut header = || parts.next().and_then(|line| std::str::from_utf8(line).ok());
    let (id, timestamp, signatures, other) = (header(), header(), header(), header());
    let body = parts.next().unwrap_or_default();
    let told = Headers { id, timestamp, signatures, hub: None };
    assert!(told.proof(body, keys(), now()).is_err(), "a Standard Webhooks signature was forged");
    let told = Headers { hub: other, ..Headers::default() };
    assert!(told.proof(body, keys(), now()).is_err(), "a hub signature was forged");
    let told = slack::Headers { timestamp, signature: other };
    assert!(told.prove(body, PLAIN_SECRET, now()).is_err(), "a signature of Slack's was forged");
    let told: Vec<&str> = [id, timestamp, signatures, other].into_iter().flatten().collect();
    assert!(!is_docusign(&told, body, keys()), "a signature of DocuSign's was forged");
}
