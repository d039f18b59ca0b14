//! An issuer's keys over real HTTP: asked for once, not for every made-up key id, and only good for what they say.

use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gangway_governance::{Issuer, KeySource};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const SEED: [u8; 32] = [3; 32];
const ISSUER: &str = "https://login.example";
const RESOURCE: &str = "https://gangway.example/mcp/tasks";

/// A key set at an address, and how often it was asked for.
async fn published(keys: Value) -> (KeySource, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let router = Router::new().route(
        "/jwks",
        get(async move || {
            count.fetch_add(1, Ordering::SeqCst);
            Json(keys)
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (KeySource::url(&url).unwrap(), asked)
}

fn key(more: Value) -> Value {
    let public = ed25519_dalek::SigningKey::from_bytes(&SEED).verifying_key().to_bytes();
    let mut key = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(public), "kid": "one"});
    for (name, value) in more.as_object().unwrap() {
        key[name] = value.clone();
    }
    key
}

fn token(kid: &str, typ: &str) -> String {
    token_of(&json!(ISSUER), kid, typ)
}

fn token_of(issuer: &Value, kid: &str, typ: &str) -> String {
    signed(json!({"iss": issuer, "sub": "ada", "azp": "desk"}), kid, typ)
}

fn signed(mut claims: Value, kid: &str, typ: &str) -> String {
    let prefix =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let signing = EncodingKey::from_ed_der(&[prefix.as_slice(), SEED.as_slice()].concat());
    let header =
        Header { kid: Some(kid.to_owned()), typ: Some(typ.to_owned()), ..Header::new(Algorithm::EdDSA) };
    claims["aud"] = json!(RESOURCE);
    claims["scp"] = json!(["tasks:read"]);
    claims["exp"] = json!(Timestamp::now().as_second() + 60);
    jsonwebtoken::encode(&header, &claims, &signing).unwrap()
}

async fn issuer(keys: Value) -> (Issuer, Arc<AtomicU32>) {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (source, asked) = published(keys).await;
    (Issuer::new(ISSUER, source, gangway_governance::vendor::http_client().unwrap()), asked)
}

#[tokio::test]
async fn keys_are_fetched_once_and_made_up_key_ids_ask_for_nothing() {
    let (issuer, asked) =
        issuer(json!({"keys": [{"kty": "future", "kid": "x"}, key(json!({"use": "sig"}))]})).await;
    for _ in 0..3 {
        let host = issuer.open(&token("one", "at+jwt"), RESOURCE).await.unwrap();
        assert_eq!(host.to_string(), "host:desk ada");
    }
    for made_up in ["two", "three", "four"] {
        assert!(issuer.open(&token(made_up, "JWT"), RESOURCE).await.is_err());
    }
    assert!(issuer.open(&token("one", "at+jwt"), "https://gangway.example/mcp/notify").await.is_err());
    assert!(issuer.open(&token("one", "secevent+jwt"), RESOURCE).await.is_err(), "another kind of token");
    let shared = token_of(&json!([ISSUER, "https://elsewhere.example"]), "one", "JWT");
    assert!(issuer.open(&shared, RESOURCE).await.is_err(), "a token has one issuer");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn whom_a_token_speaks_for_is_never_kept_or_told_as_a_mail_address() {
    let (issuer, _) = issuer(json!({"keys": [key(json!({}))]})).await;
    let open = async |sub: Value, client: Value| {
        let claims = json!({"iss": ISSUER, "sub": sub, "client_id": client});
        let opened = issuer.open(&signed(claims, "one", "JWT"), RESOURCE).await;
        opened.map(|host| host.to_string()).map_err(|error| error.to_string())
    };
    let mut names = Vec::new();
    for sub in ["jane.doe@acme.example", "joe.doe@acme.example", "auth0|jane@acme.example", "+491701234567"] {
        let name = open(json!(sub), json!("desk")).await.unwrap();
        assert!(
            name.starts_with("host:desk sub-") && !name.contains('@') && !name.contains("4917"),
            "{name}"
        );
        assert_eq!(open(json!(sub), json!("desk")).await.unwrap(), name, "the same one each time");
        names.push(name);
    }
    names.dedup();
    assert_eq!(names.len(), 4, "nobody is taken for another: {names:?}");
    assert_eq!(open(json!("248289761001"), json!("desk")).await.unwrap(), "host:desk 248289761001");

    for (sub, client) in [
        (json!("Jane Doe hunter2"), json!("desk")),
        (json!("ada"), json!("hunter2 desk")),
        (json!(["hunter2"]), json!("desk")),
        (json!("ada"), json!({"hunter2": 1})),
    ] {
        let refusal = open(sub, client).await.unwrap_err();
        assert!(!refusal.contains("hunter2") && !refusal.contains("Jane"), "{refusal}");
    }
}

#[tokio::test]
async fn a_key_that_is_for_something_else_verifies_nothing() {
    for more in [
        json!({"use": "enc"}),
        json!({"alg": "RS256"}),
        json!({"key_ops": ["encrypt"]}),
        json!({"crv": "P-256"}),
    ] {
        let (issuer, _) = issuer(json!({"keys": [key(more.clone())]})).await;
        assert!(issuer.open(&token("one", "JWT"), RESOURCE).await.is_err(), "{more}");
    }
}
