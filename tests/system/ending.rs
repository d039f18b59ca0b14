//! A service that is asked to end: who waits is told, who comes late is refused by name, and how it ended is on record.

use crate::harness::{House, stderr};
use crate::serve::{refusals, runs};
use crate::serving::{Event, Serving, post};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Longer than any test waits.
const FOREVER_MS: u32 = 600_000;

/// A house whose runs take as long as NetSuite does.
fn slow_house(ms: u32) -> House {
    let house = House::with_synthetic(8).with("GANGWAY_SERVE__WEBHOOK_SECRETS", SECRET);
    house.vendors().fault(&json!({"vendor": "netsuite", "kind": "latency", "ms": ms}));
    house
}

fn event(number: u32) -> Event {
    let body = format!(r#"{{"account_id":"SYN-{number:06}"}}"#);
    Event::signed(SECRET, &format!("msg-{number}"), jiff::Timestamp::now().as_second(), &body)
}

/// A connection that is kept for one request after another.
struct Kept(BufReader<TcpStream>);

impl Kept {
    fn with(service: &Serving) -> Self {
        Self(BufReader::new(TcpStream::connect(service.url("").trim_start_matches("http://")).unwrap()))
    }

    /// What is answered to a GET: the status and the body.
    fn get(&mut self, path: &str) -> (u16, Value) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {line:?}")).parse().unwrap();
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            if let Some(given) = line.to_lowercase().strip_prefix("content-length:") {
                length = given.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }
}

/// Has the worker begin this many runs.
fn begin(service: &Serving, house: &House, count: u32) {
    for number in 1..=count {
        assert_eq!(service.send(&event(number)).status, 202);
    }
    let mut kept = Kept::with(service);
    house.until("the worker has taken them up", || runs(house).len() == count as usize);
    while kept.get("/readyz").1["waiting_runs"] != 0 {
        std::thread::yield_now();
    }
}

/// The line of the audit that says how the service ended.
fn how_it_ended(house: &House) -> Value {
    let audit = house.json(&["audit", "tail", "-n", "1000", "--json"]);
    let entries = audit["entries"].as_array().unwrap().iter();
    entries.map(|entry| entry["record"].clone()).find(|record| record["tool"] == "service.stop").unwrap()
}

#[test]
fn who_waits_for_a_run_is_told_that_it_is_accepted_and_the_end_is_well() {
    let house = slow_house(1_500);
    let service = Serving::start(&house, &[("GANGWAY_SERVE__WORKERS", "1")]);
    let url = service.url("/webhook/onboarding?wait=60");
    let answers: Vec<_> = std::thread::scope(|threads| {
        let sender = |number| {
            let url = &url;
            threads.spawn(move || post(url, &event(number)))
        };
        let senders: Vec<_> = (1..=4).map(sender).collect();
        house.until("every event is committed", || runs(&house).len() == 4);
        service.signal("-TERM");
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let statuses: Vec<u16> =
        answers.iter().map(|answer| answer.as_ref().expect("nobody is cut").status).collect();
    assert!(statuses.iter().all(|status| [200, 202].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&202), "{statuses:?}");
    assert_eq!(service.ended(), Some(0));
    assert_eq!(how_it_ended(&house)["arguments"]["well"], true);
}

#[test]
fn an_end_that_work_outlasted_is_on_record_as_not_well_with_the_reason() {
    let house = slow_house(FOREVER_MS);
    let service = Serving::start(&house, &[("GANGWAY_SERVE__DRAIN_MS", "50")]);
    begin(&service, &house, 1);
    assert_eq!(service.stop(), Some(0), "nothing is lost by it");
    let record = how_it_ended(&house);
    assert_eq!((&record["arguments"]["well"], &record["end"]["ok"]), (&json!(false), &json!(false)));
    assert_eq!(record["end"]["error"], "stop/DRAIN_INCOMPLETE");
    assert!(record["why"].as_str().unwrap().contains("did not come to rest within 50ms"), "{record}");
}

#[test]
fn while_work_comes_to_rest_late_requests_are_refused_by_name_on_old_and_new_connections() {
    let house = slow_house(FOREVER_MS);
    let service = Serving::start(&house, &[("GANGWAY_SERVE__DRAIN_MS", "600000")]);
    begin(&service, &house, 1);
    let mut kept = Kept::with(&service);
    assert_eq!(kept.get("/readyz").0, 200);
    service.signal("-TERM");
    while kept.get("/readyz").0 == 200 {
        std::thread::yield_now();
    }
    for connection in [&mut kept, &mut Kept::with(&service)] {
        for path in ["/readyz", "/api/runs", "/demo/error-simulator-status"] {
            let (status, says) = connection.get(path);
            assert_eq!(status, 503, "{path}: {says}");
            assert!(says["detail"].as_str().unwrap().contains("stopping"), "{path}: {says}");
        }
        assert_eq!(connection.get("/healthz").0, 200);
    }
    let refused = service.send(&event(2));
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"), "{}", refused.body);
    assert_eq!(refusals(&house), ["refused/STOPPING"]);
    assert_eq!(runs(&house).len(), 1);
    assert_eq!(service.stop(), Some(130), "asked a second time it ends where it stands");
}

#[test]
fn a_size_of_nothing_is_refused_at_the_start_and_named() {
    let house = House::new();
    for size in ["QUEUE", "WORKERS", "CONNECTIONS", "HEAD_MS", "BODY_MS", "EVENTS_PER_MINUTE"] {
        let output = house
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .env(format!("GANGWAY_SERVE__{size}"), "0")
            .output()
            .unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{size}: {said}");
        assert!(said.contains("nonzero") && said.contains(&size.to_lowercase()), "{size}: {said}");
    }
}
