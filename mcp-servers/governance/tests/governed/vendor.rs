//! The vendor client against a small server on loopback that fails on a script.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use gangway_governance::limits::{self, Limits};
use gangway_governance::vendor::{
    CachedToken, CallEffect, ClientCredentials, ClientPlacement, FetchToken, FreshToken, NoToken, Outbound,
    RetryPolicy, StaticToken, TokenEndpoint, TokenSource, VendorClient, VendorRequest, VendorSettings,
    by_status_only, http_client,
};
use gangway_protocol::{ApiError, ErrorType, System};
use http::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

/// What the scripted vendor does with one request; with none left it answers `{"ok":true}`.
#[derive(Clone, Copy)]
enum Act {
    Status(u16),
    RetryAfter(u16, &'static str),
    Truncated,
    Never,
    Redirect,
    Huge,
}

#[derive(Default)]
struct Vendor {
    script: Mutex<VecDeque<Act>>,
    seen: Mutex<Vec<String>>,
    /// The only bearer token accepted, when set.
    wants: Mutex<Option<String>>,
}

impl Vendor {
    fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

async fn answer(State(vendor): State<Arc<Vendor>>, request: Request) -> Response {
    let auth = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let wanted = vendor.wants.lock().unwrap().clone();
    let accepted = wanted.is_none_or(|token| auth == Some(format!("Bearer {token}").as_str()));
    vendor.seen.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
    if !accepted {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let act = vendor.script.lock().unwrap().pop_front();
    match act {
        None => json!({"ok": true}).to_string().into_response(),
        Some(Act::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Act::RetryAfter(status, wish)) => {
            (StatusCode::from_u16(status).unwrap(), [(header::RETRY_AFTER, wish)]).into_response()
        }
        Some(Act::Truncated) => "{\"ok\":tr".into_response(),
        Some(Act::Never) => std::future::pending().await,
        Some(Act::Redirect) => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        Some(Act::Huge) => vec![b'x'; 9 << 20].into_response(),
    }
}

async fn vendor(script: &[Act]) -> (Arc<Vendor>, String) {
    let vendor =
        Arc::new(Vendor { script: Mutex::new(script.iter().copied().collect()), ..Vendor::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(Arc::clone(&vendor));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (vendor, base)
}

fn http() -> reqwest::Client {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    http_client().unwrap()
}

fn outbound() -> Outbound {
    Limits::default().outbound(limits::Vendor::Clm, http())
}

fn client(base: &str, tokens: Arc<dyn TokenSource>) -> VendorClient {
    let retry = RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() };
    let attempt_deadline = Duration::from_secs(10);
    let settings = VendorSettings { retry, attempt_deadline, ..VendorSettings::new(System::Clm, base) };
    VendorClient::new(settings, outbound(), tokens, by_status_only)
}

fn read() -> VendorRequest {
    VendorRequest::get("get_thing", "/things/1?secret=in-the-url")
}

fn write() -> VendorRequest {
    VendorRequest::json("make_thing", Method::POST, "/things", &json!({"a": 1}), CallEffect::Write).unwrap()
}

#[tokio::test]
async fn a_read_is_sent_four_times_and_then_fails_with_the_last_error() {
    let (vendor, base) =
        vendor(&[Act::Status(500), Act::Status(502), Act::Status(503), Act::Status(504)]).await;
    let error = client(&base, Arc::new(NoToken)).send(&read()).await.unwrap_err();
    assert_eq!((error.error_type, error.http_status), (ErrorType::ServerError, Some(504)));
    assert_eq!(vendor.requests(), 4);
    assert!(!error.to_string().contains("in-the-url"), "{error}");
}

#[tokio::test]
async fn a_read_recovers_from_what_passes() {
    let (vendor, base) = vendor(&[Act::Status(503), Act::Truncated, Act::Status(429)]).await;
    let body: Value = client(&base, Arc::new(NoToken)).send_json(&read()).await.unwrap();
    assert_eq!((body["ok"].clone(), vendor.requests()), (json!(true), 4));
}

#[tokio::test]
async fn a_write_is_repeated_only_when_it_was_refused_undone() {
    for (act, error_type) in
        [(Act::Status(500), ErrorType::ServerError), (Act::Truncated, ErrorType::ServerError)]
    {
        let (vendor, base) = vendor(&[act]).await;
        let error = client(&base, Arc::new(NoToken)).send_json::<Value>(&write()).await.unwrap_err();
        assert_eq!((error.error_type, vendor.requests()), (error_type, 1));
    }
    let (vendor, base) = vendor(&[Act::Status(429), Act::Status(429)]).await;
    client(&base, Arc::new(NoToken)).send(&write()).await.unwrap();
    assert_eq!(vendor.requests(), 3);
}

#[tokio::test]
async fn a_callers_mistake_is_sent_once() {
    for status in [400, 403, 404] {
        let (vendor, base) = vendor(&[Act::Status(status)]).await;
        client(&base, Arc::new(NoToken)).send(&read()).await.unwrap_err();
        assert_eq!(vendor.requests(), 1);
    }
}

#[tokio::test]
async fn retry_after_beyond_the_longest_wait_is_passed_on_instead_of_waited_for() {
    let (vendor, base) = vendor(&[Act::RetryAfter(429, "3600")]).await;
    let error = client(&base, Arc::new(NoToken)).send(&read()).await.unwrap_err();
    assert_eq!((error.retry_after_ms, vendor.requests()), (Some(3_600_000), 1));
}

#[tokio::test]
async fn unreadable_answers_name_the_place_and_not_the_value() {
    let (_vendor, base) = vendor(&[]).await;
    let error = client(&base, Arc::new(NoToken)).send_json::<Vec<u32>>(&read()).await.unwrap_err();
    assert_eq!((error.error_type, error.error_code.as_str()), (ErrorType::ServerError, "UNREADABLE_ANSWER"));
}

#[tokio::test]
async fn redirects_are_not_followed_and_huge_answers_not_read() {
    let (vendor, base) = vendor(&[Act::Redirect, Act::Huge]).await;
    let client = client(&base, Arc::new(NoToken));
    let error = client.send(&write()).await.unwrap_err();
    assert_eq!((error.http_status, vendor.requests()), (Some(302), 1));
    assert_eq!(client.send(&write()).await.unwrap_err().error_code, "ANSWER_TOO_LARGE");
}

#[tokio::test]
async fn a_vendor_that_never_answers_is_a_timeout() {
    let (vendor, base) = vendor(&[Act::Never, Act::Never]).await;
    let settings = VendorSettings {
        attempt_deadline: Duration::from_millis(100),
        retry: RetryPolicy { retries: 1, base: Duration::from_millis(1), ..RetryPolicy::default() },
        ..VendorSettings::new(System::Clm, &base)
    };
    let client = VendorClient::new(settings, outbound(), Arc::new(NoToken), by_status_only);
    let error = client.send(&read()).await.unwrap_err();
    assert_eq!((error.error_type, error.error_code.as_str()), (ErrorType::Timeout, "ATTEMPT_DEADLINE"));
    assert_eq!(vendor.requests(), 2);
}

#[tokio::test]
async fn a_cut_connection_is_a_network_error_and_so_is_none_at_all() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let accepted = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&accepted);
    let cutter = tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").await;
        }
    });
    let client = client(&base, Arc::new(NoToken));
    let error = client.send(&write()).await.unwrap_err();
    assert_eq!(error.error_type, ErrorType::Network);
    assert_eq!(accepted.load(Ordering::SeqCst), 1, "a write that may have happened is not sent again");
    cutter.abort();
    let _ = cutter.await;
    let error = client.send(&read()).await.unwrap_err();
    assert_eq!((error.error_type, error.error_code.as_str()), (ErrorType::Network, "CONNECT_FAILED"));
    assert!(!error.to_string().contains("in-the-url"), "{error}");
    assert!(error.message.contains("127.0.0.1:") && error.message.contains("nobody listens"), "{error}");
    assert!(error.resolution.contains("address"), "{error:?}");
}

struct Mint(Arc<AtomicU32>);

impl FetchToken for Mint {
    fn fetch(&self) -> BoxFuture<'_, Result<FreshToken, ApiError>> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        async move { Ok(FreshToken { token: SecretString::from(format!("t{number}")), lives: None }) }.boxed()
    }
}

#[tokio::test]
async fn many_refused_tokens_are_renewed_once_and_every_call_succeeds_writes_too() {
    let (vendor, base) = vendor(&[]).await;
    let minted = Arc::new(AtomicU32::new(0));
    let client = client(&base, Arc::new(CachedToken::new(Mint(Arc::clone(&minted)))));
    *vendor.wants.lock().unwrap() = Some("t0".to_owned());
    client.send(&read()).await.unwrap();
    *vendor.wants.lock().unwrap() = Some("t1".to_owned());
    let requests: Vec<VendorRequest> = (0..20).map(|n| if n % 2 == 0 { read() } else { write() }).collect();
    let results = join_all(requests.iter().map(|request| client.send(request))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(minted.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_that_stays_refused_is_tried_twice_and_a_fixed_one_once() {
    let (vendor, base) = vendor(&[]).await;
    *vendor.wants.lock().unwrap() = Some("another".to_owned());
    let minted: Arc<dyn TokenSource> = Arc::new(CachedToken::new(Mint(Arc::default())));
    let fixed: Arc<dyn TokenSource> = Arc::new(StaticToken(SecretString::from("fixed".to_owned())));
    for (tokens, total) in [(minted, 2), (fixed, 3)] {
        let error = client(&base, tokens).send(&read()).await.unwrap_err();
        assert_eq!((error.error_type, vendor.requests()), (ErrorType::Authentication, total));
    }
}

#[tokio::test]
async fn refused_credentials_are_presented_once_and_appear_in_no_error() {
    let (vendor, base) = vendor(&[Act::Status(401)]).await;
    let endpoint = TokenEndpoint {
        system: System::Clm,
        url: format!("{base}/token"),
        deadline: Duration::from_secs(5),
        http: http(),
    };
    let source = CachedToken::new(ClientCredentials {
        endpoint,
        client_id: "id".to_owned(),
        client_secret: SecretString::from("hush-hush".to_owned()),
        placement: ClientPlacement::Form,
    });
    let error = client(&base, Arc::new(source)).send(&read()).await.unwrap_err();
    assert_eq!((error.error_type, vendor.requests()), (ErrorType::Authentication, 1));
    assert!(!error.to_string().contains("hush"), "{error}");
}

#[tokio::test]
async fn a_path_cannot_name_another_host() {
    let (vendor, base) = vendor(&[]).await;
    let request = VendorRequest::get("get_thing", "@evil.example/");
    let error = client(&base, Arc::new(NoToken)).send(&request).await.unwrap_err();
    assert_eq!((error.error_code.as_str(), vendor.requests()), ("UNSENDABLE_REQUEST", 0));
}
