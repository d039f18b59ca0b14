//! Messages over HTTP: a person's word sends or settles them, and what the vendors then saw is counted in their ledger.

use crate::api::{Events, Service, key};
use crate::harness::House;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A house whose mails are tried once in a call, and whose outbox is looked at often.
fn house() -> House {
    House::new()
        .with("GANGWAY_NOTIFY__RETRY__RETRIES", "0")
        .with("GANGWAY_NOTIFY__OUTBOX__GRACE_MS", "0")
        .with("GANGWAY_NOTIFY__OUTBOX__ATTEMPTS", "1")
        .with("GANGWAY_SCHEDULE__OUTBOX", "every 1s")
}

fn mails(house: &House) -> usize {
    house.vendors().count("mail", "deal-1")
}

fn in_state(house: &House, state: &str) -> usize {
    house.json(&["outbox", "list", "--state", state, "--json"])["messages"].as_array().unwrap().len()
}

/// Reads on until this many messages are in this state.
async fn until(events: &mut Events, state: &str, mut count: usize) {
    while count > 0 {
        let (_, name, told) = events.next().await;
        if name == "message" && told["state"] == state {
            count -= 1;
        }
    }
}

async fn messages(service: &Service, state: &str, key: &str) -> Vec<String> {
    let listed = service.read(&format!("/api/outbox?state={state}"), key).await;
    let ids = listed["messages"].as_array().unwrap().iter();
    ids.map(|message| message["message_id"].as_str().unwrap().to_owned()).collect()
}

async fn say(service: &Service, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
    let answer = service.ask(Method::POST, path, key).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn mails_given_up_are_sent_once_when_a_person_says_so() {
    let house = house();
    let cs = key(&house, "Ann", "cs");
    let refusal = json!({"reply": {"code": 451, "text": "not now"}});
    house.vendors().script_mail(&json!([{"stage": "rcpt", "answer": refusal, "times": 3}]));
    let service = Service::of(&house);
    service.start("ACME-001", "deal-1", &cs).await;
    house.until("three mails are given up", || in_state(&house, "dead") == 3);
    assert_eq!(mails(&house), 0);
    let dead = messages(&service, "dead", &cs).await;
    for id in &dead {
        let path = format!("/api/outbox/{id}/retry");
        let (unfounded, _) = say(&service, &path, &cs, json!({"reason": " "})).await;
        assert_eq!(unfounded, StatusCode::UNPROCESSABLE_ENTITY);
        let (taken, said) = say(&service, &path, &cs, json!({"reason": "the server is mended"})).await;
        assert_eq!((taken, &said["state"]), (StatusCode::OK, &json!("queued")), "{said}");
    }
    house.until("none is given up any more", || {
        in_state(&house, "dead") == 0 && in_state(&house, "queued") == 0
    });
    house.until("they are with the mail server", || mails(&house) >= 3);
    assert_eq!(mails(&house), 3, "each once");
    let path = format!("/api/outbox/{}/retry", dead[0]);
    let (settled, _) = say(&service, &path, &cs, json!({"reason": "again"})).await;
    assert_eq!(settled, StatusCode::CONFLICT, "what is sent is not sent again");
    assert_eq!(mails(&house), 3);
}

#[tokio::test]
async fn a_mail_that_may_have_arrived_is_repeated_only_on_the_word_that_it_did_not() {
    let house = house();
    let cs = key(&house, "Ann", "cs");
    house.vendors().fault(&json!({"vendor": "smtp", "kind": "lost_response"}));
    let service = Service::of(&house);
    let mut events = service.events(&cs, None).await;
    service.start("ACME-001", "deal-1", &cs).await;
    until(&mut events, "unknown", 3).await;
    house.vendors().heal();
    assert_eq!(mails(&house), 3, "all arrived, and nobody here can know");
    let unknown = messages(&service, "unknown", &cs).await;
    let (careless, said) =
        say(&service, &format!("/api/outbox/{}/retry", unknown[0]), &cs, json!({"reason": "hm"})).await;
    assert_eq!(careless, StatusCode::CONFLICT, "{said}");
    assert!(said["detail"].as_str().unwrap().contains("may have arrived"), "{said}");
    for id in &unknown {
        let body = json!({"reason": "the customer has it", "outcome": "delivered"});
        let (settled, said) = say(&service, &format!("/api/outbox/{id}/settle"), &cs, body).await;
        assert_eq!((settled, &said["state"]), (StatusCode::OK, &json!("sent")), "{said}");
    }
    // The welcome mail's task waited for this word, and the training mail's too.
    for _ in 0..2 {
        while events.next().await.1 != "task" {}
    }
    let tasks = service.read("/api/tasks?account=ACME-001", &cs).await;
    for code in ["T003", "T004"] {
        let task = tasks["tasks"].as_array().unwrap().iter().find(|task| task["code"] == code).unwrap();
        assert_eq!(task["status"], "completed", "{task}");
    }
    assert_eq!(mails(&house), 3, "nothing was sent again");
}
