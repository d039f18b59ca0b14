//! `gangway serve` as its senders see it: what is taken in, what is refused, and what a crash or a stop leaves.
//!
//! Effects are counted in the simulator's own ledger, which is another process.

use crate::harness::{House, stderr};
use crate::serving::{Event, Serving, hub_signature, sign};
use crate::unknown::stored;
use serde_json::{Value, json};
use std::process::Stdio;

pub const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW_SECRET: &str = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

pub fn house(synthetic: u32) -> House {
    House::with_synthetic(synthetic).with("GANGWAY_SERVE__WEBHOOK_SECRETS", format!("crm:{SECRET}"))
}

pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

pub fn runs(house: &House) -> Vec<Value> {
    house.json(&["runs", "list", "--limit", "1000", "--json"])["runs"].as_array().unwrap().clone()
}

pub fn refusals(house: &House) -> Vec<String> {
    let entries = house.json(&["audit", "tail", "-n", "1000", "--json"]);
    let entries = entries["entries"].as_array().unwrap_or_else(|| panic!("{entries}")).clone();
    let refused = entries.iter().filter(|entry| entry["record"]["moment"] == "refused");
    refused.map(|entry| entry["record"]["end"]["error"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_not_believed_or_not_understood_is_refused_audited_and_leaves_nothing_else() {
    let house = house(0);
    let service = Serving::start(&house, &[]);
    let good = r#"{"account_id":"ACME-001"}"#;
    let signed = |id: &str, time: i64, body: &str| Event::signed(SECRET, id, time, body);
    let large = format!(r#"{{"account_id":"{}"}}"#, "A".repeat(300_000));
    let hub = |body: &str| Event::new(body).header("x-hub-signature-256", &hub_signature(SECRET, body));
    let changed = |body: &str| {
        let mut event = signed("msg-1", now(), good);
        event.body = body.to_owned();
        event
    };
    // 'E' and 'A' are one bit apart.
    let flipped = changed(&good.replace("ACME", "ECME"));
    let cases = [
        (Event::new(good), 401, "UNSIGNED"),
        (Event::signed(NEW_SECRET, "msg-1", now(), good), 401, "BAD_SIGNATURE"),
        (flipped, 401, "BAD_SIGNATURE"),
        (changed(r#"{"account_id":"BETA-002"}"#), 401, "BAD_SIGNATURE"),
        (signed("msg-1", now(), good).with_flipped_signature(), 401, "BAD_SIGNATURE"),
        (signed("msg-1", now(), good).header("webhook-id", "msg-2"), 401, "BAD_SIGNATURE"),
        (signed("msg-1", now() - 400, good), 401, "TIMESTAMP_OUT_OF_RANGE"),
        (signed("msg-1", now() + 400, good), 401, "TIMESTAMP_OUT_OF_RANGE"),
        (signed("msg-1", now(), good).without("webhook-id"), 401, "SIGNATURE_MALFORMED"),
        (signed("msg-1", now(), good).header("content-type", "text/plain"), 415, "CONTENT_TYPE"),
        (signed("msg-1", now(), &large), 413, "BODY_TOO_LARGE"),
        (signed("msg-1", now(), "account ACME-001"), 422, "UNREADABLE"),
        (signed("msg-1", now(), r#"{"account_id":"../x"}"#), 422, "UNREADABLE"),
        (signed("msg-1", now(), r#"["ACME-001",null,"c"]"#), 422, "UNREADABLE"),
        (hub(good), 422, "UNREADABLE"),
        (hub(good).header("x-hub-signature-256", "sha256=00"), 401, "BAD_SIGNATURE"),
    ];
    let mut expected = Vec::new();
    for (event, status, code) in cases {
        let answer = service.send(&event);
        assert_eq!(answer.status, status, "{code}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        expected.push(format!("refused/{code}"));
    }
    assert!(stored(&house).iter().all(|(_, rows)| *rows == 0), "{:?}", stored(&house));
    assert!(house.vendors().effects().is_empty());
    let first = service.send(&signed("msg-1", now(), good));
    assert_eq!(first.header("idempotent-replayed"), "", "no refused event of this id is remembered");
    assert_eq!((first.status, &first.json()["started"]), (202, &json!(true)), "{}", first.body);
    assert_eq!(service.stop(), Some(0));
    assert_eq!(refusals(&house), expected);
}

#[test]
fn an_event_is_remembered_whoever_asks_again_and_keys_rotate() {
    let house = House::with_synthetic(0)
        .with("GANGWAY_SERVE__WEBHOOK_SECRETS", format!("crm:{SECRET},crm:{NEW_SECRET}"));
    let service = Serving::start(&house, &[]);
    let body = r#"{"account_id":"ACME-001","correlation_id":"deal-1","more":true}"#;
    let first = service.post("/webhook/onboarding?wait=30", &Event::signed(SECRET, "msg-1", now(), body));
    assert_eq!((first.status, &first.json()["run"]["state"]), (200, &json!("completed")), "{}", first.body);
    let again = service.send(&Event::signed(NEW_SECRET, "msg-1", now(), body));
    assert_eq!((again.status, again.header("idempotent-replayed")), (202, "true"));
    assert_eq!(again.json()["run_id"], first.json()["run_id"]);
    assert_eq!(again.json()["started"], true, "the first answer again");

    let hub = Event::new(body).header("x-hub-signature-256", &hub_signature(NEW_SECRET, body));
    let same_correlation = service.send(&hub);
    assert_eq!(same_correlation.json()["run_id"], first.json()["run_id"]);
    assert_eq!(same_correlation.json()["started"], false);
    let changed = service.send(&Event::signed(SECRET, "msg-1", now(), r#"{"account_id":"BETA-002"}"#));
    assert_eq!(changed.status, 409, "{}", changed.body);
    let taken = r#"{"account_id":"BETA-002","correlation_id":"deal-1"}"#;
    assert_eq!(service.send(&Event::signed(SECRET, "msg-2", now(), taken)).status, 409);

    assert_eq!(service.stop(), Some(0));
    assert_eq!(refusals(&house), ["refused/ID_REUSED", "refused/CORRELATION_TAKEN"]);
    assert_eq!(house.vendors().count("mail", "deal-1"), 3);
}

#[test]
fn killed_right_after_or_right_before_its_answer_a_run_is_finished_once() {
    for crash_at in [None, Some("intake.committed:assessing"), Some("answering:/webhook/onboarding")] {
        let house = house(0);
        let environment: Vec<_> = crash_at.map(|place| ("GANGWAY_CRASH_AT", place)).into_iter().collect();
        let service = Serving::start(&house, &environment);
        let body = r#"{"account_id":"ACME-001","correlation_id":"crash-1"}"#;
        let event = || Event::signed(SECRET, "msg-1", now(), body);
        match crash_at {
            None => assert_eq!(service.send(&event()).status, 202),
            Some(_) => assert!(service.try_send(&event()).is_none(), "it answered before it crashed"),
        }
        service.kill();
        let next = Serving::start(&house, &[]);
        // The sender has no answer, or sends again all the same; either way it waits for the one run.
        let rested = next.post("/webhook/onboarding?wait=30", &event());
        assert_eq!(rested.json()["run"]["state"], "completed", "{crash_at:?} {}", rested.body);
        assert_eq!(next.stop(), Some(0));
        assert_eq!(runs(&house).len(), 1, "{crash_at:?}");
        assert!(house.vendors().count("slack_message", "crash-1") <= 1, "{crash_at:?}");
        assert!(house.vendors().count("mail", "crash-1") <= 3, "{crash_at:?}");
        assert_eq!(house.json(&["tenants", "list", "--json"])["tenants"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_full_line_turns_away_with_503_and_loses_none_of_those_in_it() {
    let house = house(20);
    for vendor in ["salesforce", "netsuite", "docusign"] {
        house.vendors().fault(&json!({"vendor": vendor, "kind": "latency", "ms": 400}));
    }
    // Nobody waits for word of an account: the line is to fill faster than it moves.
    let limits =
        [("GANGWAY_SERVE__QUEUE", "2"), ("GANGWAY_SERVE__WORKERS", "1"), ("GANGWAY_SERVE__LOOKUP_MS", "1")];
    let service = Serving::start(&house, &limits);
    let event = |number: u32| {
        let body = format!(r#"{{"account_id":"SYN-{number:06}","correlation_id":"full-{number}"}}"#);
        Event::signed(SECRET, &format!("msg-{number}"), now(), &body)
    };
    let answers: Vec<_> = (1..=8).map(|number| service.send(&event(number))).collect();
    let (taken, away): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 202);
    assert!((2..=4).contains(&taken.len()), "{}", taken.len());
    for answer in away {
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{}", answer.body);
    }
    assert_eq!(service.send(&event(1)).status, 202, "a repeat is answered however long the line is");
    house.vendors().heal();
    let taken = taken.len();
    assert_eq!(service.stop(), Some(0));
    // What the stop left in the line is driven by the next start.
    let next = Serving::start(&house, &[]);
    for number in 1..=8 {
        next.post("/webhook/onboarding?wait=30", &event(number));
    }
    assert_eq!(next.stop(), Some(0));
    assert!(taken <= 8 && runs(&house).iter().all(|run| run["state"] == "completed"));
    for number in 1..=8 {
        // The synthetic ids are six digits long, so none is the beginning of another.
        assert_eq!(house.vendors().count("slack_message", &format!("SYN-{number:06}")), 1, "{number}");
    }
}

#[test]
fn who_sends_too_much_is_told_when_to_come_again() {
    let house = house(0);
    let service = Serving::start(&house, &[("GANGWAY_SERVE__EVENTS_PER_MINUTE", "2")]);
    let event = |id: &str| Event::signed(SECRET, id, now(), r#"{"account_id":"ACME-001"}"#);
    for id in ["msg-1", "msg-2"] {
        assert_eq!(service.send(&event(id)).status, 202);
    }
    let refused = service.send(&event("msg-3"));
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert!((1..=30).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    let again = service.send(&event("msg-1"));
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (202, "true"),
        "a repeat gets its answer"
    );
    assert_eq!(service.stop(), Some(0));
    assert_eq!(refusals(&house), ["refused/TOO_MANY_REQUESTS"]);
}

#[test]
fn asked_to_end_under_load_it_ends_well_and_the_next_start_finishes_every_accepted_run() {
    let house = house(40);
    let service = Serving::start(&house, &[("GANGWAY_SERVE__WORKERS", "2")]);
    for number in 1..=40 {
        let body = format!(r#"{{"account_id":"SYN-{number:06}","correlation_id":"load-{number}"}}"#);
        let event = Event::signed(SECRET, &format!("msg-{number}"), now(), &body);
        assert_eq!(service.send(&event).status, 202);
    }
    assert_eq!(service.stop(), Some(0));
    let next = Serving::start(&house, &[]);
    for run in runs(&house) {
        let account = run["account_id"].as_str().unwrap();
        let correlation = run["correlation_id"].as_str().unwrap();
        let body = format!(r#"{{"account_id":"{account}","correlation_id":"{correlation}"}}"#);
        let id = correlation.replace("load", "msg");
        let rested = next.post("/webhook/onboarding?wait=30", &Event::signed(SECRET, &id, now(), &body));
        assert_eq!(rested.json()["run"]["state"], "completed", "{}", rested.body);
    }
    assert_eq!(next.stop(), Some(0));
    for number in 1..=40 {
        assert_eq!(house.vendors().count("slack_message", &format!("SYN-{number:06}")), 1, "{number}");
    }
}

#[test]
fn a_second_service_on_the_folder_says_who_has_it() {
    let house = house(0);
    let service = Serving::start(&house, &[]);
    let second = house.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(!second.status.success());
    assert!(stderr(&second).contains(&service.pid().to_string()), "{}", stderr(&second));
    let abroad = house.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert!(stderr(&abroad).contains("will not listen"), "{}", stderr(&abroad));
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn the_printed_shell_lines_work_word_for_word_and_the_demo_controls_answer() {
    let house = House::new();
    let service = Serving::start(&house, &[]);
    let lines = service.said_until("curl -sS");
    let output =
        std::process::Command::new("sh").args(["-c", &lines]).stderr(Stdio::piped()).output().unwrap();
    let answer: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{lines}\n{}", stderr(&output)));
    assert_eq!(answer["run"]["state"], "awaiting_approval", "there is something to approve: {answer}");

    let on = service.post("/demo/enable-random-errors", &Event::new(r#"{"rate":0.5,"seed":3}"#));
    assert_eq!(on.json()["errors"]["seed"], 3, "{}", on.body);
    assert_eq!(
        house
            .vendors()
            .get("/_simulator/faults")
            .as_array()
            .unwrap()
            .iter()
            .filter(|fault| fault["seed"].is_number())
            .count(),
        6
    );
    for wrong in [r#"{"rate":0.9}"#, "[0.2,1]"] {
        assert_eq!(service.post("/demo/enable-random-errors", &Event::new(wrong)).status, 400, "{wrong}");
    }
    assert_eq!(service.post("/demo/disable-random-errors", &Event::new("")).json()["enabled"], false);
    let all = service.post("/demo/run-all", &Event::new("")).json();
    for result in all["results"].as_array().unwrap() {
        assert_eq!(result["decided"], result["expected"], "{result}");
    }
    for (path, body, status) in [
        ("/demo/run/%ff", String::new(), 400),
        ("/demo/enable-random-errors", "[".repeat(3_000_000), 413),
        ("/healthz", String::new(), 405),
        ("/webhook/nobody", String::new(), 404),
    ] {
        let refused = service.post(path, &Event::new(&body));
        let kind = refused.header("content-type");
        assert_eq!((refused.status, kind), (status, "application/problem+json"), "{path}: {}", refused.body);
        assert!(!refused.header("x-request-id").is_empty(), "{path}");
    }
    let foreign = service.post("/demo/run-all", &Event::new("").header("origin", "https://evil.example"));
    assert_eq!(foreign.status, 421);
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn docusign_events_are_believed_by_their_keys_and_heard_once() {
    let key = "connect-key-0123456789";
    let house = house(0).with("GANGWAY_SERVE__DOCUSIGN_KEYS", format!("old-connect-key-012345,{key}"));
    let service = Serving::start(&house, &[]);
    let body =
        r#"{"event":"envelope-sent","generatedDateTime":"2026-03-01T09:00:00Z","data":{"envelopeId":"e-1"}}"#;
    let send = |key: &str| {
        let event = Event::new(body).header("x-docusign-signature-1", "AAAA");
        service.post(
            "/webhook/docusign",
            &event.header("x-docusign-signature-2", &sign(key.as_bytes(), body.as_bytes())),
        )
    };
    assert_eq!(send("another-key-012345678").status, 401);
    assert_eq!(send(key).json()["status"], "nothing to do");
    assert_eq!(send(key).json()["status"], "repeated");
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn a_contract_executed_meanwhile_lets_the_blocked_account_through_once() {
    let key = "connect-key-0123456789";
    let house = house(0).with("GANGWAY_SERVE__DOCUSIGN_KEYS", key);
    let nobody_looks = house
        .command(&["serve", "--listen", "127.0.0.1:0"])
        .env("GANGWAY_SCHEDULE__CONTRACTS", "off")
        .output()
        .unwrap();
    assert!(stderr(&nobody_looks).contains("schedule.contracts is off"), "{}", stderr(&nobody_looks));
    // Once a year by itself: what sets the contract agent off here is DocuSign's word.
    let house = house.with("GANGWAY_SCHEDULE__CONTRACTS", "0 0 1 1 *");
    let executed = house.vendors().get("/_simulator/accounts/ACME-001");
    let mut sent = executed.clone();
    sent["docusign"]["envelope"][0]["status"] = json!("sent");
    let envelope = executed["docusign"]["envelope"][0]["envelopeId"].clone();
    house.vendors().put("/_simulator/accounts/ACME-001", &sent);
    let service = Serving::start(&house, &[]);
    let event = Event::signed(SECRET, "msg-1", now(), r#"{"account_id":"ACME-001"}"#);
    let first = service.post("/webhook/onboarding?wait=30", &event).json();
    assert_eq!(first["run"]["outcome"], "BLOCK", "{first}");

    house.vendors().put("/_simulator/accounts/ACME-001", &executed);
    let tell = |at: &str| {
        house.vendors().post(
            "/_simulator/docusign/connect",
            &json!({"url": service.url("/webhook/docusign"), "envelope_id": envelope, "keys": [key],
                    "event": "envelope-completed", "generated_at": at}),
        )
    };
    let told = tell("2026-03-01T09:00:00Z").to_string();
    assert!(told.contains("contracts are looked at"), "{told}");
    house.until("the account is let through", || runs(&house)[0]["state"] == "completed");
    let second = &runs(&house)[0];
    let record = house.json(&["runs", "show", second["run_id"].as_str().unwrap(), "--json"]);
    let asked_by = record["request"]["requested_by"].as_str().unwrap();
    assert!(asked_by.starts_with("agent:contract-agent: "), "{asked_by}");

    assert!(tell("2026-03-01T09:00:00Z").to_string().contains("repeated"));
    assert!(tell("2026-03-01T09:00:01Z").to_string().contains("contracts are looked at"));
    assert_eq!(service.stop(), Some(0));
    assert_eq!(runs(&house).len(), 2, "what blocks no longer is not asked for again");
    assert_eq!(house.vendors().count("slack_message", "ACME-001"), 2, "one of the block, one of the success");
}
