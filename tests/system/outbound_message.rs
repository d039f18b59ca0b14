//! Salesforce Outbound Messages over HTTP: believed by their organization, acknowledged only when every notification in
//! them is committed, and harmless when they come again. Effects are counted in the simulator's ledger.

use crate::harness::House;
use crate::serve::{refusals, runs};
use crate::serving::{Event, Serving};
use serde_json::json;

pub const PATH: &str = "/webhook/salesforce";
pub const ORGANIZATION: &str = "00D8Z000001abcdUAA";

/// One won opportunity as Salesforce words it; the customer is four letters of every id.
pub fn won(customer: &str) -> String {
    format!(
        "<Notification><Id>04l8Z00000{customer}1QA4</Id><sObject xsi:type=\"sf:Opportunity\" xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\"><sf:Id>0068Z00001{customer}QQA5</sf:Id><sf:AccountId>0018Z00003{customer}QQA5</sf:AccountId></sObject></Notification>"
    )
}

pub fn message(organization: &str, notifications: &[String]) -> Event {
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>{organization}</OrganizationId><ActionId>04k8Z0000000001</ActionId><SessionId xsi:nil="true"/>{}</notifications></soapenv:Body></soapenv:Envelope>"#,
        notifications.concat()
    );
    Event::new(&body).header("content-type", "text/xml; charset=utf-8")
}

pub fn house() -> House {
    // Configured by its short form; messages name the long one.
    House::new().with("GANGWAY_SERVE__SALESFORCE_ORGANIZATION_ID", &ORGANIZATION[..15])
}

fn wait_for_rest(house: &House, count: usize) {
    house.until("every run rests", || {
        let runs = runs(house);
        runs.len() == count && runs.iter().all(|run| run["state"] == "completed")
    });
}

#[test]
fn a_message_is_acknowledged_and_one_that_comes_again_starts_nothing() {
    let house = house();
    let service = Serving::start(&house, &[]);
    for _ in 0..2 {
        let answer = service.post(PATH, &message(ORGANIZATION, &[won("ACME"), won("STRT")]));
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/xml; charset=utf-8"));
        assert!(answer.body.contains("<Ack>true</Ack>"), "{}", answer.body);
    }
    wait_for_rest(&house, 2);
    assert_eq!(service.stop(), Some(0));
    for account in ["ACME-001", "STARTER-007"] {
        assert_eq!(house.vendors().count("slack_message", account), 1, "{account}");
    }
    assert!(refusals(&house).is_empty());
}

#[test]
fn what_is_not_our_organizations_or_no_message_is_refused_audited_and_leaves_nothing_else() {
    let house = house();
    let service = Serving::start(&house, &[]);
    let good = message(ORGANIZATION, &[won("ACME")]);
    let large = message(ORGANIZATION, &[" ".repeat(300_000)]);
    let entity = good.body.replace("?>\n", "?><!DOCTYPE x [<!ENTITY a \"aaaa\">]>\n");
    let xml = |body: &str| Event::new(body).header("content-type", "text/xml");
    let cases = [
        (message("00D8Z000001abceUAA", &[won("ACME")]), 401, "BAD_SIGNATURE"),
        (message("", &[won("ACME")]), 422, "UNREADABLE"),
        (xml("<notifications>"), 422, "UNREADABLE"),
        (xml("{}"), 422, "UNREADABLE"),
        (xml(&entity), 422, "UNREADABLE"),
        (message(ORGANIZATION, &[]), 422, "UNREADABLE"),
        (message(ORGANIZATION, &vec![won("ACME"); 101]), 422, "UNREADABLE"),
        (
            message(ORGANIZATION, &[won("ACME"), "<Notification><Id>1</Id></Notification>".to_owned()]),
            422,
            "UNREADABLE",
        ),
        (
            message(ORGANIZATION, &[won("ACME")]).header("content-type", "application/json"),
            415,
            "CONTENT_TYPE",
        ),
        (large, 413, "BODY_TOO_LARGE"),
    ];
    let mut expected = Vec::new();
    for (event, status, code) in cases {
        let answer = service.post(PATH, &event);
        assert_eq!(answer.status, status, "{code}: {}", answer.body);
        assert!(!answer.body.contains("<Ack>"), "{code}");
        expected.push(format!("refused/{code}"));
    }
    assert_eq!(service.stop(), Some(0));
    assert_eq!(refusals(&house), expected);
    assert!(runs(&house).is_empty());
}

#[test]
fn it_is_acknowledged_only_when_every_notification_is_committed() {
    for crash_at in ["intake.committed:assessing", "answering:/webhook/salesforce"] {
        let house = house();
        let service = Serving::start(&house, &[("GANGWAY_CRASH_AT", crash_at)]);
        assert!(
            service.try_post(PATH, &message(ORGANIZATION, &[won("ACME"), won("STRT")])).is_none(),
            "{crash_at}"
        );
        service.kill();
        let next = Serving::start(&house, &[]);
        assert!(
            next.post(PATH, &message(ORGANIZATION, &[won("ACME"), won("STRT")]))
                .body
                .contains("<Ack>true</Ack>")
        );
        wait_for_rest(&house, 2);
        assert_eq!(next.stop(), Some(0));
        for account in ["ACME-001", "STARTER-007"] {
            assert_eq!(house.vendors().count("slack_message", account), 1, "{crash_at} {account}");
        }
    }
}

#[test]
fn a_message_that_fits_the_line_only_in_part_is_not_acknowledged_and_taken_in_whole_later() {
    let house = house();
    for vendor in ["salesforce", "netsuite", "docusign"] {
        house.vendors().fault(&json!({"vendor": vendor, "kind": "latency", "ms": 300}));
    }
    let narrow = [("GANGWAY_SERVE__QUEUE", "1"), ("GANGWAY_SERVE__WORKERS", "1")];
    let service = Serving::start(&house, &narrow);
    let all = message(ORGANIZATION, &[won("ACME"), won("STRT"), won("GRTH")]);
    let answer = service.post(PATH, &all);
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{}", answer.body);
    house.vendors().heal();
    house.until("the whole message is taken in", || service.post(PATH, &all).status == 200);
    wait_for_rest(&house, 3);
    assert_eq!(service.stop(), Some(0));
    for account in ["ACME-001", "STARTER-007", "GROWTH-008"] {
        assert_eq!(house.vendors().count("slack_message", account), 1, "{account}");
    }
}

#[test]
fn a_message_of_more_notifications_than_the_limit_is_taken_in_by_and_by() {
    let house = house();
    let service = Serving::start(&house, &[("GANGWAY_SERVE__EVENTS_PER_MINUTE", "2")]);
    let all = message(ORGANIZATION, &[won("ACME"), won("STRT"), won("GRTH")]);
    assert_eq!(service.post(PATH, &all).status, 429);
    // What was counted is forgotten when the configuration is read again: as after a minute, without the minute.
    service.signal("-HUP");
    service.wait_for_remark("configuration read again");
    let answer = service.post(PATH, &all);
    assert_eq!(answer.status, 200, "those of before do not count again: {}", answer.body);
    wait_for_rest(&house, 3);
    assert_eq!(service.stop(), Some(0));
    assert_eq!(refusals(&house), ["refused/TOO_MANY_REQUESTS"]);
}
