//! What Slack signed is read, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{Button, Headers, Pressed, pressed};
use crate::signature::Disbelief;
use jiff::Timestamp;

/// Secret, time, body and signature of Slack's own documentation on verifying requests.
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const SENT: i64 = 1_531_420_618;
const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2F\
commands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

#[test]
fn slacks_own_example_is_signed_and_nothing_changed_is() {
    let sent = SENT.to_string();
    let good = Headers { timestamp: Some(&sent), signature: Some(SIGNATURE) };
    let signed =
        |body: &str, headers: Headers<'_>, now| headers.prove(body.as_bytes(), SECRET, at(now)).is_ok();
    assert!(signed(BODY, good, SENT + 300));
    assert!(!signed(BODY, good, SENT + 301), "a replay");
    assert!(!signed(BODY, good, SENT - 301), "from the future");
    assert!(!signed(&BODY.replace("roadrunner", "coyote"), good, SENT));
    let later = (SENT + 1).to_string();
    assert!(!signed(BODY, Headers { timestamp: Some(&later), ..good }, SENT), "another time");
    for forged in [SIGNATURE.replace("a2", "a3"), "v0=".to_owned(), "v1=00".to_owned(), "v0=é".to_owned()] {
        assert!(!signed(BODY, Headers { signature: Some(&forged), ..good }, SENT), "{forged}");
    }
    let why = |headers: Headers<'_>, now| headers.prove(BODY.as_bytes(), SECRET, at(now));
    assert_eq!(why(Headers::default(), SENT), Err(Disbelief::Unsigned));
    assert_eq!(why(good, SENT + 301), Err(Disbelief::Stale));
    let (forged, unknown) =
        (Headers { timestamp: Some(&later), ..good }, Headers { timestamp: Some("now"), ..good });
    assert_eq!(why(forged, SENT + 301), Err(Disbelief::Wrong), "the age is told only to who has the secret");
    assert_eq!(why(unknown, SENT), Err(Disbelief::Malformed));
    assert!(good.prove(BODY.as_bytes(), "another secret", at(SENT)).is_err());
}

#[test]
fn a_pressed_button_says_who_what_and_why() {
    let body = "payload=%7B%22user%22%3A%7B%22id%22%3A%22U1%22%7D%2C%22actions%22%3A%5B%7B%22action_id%22%3A%22gangway_reject%22%2C\
%22value%22%3A%22apr-1.x%22%7D%5D%2C%22state%22%3A%7B%22values%22%3A%7B%22gangway_reason%22%3A%7B%22reason%22%3A%7B%22value%22%3A%22not+yet%22%7D%7D%7D%7D%7D";
    let pressed_it = Pressed::read(body.as_bytes()).unwrap();
    assert_eq!(pressed_it.button, Button::Reject);
    assert_eq!((pressed_it.slack_user.as_str(), pressed_it.value.as_str()), ("U1", "apr-1.x"));
    assert_eq!(pressed_it.reason, "not yet");
    for other in ["", "payload=%7B%7D", "payload=x", BODY] {
        assert_eq!(pressed(other.as_bytes()), None, "{other}");
    }
}
