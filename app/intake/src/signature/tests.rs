//! The published test vectors, and what must not pass.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{Disbelief, Key, Standard, hub_sender, is_docusign, sign_standard};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

/// https://github.com/standard-webhooks/standard-webhooks: the reference libraries' vector.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn key(text: &str) -> Key {
    Key::parse(&SecretString::from(text)).unwrap()
}

fn vector(signatures: &'static str) -> Standard<'static> {
    Standard { id: ID, timestamp: "1614265330", signatures }
}

fn then() -> Timestamp {
    Timestamp::from_second(1_614_265_330).unwrap()
}

#[test]
fn the_standard_webhooks_vector_verifies() {
    assert_eq!(vector(SIGNATURE).sender(BODY, &[key(SECRET)], then()), Ok("default"));
    let raw = base64::Engine::decode(&super::STANDARD, &SECRET[6..]).unwrap();
    assert_eq!(sign_standard(&raw, ID, 1_614_265_330, BODY).as_deref(), Some(SIGNATURE));
}

#[test]
fn during_a_rotation_old_and_new_keys_verify_and_name_their_sender() {
    let keys = [key("crm:whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), key(&format!("crm:{SECRET}"))];
    assert_eq!(vector(SIGNATURE).sender(BODY, &keys, then()), Ok("crm"));
    let both = "v1,AAAA v1a,zzzz v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(vector(both).sender(BODY, &keys, then()), Ok("crm"));
    assert_eq!(vector(SIGNATURE).sender(BODY, &keys[..1], then()), Err(Disbelief::Wrong));
}

#[test]
fn any_flipped_bit_of_body_or_signature_is_found() {
    let keys = [key(SECRET)];
    for at in 0..BODY.len() * 8 {
        let mut body = BODY.to_vec();
        body[at / 8] ^= 1 << (at % 8);
        assert_eq!(vector(SIGNATURE).sender(&body, &keys, then()), Err(Disbelief::Wrong), "bit {at}");
    }
    let other = Standard { id: "msg_other", ..vector(SIGNATURE) };
    assert_eq!(other.sender(BODY, &keys, then()), Err(Disbelief::Wrong));
    let later = Standard { timestamp: "1614265331", ..vector(SIGNATURE) };
    assert_eq!(later.sender(BODY, &keys, then()), Err(Disbelief::Wrong));
    for short in ["", "v1,", "v1,g0hM", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="] {
        assert_eq!(vector(short).sender(BODY, &keys, then()), Err(Disbelief::Wrong));
    }
}

#[test]
fn a_time_more_than_five_minutes_off_is_stale_on_either_side() {
    let keys = [key(SECRET)];
    for (off, believed) in [(300, true), (301, false), (-300, true), (-301, false)] {
        let verdict = vector(SIGNATURE).sender(BODY, &keys, then() + SignedDuration::from_secs(off));
        assert_eq!(verdict.is_ok(), believed, "{off} s");
    }
}

#[test]
fn the_hub_vector_verifies_and_covers_the_body() {
    let keys = [key("It's a Secret to Everybody")];
    let header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(hub_sender(header, b"Hello, World!", &keys), Ok("default"));
    assert_eq!(hub_sender(header, b"Hello, World?", &keys), Err(Disbelief::Wrong));
    for odd in ["", "sha256=", "sha256=7", "sha256=zz", "sha1=75", "sha256=é"] {
        assert!(hub_sender(odd, b"Hello, World!", &keys).is_err(), "{odd}");
    }
}

#[test]
fn docusign_signs_with_every_active_key_and_any_may_match() {
    // printf '{"event":"x"}' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef -binary | base64
    let signature = "F2XN9GwnfAt9XY1FjXx1UqBeOdcTfIRbdSnZLGJquVE=";
    let keys = [key("0123456789abcdef0123456789abcdef")];
    assert!(is_docusign(&["AAAA", signature], br#"{"event":"x"}"#, &keys));
    assert!(!is_docusign(&["AAAA", signature], br#"{"event":"y"}"#, &keys));
    assert!(!is_docusign(&[], br#"{"event":"x"}"#, &keys));
}

#[test]
fn a_weak_or_broken_secret_is_refused_without_being_shown() {
    for (text, said) in [("qwerty", "shorter"), ("crm:whsec_%%%%", "not base64"), ("whsec_AAAA", "shorter")] {
        let error = Key::parse(&SecretString::from(text)).err().unwrap();
        assert!(error.contains(said) && !error.contains(text), "{error}");
    }
}
