//! Who is let in and who is not: slow peers, an installation nobody has prepared, keys that have ended, callers without
//! the right, too many listeners. Each is told, leaves its trace in the audit, and holds nobody else up.

use crate::api::{Service, key};
use crate::harness::{House, stderr};
use crate::serve::{refusals, runs};
use crate::serving::{Event, Serving};
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::{Actor, Person, Role};
use gangway_store::{ApiKey, Store};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// A connection on which this much of a request was said. What never comes is given up in the end.
fn connected(url: &str, said: &str) -> TcpStream {
    let address = url.trim_start_matches("http://").split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    stream.write_all(said.as_bytes()).unwrap();
    stream
}

/// Says this much of a request, and gives what comes back until the connection ends.
pub fn dribble(url: &str, said: &str) -> String {
    let mut stream = connected(url, said);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_peer_that_dribbles_is_cut_and_audited_and_the_service_goes_on() {
    let house = House::new();
    let limits = [("GANGWAY_SERVE__HEAD_MS", "100"), ("GANGWAY_SERVE__BODY_MS", "100")];
    let service = Serving::start(&house, &limits);
    let head = "POST /webhook/onboarding HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n";
    let in_head = dribble(&service.url(""), head);
    assert!(in_head.starts_with("HTTP/1.1 408 ") && in_head.contains("\"status\":408"), "{in_head:?}");
    let in_body = dribble(&service.url(""), &format!("{head}content-length: 60\r\n\r\n{{\"account_id\":"));
    assert!(in_body.starts_with("HTTP/1.1 408 ") && in_body.contains("problem+json"), "{in_body:?}");
    assert_eq!(dribble(&service.url(""), ""), "", "who says nothing is let go without a word");
    let again = service.post("/demo/run/ACME-001", &Event::new("")).json();
    assert_eq!(again["run"]["state"], "completed", "{again}");
    assert_eq!(service.stop(), Some(0));
    assert_eq!(refusals(&house), ["refused/HEAD_INCOMPLETE", "refused/BODY_INCOMPLETE"]);
    assert_eq!(runs(&house).len(), 1);
}

#[test]
fn half_a_body_is_given_up_whatever_page_it_is_for() {
    let house = House::new();
    let key = key(&house, "Ann", "cs");
    let service = Serving::start(&house, &[("GANGWAY_SERVE__BODY_MS", "100")]);
    for page in ["/demo/enable-random-errors", "/api/runs", "/mcp/onboarding"] {
        let head = format!(
            "POST {page} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n"
        );
        let answer = dribble(&service.url(""), &format!("{head}content-length: 60\r\n\r\n{{\"rate\":"));
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("problem+json"), "{page}: {answer:?}");
    }
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn a_body_that_is_too_large_is_refused_with_its_bound_and_what_to_do() {
    let house = House::new();
    let key = key(&house, "Ann", "cs");
    let service = Serving::start(&house, &[]);
    let large = Event::new(&" ".repeat(70_000)).header("authorization", &format!("Bearer {key}"));
    let refused = service.post("/api/runs", &large);
    assert_eq!(refused.status, 413);
    assert!(refused.body.contains("larger than 65536 bytes; send"), "{}", refused.body);
}

#[test]
fn a_peer_that_holds_every_place_with_requests_it_does_not_finish_keeps_nobody_out() {
    let house = House::new();
    // Only for want of a place is anybody cut here.
    let patient = [
        ("GANGWAY_SERVE__CONNECTIONS", "4"),
        ("GANGWAY_SERVE__HEAD_MS", "600000"),
        ("GANGWAY_SERVE__BODY_MS", "600000"),
    ];
    let service = Serving::start(&house, &patient);
    let head = "POST /webhook/onboarding HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n";
    let body = format!("{head}content-length: 60\r\n\r\n{{\"account_id\":");
    for half in [head, body.as_str()] {
        let mut holding: Vec<TcpStream> = (0..12).map(|_| connected(&service.url(""), half)).collect();
        let health = "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
        let mut asking = connected(&service.url(""), health);
        let mut answer = String::new();
        asking.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
        let mut told = String::new();
        holding[0].read_to_string(&mut told).unwrap();
        assert!(told.starts_with("HTTP/1.1 408 ") && told.contains("problem+json"), "{told:?}");
    }
    let held = connected(&service.url(""), head);
    assert_eq!(service.stop(), Some(0), "who has not finished asking does not keep it from ending either");
    drop(held);
    assert!(refusals(&house).contains(&"refused/GAVE_WAY".to_owned()), "{:?}", refusals(&house));
}

/// The simulated vendors, configured as if they were real ones.
fn configured_for_real(house: &House, listen: &str) -> std::process::Command {
    let known = house.vendors().get("/_simulator/connection");
    let (addresses, keys) = (&known["addresses"], &known["credentials"]);
    let base_url = addresses["base_url"].as_str().unwrap();
    let mail = addresses["smtp"].as_str().unwrap().rsplit_once(':').unwrap();
    let of = |vendor: &str, name: &str| keys[vendor][name].as_str().unwrap().to_owned();
    let settings = [
        ("SALESFORCE__BASE_URL", base_url.to_owned()),
        ("SALESFORCE__CLIENT_ID", of("salesforce", "client_id")),
        ("SALESFORCE__CLIENT_SECRET", of("salesforce", "client_secret")),
        ("CLM__OAUTH_BASE_URL", base_url.to_owned()),
        ("CLM__BASE_URL", base_url.to_owned()),
        ("CLM__INTEGRATION_KEY", of("docusign", "integration_key")),
        ("CLM__USER_ID", of("docusign", "user_id")),
        ("CLM__ACCOUNT_ID", of("docusign", "account_id")),
        ("CLM__PRIVATE_KEY_PEM", of("docusign", "private_key_pem")),
        ("NETSUITE__BASE_URL", base_url.to_owned()),
        ("NETSUITE__ACCOUNT", of("netsuite", "account")),
        ("NETSUITE__CLIENT_ID", of("netsuite", "client_id")),
        ("NETSUITE__CERTIFICATE_ID", of("netsuite", "certificate_id")),
        ("NETSUITE__PRIVATE_KEY_PEM", of("netsuite", "private_key_pem")),
        ("NOTIFY__SLACK__BASE_URL", base_url.to_owned()),
        ("NOTIFY__SLACK__BOT_TOKEN", of("slack", "bot_token")),
        ("NOTIFY__MAIL__HOST", mail.0.to_owned()),
        ("NOTIFY__MAIL__PORT", mail.1.to_owned()),
        ("NOTIFY__MAIL__SECURITY", "plain".to_owned()),
        ("NOTIFY__MAIL__FROM", "onboarding@northwind.example".to_owned()),
        ("ONBOARDING__COMPANY", "Northwind Cloud".to_owned()),
        ("ONBOARDING__PRODUCT", "Northwind".to_owned()),
        ("ONBOARDING__CS_ADDRESS", "cs@northwind.example".to_owned()),
    ];
    let mut command = house.command(&["serve", "--listen", listen]);
    command.env_remove("GANGWAY_SIMULATOR");
    command.envs(settings.map(|(name, value)| (format!("GANGWAY_{name}"), value)));
    command
}

#[test]
fn without_a_secret_every_webhook_is_refused_and_says_how_to_set_one() {
    let house = House::new();
    let service = Serving::of(&house, configured_for_real(&house, "127.0.0.1:0"));
    for (path, setting) in [
        ("/webhook/onboarding", "GANGWAY_SERVE__WEBHOOK_SECRETS"),
        ("/webhook/docusign", "GANGWAY_SERVE__DOCUSIGN_KEYS"),
        ("/webhook/salesforce", "GANGWAY_SERVE__SALESFORCE_ORGANIZATION_ID"),
        ("/webhook/slack", "GANGWAY_SLACK_SIGNING_SECRET"),
    ] {
        let answer = service.post(path, &Event::new(r#"{"account_id":"ACME-001"}"#));
        assert_eq!((answer.status, answer.header("retry-after")), (503, ""), "{path}: {}", answer.body);
        assert!(answer.body.contains(setting), "{path}: {}", answer.body);
    }
    assert_eq!(service.post("/demo/run/ACME-001", &Event::new("")).status, 404, "this is no demo");
    service.wait_for_remark("GANGWAY_SERVE__WEBHOOK_SECRETS");
    service.wait_for_remark("gangway keys create");
    assert_eq!(service.stop(), Some(0));
    assert_eq!(refusals(&house), ["refused/NO_SECRET_CONFIGURED"; 4]);
    assert!(runs(&house).is_empty());
}

#[test]
fn other_machines_are_not_served_before_somebody_has_a_key() {
    let house = House::new();
    let mut command = configured_for_real(&house, "0.0.0.0:0");
    command.env("GANGWAY_SERVE__ALLOWED_HOSTS", "gangway.example");
    command.env("GANGWAY_SERVE__WEBHOOK_SECRETS", "0123456789abcdef0123456789abcdef");
    let refused = command.output().unwrap();
    assert!(!refused.status.success());
    let says = stderr(&refused);
    assert!(says.contains("will not listen on 0.0.0.0") && says.contains("gangway keys create"), "{says}");
}

/// A key that ended a moment ago, which no command makes.
async fn expired_key(house: &House) -> String {
    let store = Store::open(&house.data_dir()).unwrap();
    let (now, secret) = (Timestamp::now(), "5".repeat(64));
    let key = ApiKey {
        key_id: "0123456789ab".to_owned(),
        person: Person { name: "Eve".to_owned(), roles: [Role::Admin].into(), domains: [].into() },
        created_at: now - SignedDuration::from_hours(48),
        created_by: "test".to_owned(),
        expires_at: Some(now - SignedDuration::from_secs(1)),
        revoked_at: None,
        revoked_by: None,
    };
    let record = AuditRecord::done("keys.create", &Actor::person("test"), json!({}), now);
    store.api_keys().create(&key, &digest_bytes(secret.as_bytes()), record).await.unwrap();
    store.close().await;
    format!("gwk_{}_{secret}", key.key_id)
}

#[tokio::test]
async fn a_refused_call_of_the_api_is_told_why_and_audited() {
    let house = House::new();
    let viewer = key(&house, "Vic", "viewer");
    let expired = expired_key(&house).await;
    let service = Service::of(&house);
    let mut answers = Vec::new();
    for (method, key) in [
        (Method::GET, ""),
        (Method::GET, "gwk_1_2"),
        (Method::GET, expired.as_str()),
        (Method::POST, &viewer),
    ] {
        let answer = service.ask(method, "/api/runs", key).send().await.unwrap();
        let status = answer.status().as_u16();
        let says: Value = answer.json().await.unwrap();
        answers.push((status, says["detail"].as_str().unwrap().to_owned()));
    }
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [401, 401, 401, 403], "{answers:?}");
    assert!(answers[2].1.contains("the key has expired"), "{answers:?}");
    house.until("every refusal is kept", || refusals(&house).len() == 4);
    drop(service);
    let codes = ["NO_KEY", "UNKNOWN_KEY", "EXPIRED_KEY", "NOT_PERMITTED"];
    assert_eq!(refusals(&house), codes.map(|code| format!("refused/{code}")));
    let audit = house.json(&["audit", "tail", "-n", "10", "--json"]);
    let last = &audit["entries"].as_array().unwrap().last().unwrap()["record"];
    assert_eq!((&last["principal"], &last["arguments"]["page"]), (&json!("person:Vic"), &json!("startRun")));
    assert!(!audit.to_string().contains(&expired[17..]), "no secret is kept");
}

#[tokio::test]
async fn listeners_are_bounded_and_one_that_does_not_read_holds_nobody_up() {
    let house = House::new();
    let cs = key(&house, "Ann", "cs");
    let service = Service::of(&house);
    let mut open = Vec::new();
    for _ in 0..63 {
        open.push(service.events(&cs, None).await);
    }
    let mut reading = service.events(&cs, None).await;
    let one_more = service.ask(Method::GET, "/api/events", &cs).send().await.unwrap();
    assert_eq!(one_more.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(one_more.headers().contains_key("retry-after"));
    for (number, account) in ["BETA-002", "DELETED-004", "VALIDATION-ERROR"].into_iter().enumerate() {
        service.start(account, &format!("deal-{number}"), &cs).await;
        reading.until(account, "blocked").await;
    }
    // Of the others nobody has read a byte; each can still catch up.
    open.pop().unwrap().until("VALIDATION-ERROR", "blocked").await;
    drop(open);
    drop(reading);
    loop {
        // The service notices a closed connection when it writes to it or reads its end.
        let answer = service.ask(Method::GET, "/api/events", &cs).send().await.unwrap();
        if answer.status() == StatusCode::OK {
            break;
        }
    }
}
