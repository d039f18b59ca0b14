//! What Slack signed is read, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{is_signed, person, pressed};
use crate::config::Approver;
use axum::http::HeaderMap;
use gangway_coordinator::approving::Choice;
use gangway_protocol::Domain;
use jiff::Timestamp;

/// Secret, time, body and signature of Slack's own documentation on verifying requests.
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const SENT: i64 = 1_531_420_618;
const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2F\
commands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

fn headers(seconds: i64, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-slack-request-timestamp", seconds.to_string().parse().unwrap());
    headers.insert("x-slack-signature", signature.parse().unwrap());
    headers
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

#[test]
fn slacks_own_example_is_signed_and_nothing_changed_is() {
    let good = headers(SENT, SIGNATURE);
    let signed = |body: &str, headers: &HeaderMap, now| is_signed(SECRET, body.as_bytes(), headers, at(now));
    assert!(signed(BODY, &good, SENT + 300));
    assert!(!signed(BODY, &good, SENT + 301), "a replay");
    assert!(!signed(BODY, &good, SENT - 301), "from the future");
    assert!(!signed(&BODY.replace("roadrunner", "coyote"), &good, SENT));
    assert!(!signed(BODY, &headers(SENT + 1, SIGNATURE), SENT), "another time");
    for forged in [SIGNATURE.replace("a2", "a3"), "v0=".to_owned(), "v1=00".to_owned(), "v0=é".to_owned()] {
        let Ok(value) = forged.parse() else { continue };
        let mut headers = headers(SENT, SIGNATURE);
        headers.insert("x-slack-signature", value);
        assert!(!signed(BODY, &headers, SENT), "{forged}");
    }
    assert!(!signed(BODY, &HeaderMap::new(), SENT));
    assert!(!is_signed("another secret", BODY.as_bytes(), &good, at(SENT)));
}

#[test]
fn a_pressed_button_says_who_what_and_why() {
    let body = "payload=%7B%22user%22%3A%7B%22id%22%3A%22U1%22%7D%2C%22actions%22%3A%5B%7B%22action_id%22%3A%22gangway_reject%22%2C\
%22value%22%3A%22apr-1.x%22%7D%5D%2C%22state%22%3A%7B%22values%22%3A%7B%22gangway_reason%22%3A%7B%22reason%22%3A%7B%22value%22%3A%22not+yet%22%7D%7D%7D%7D%7D";
    let pressed_it = pressed(body.as_bytes()).unwrap();
    assert_eq!(pressed_it.order.choice, Choice::Reject);
    assert_eq!((pressed_it.order.slack_user.as_str(), pressed_it.order.value.as_str()), ("U1", "apr-1.x"));
    assert_eq!(pressed_it.order.reason, "not yet");
    for other in ["", "payload=%7B%7D", "payload=x", BODY] {
        assert_eq!(pressed(other.as_bytes()), None, "{other}");
    }
}

#[test]
fn only_a_configured_slack_user_is_somebody() {
    let approvers =
        [Approver { name: "Dana".to_owned(), slack_user: "U1".to_owned(), domains: vec![Domain::Invoice] }];
    assert_eq!(person(&approvers, "U1").map(|person| person.name).as_deref(), Some("Dana"));
    assert_eq!(person(&approvers, "U2"), None);
}
