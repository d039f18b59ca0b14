//! What is masked, by type, and what stays readable.

use super::{Email, Personal, identity, redact, scrub};
use serde_json::{Value, json};

fn object(value: Value) -> serde_json::Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => unreachable!("test gives objects, not {other}"),
    }
}

#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema is read")]
struct Args {
    account_id: String,
    to: Email,
    note: Option<Personal>,
    #[schemars(extend("x-redact" = "secret"))]
    grant: String,
}

#[test]
fn masks_by_the_type_of_the_argument() {
    let schema = schemars::schema_for!(Args).to_value();
    let arguments =
        object(json!({"account_id": "A", "to": "a@b.example", "note": "hi", "grant": "g", "other": 1}));
    assert_eq!(
        Value::Object(redact(&arguments, &schema)),
        json!({"account_id": "A", "to": "[personal]", "note": "[personal]", "grant": "[secret]", "other": "[unknown]"})
    );
    assert_eq!(
        Value::Object(identity(&arguments, &schema)),
        json!({"account_id": "A", "to": "a@b.example", "note": "hi", "other": 1})
    );
}

#[test]
fn open_text_keeps_its_words_and_no_address_phone_number_or_token() {
    let schema = json!({"properties": {"reason": {}, "key": {}, "id": {}, "list": {}}});
    let digest = format!("sha256:{}", "0a".repeat(32));
    let arguments = object(json!({
        "reason": "agreed, call jane@acme.example or +49 170 123 45-67 about INV-2024-001 (+5 % since 2024)",
        "key": "jane@acme.example",
        "id": digest,
        "list": [{"note": "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc"}],
    }));
    assert_eq!(
        Value::Object(redact(&arguments, &schema)),
        json!({
            "reason": "agreed, call [mail] or [phone] about INV-2024-001 (+5 % since 2024)",
            "key": "[mail]",
            "id": digest,
            "list": [{"note": "Bearer [token]"}],
        })
    );
}

#[test]
fn a_single_word_is_masked_when_it_is_a_phone_number_or_a_web_token() {
    let schema = json!({"properties": {"reason": {}}});
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl";
    for (word, kept) in [
        ("+49-170-1234567", "[phone]"),
        ("+491701234567", "[phone]"),
        (token, "[token]"),
        (
            "run-0199aaaabbbbccccddddeeeeffff0000/email_welcome_2",
            "run-0199aaaabbbbccccddddeeeeffff0000/email_welcome_2",
        ),
        ("+5", "+5"),
    ] {
        let redacted = redact(&object(json!({"reason": word})), &schema);
        assert_eq!(Value::Object(redacted), json!({"reason": kept}));
    }
}

#[test]
fn scrubs_addresses_tokens_and_line_breaks() {
    let text =
        scrub("mail <jo@x.example>,\nBearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc ok", 200);
    assert_eq!(text, "mail <[mail]>, Bearer [token] ok");
}

#[test]
fn punctuation_around_it_hides_no_address_and_no_token() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc";
    for (text, scrubbed) in [
        (r#"{"email":"jane@x.com"}"#.to_owned(), r#"{"email":"[mail]"}"#),
        ("a@x.com,b@x.com".to_owned(), "[mail],[mail]"),
        (format!(r#"{{"access_token":"{token}"}}"#), r#"{"access_token":"[token]"}"#),
        (
            format!("see https://x.example/reset?token={token}&to=jane%40x.com."),
            "see https://x.example/reset?[token]&[mail].",
        ),
        ("mailto:jane@x.com; jörg@x.com".to_owned(), "mailto:[mail]; [mail]"),
    ] {
        assert_eq!(scrub(&text, 300), scrubbed);
    }
}

#[test]
fn ordinary_text_stays_as_it_is() {
    for text in [
        "run run-0199aaaabbbbccccddddeeeeffff0000 failed: not found (404)",
        "{\"errorCode\":\"INVALID_REQUEST_PARAMETER\",\"fields\":[\"Name\",\"Tier__c\"]}",
        "see https://docs.northwind.example/onboarding/accounts/guides/closed-won for more",
        "checkpoint 7 is not in /var/lib/gangway/northwind-production.checkpoints/second-place",
        "3 items @ 5 USD, é, 50 % done",
    ] {
        assert_eq!(scrub(text, 300), text);
    }
}

#[test]
fn a_mail_address_cannot_carry_headers() {
    assert!(Email::parse("a@b.example").is_ok());
    for bad in ["", "a", "@b", "a@", "a@b@c", "a@b\r\nBcc: x@y", "A <a@b.example>", "a b@c"] {
        assert!(Email::parse(bad).is_err(), "{bad:?}");
    }
    assert_eq!(format!("{:?}", Email::parse("a@b.example")), "Ok([personal])");
}
