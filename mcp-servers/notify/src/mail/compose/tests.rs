//! A mail's form: no header from a caller's text, one identifier per key.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::Letterhead;
use crate::settings::MailSettings;
use gangway_protocol::redact::{Email, Personal};
use gangway_protocol::tools::notify::SendEmailArgs;
use gangway_protocol::{IdempotencyKey, TraceParent};

fn letterhead() -> Letterhead {
    let from = Email::parse("onboarding@northwind.example").unwrap();
    let mut settings = MailSettings::local_sink("mail.northwind.example", 25, from);
    settings.from_name = Some("Northwind Cloud\r\nBcc: x@evil.example".to_owned());
    settings.reply_to = Some(Email::parse("success@northwind.example").unwrap());
    Letterhead::new(&settings).unwrap()
}

fn mail(subject: &str, text: &str, html: Option<&str>) -> SendEmailArgs {
    SendEmailArgs {
        to: Email::parse("jo@acme.example").unwrap(),
        subject: Personal(subject.to_owned()),
        text: Personal(text.to_owned()),
        html: html.map(|html| Personal(html.to_owned())),
        idempotency_key: IdempotencyKey::parse("run-1/welcome").unwrap(),
        once_key: None,
    }
}

fn written(args: &SendEmailArgs) -> String {
    String::from_utf8(letterhead().compose(args, &args.idempotency_key).unwrap().message.formatted()).unwrap()
}

fn header_names(mail: &str) -> Vec<&str> {
    let head = mail.split_once("\r\n\r\n").unwrap().0;
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split(':').next())
        .collect()
}

#[test]
fn no_text_of_the_caller_adds_a_header() {
    let expected = header_names(&written(&mail("Welcome", "Hello", None))).join(" ");
    for subject in [
        "Welcome\r\nBcc: x@evil.example",
        "Welcome\nBcc: x@evil.example",
        "Wel\rcome",
        "W\u{0}\u{2028}Bcc: a@b",
    ] {
        let mail = written(&mail(subject, "Hello", None));
        assert_eq!(header_names(&mail).join(" "), expected, "{subject:?}");
        assert!(!mail.contains("\r\nBcc"), "{subject:?}");
    }
}

#[test]
fn a_mail_carries_the_trace_it_is_sent_in() {
    let args = mail("Welcome", "Hello", None);
    let composed = letterhead().compose(&args, &args.idempotency_key).unwrap();
    let trace = TraceParent::beginning(7);
    let sent = String::from_utf8(composed.written(Some(&trace))).unwrap();
    assert!(sent.contains(&format!("\r\nTraceparent: {trace}\r\n")), "{sent}");
    assert!(header_names(&sent).contains(&"Traceparent"));
    assert_eq!(composed.written(None), composed.message.formatted(), "no trace, no header");
}

#[test]
fn text_and_html_are_alternatives_of_one_mail() {
    let mail = written(&mail("Welcome", "Grüße\n.\n", Some("<p>Grüße</p>")));
    assert!(mail.contains("multipart/alternative"));
    assert!(mail.find("text/plain").unwrap() < mail.find("text/html").unwrap());
    assert!(mail.is_ascii());
    assert!(mail.contains("Reply-To: success@northwind.example"));
}

#[test]
fn the_message_id_follows_from_the_key_alone() {
    let one = letterhead().message_id(&IdempotencyKey::parse("run-1/welcome").unwrap());
    let other = letterhead().message_id(&IdempotencyKey::parse("run-2/welcome").unwrap());
    assert!(one.starts_with('<') && one.ends_with("@northwind.example>") && one != other);
    assert!(written(&mail("a", "b", None)).contains(&format!("Message-ID: {one}")));
    assert!(written(&mail("c", "d", Some("e"))).contains(&format!("Message-ID: {one}")));
}

#[test]
fn a_recipient_no_mail_server_takes_is_a_validation_error() {
    let mut args = mail("Welcome", "Hello", None);
    for bad in ["jo@-acme.example", "jö@acme.example", "jo@acme_.example()"] {
        args.to = Email::parse(bad).unwrap();
        let error = letterhead().compose(&args, &args.idempotency_key).unwrap_err();
        assert_eq!(error.error_code, "RECIPIENT_INVALID", "{bad}");
        assert!(!error.message.contains(bad));
    }
}
