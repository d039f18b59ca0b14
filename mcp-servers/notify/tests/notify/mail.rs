//! `notify.send_email` against the simulated mail server: once, UNKNOWN after a lost answer, temporary and permanent refusals.

use crate::rig::{Rig, http, idem, letter, message};
use futures::future::join_all;
use gangway_notify::{Security, Settings};
use gangway_protocol::ErrorType;
use gangway_protocol::redact::Personal;
use gangway_protocol::tools::notify::{DeliveryStatus, PostMessage, SendEmail, SendEmailArgs};
use gangway_simulator::{EffectKind, Fault, FaultKind, Options, TlsFiles, Vendor};
use gangway_store::OutboxState;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::path::Path;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

const SENT: EffectKind = EffectKind::Mail;

/// Scripts one answer of the mail server.
async fn script(rig: &Rig, stage: &str, answer: Value) {
    script_times(rig, stage, answer, 1).await;
}

async fn script_times(rig: &Rig, stage: &str, answer: Value, times: u32) {
    let url = format!("{}/_simulator/smtp/script", rig.simulator.addresses().base_url);
    let rules = json!({"rules": [{"stage": stage, "answer": answer, "times": times}]});
    assert!(http().put(url).json(&rules).send().await.unwrap().status().is_success());
}

fn without_repeats(settings: &mut Settings) {
    settings.retry.retries = 0;
}

fn reply(code: u16, text: &str) -> Value {
    json!({"reply": {"code": code, "text": text}})
}

#[tokio::test]
async fn a_mail_is_sent_once_with_both_bodies_and_a_fixed_message_id() {
    let rig = Rig::new().await;
    let first = rig.mail("run-1/welcome").await.unwrap();
    let repeat = rig.mail("run-1/welcome").await.unwrap();
    assert_eq!((first.status, &first.message_id), (DeliveryStatus::Sent, &repeat.message_id));
    let mails = rig.simulator.ledger().effects_of(SENT);
    assert_eq!((mails.len(), mails[0].target.as_str()), (1, "jo@acme.example"));
    let detail = &mails[0].detail;
    assert_eq!(detail["subject"], "Welcome, Zoë");
    assert_eq!(detail["text"].as_str().unwrap().trim_end(), "Hello Zoë,\n.\nwelcome.");
    assert_eq!(detail["html"].as_str().unwrap().trim_end(), "<p>Hello Zoë</p>");
    assert_eq!(detail["message_id"].as_str(), first.reference.as_deref());
    assert_eq!(
        *rig.places.lock().unwrap(),
        ["outbox.sending:mail", "outbox.delivered:mail", "outbox.recorded:mail"]
    );
}

#[tokio::test]
async fn repeats_at_the_same_moment_send_once() {
    let rig = Rig::new().await;
    let answers = join_all((0..16).map(|_| rig.mail("run-1/welcome"))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().status == DeliveryStatus::Sent));
    assert_eq!(rig.count(SENT), 1);
}

#[tokio::test]
async fn a_line_break_in_the_subject_makes_no_header_and_no_second_recipient() {
    let rig = Rig::new().await;
    let mut args = letter("run-1/welcome");
    args.subject = Personal("Welcome\r\nBcc: other@evil.example".to_owned());
    rig.host.call::<SendEmail>(&args).await.unwrap();
    let mails = rig.simulator.ledger().effects_of(SENT);
    assert_eq!((mails.len(), mails[0].target.as_str()), (1, "jo@acme.example"));
    assert_eq!(mails[0].detail["subject"], "Welcome  Bcc: other@evil.example");
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_never_repeated() {
    let rig = Rig::new().await;
    rig.simulator.faults().add(Fault::new(Vendor::Smtp, FaultKind::LostResponse).times(1));
    for _ in 0..3 {
        assert_eq!(rig.mail("run-1/welcome").await.unwrap().status, DeliveryStatus::Unknown);
    }
    assert_eq!((rig.count(SENT), rig.outbox().await), (1, vec![OutboxState::Unknown]));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_unknown() {
    let rig =
        Rig::with(Options::default(), |settings| settings.mail.as_mut().unwrap().attempt_deadline_ms = 200)
            .await;
    rig.simulator.faults().add(Fault::new(Vendor::Smtp, FaultKind::Latency { ms: 60_000 }).times(1));
    assert_eq!(rig.mail("run-1/welcome").await.unwrap().status, DeliveryStatus::Unknown);
    assert_eq!(rig.mail("run-1/welcome").await.unwrap().status, DeliveryStatus::Unknown);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_mail_is_written_queues_it() {
    let rig = Rig::with(Options::default(), without_repeats).await;
    script(&rig, "mail", json!("reset")).await;
    assert_eq!(rig.mail("run-1/welcome").await.unwrap().status, DeliveryStatus::Queued);
    assert_eq!((rig.round().await.sent, rig.count(SENT)), (1, 1));
}

#[tokio::test]
async fn a_temporary_refusal_queues_the_mail_and_it_is_sent_once_later() {
    for (stage, code, text) in [
        ("mail", 451, "4.3.0 later"),
        ("rcpt", 450, "4.2.1 busy"),
        ("data", 451, "4.7.1 too many"),
        ("data", 421, "4.3.2 closing"),
    ] {
        let rig = Rig::with(Options::default(), without_repeats).await;
        script(&rig, stage, reply(code, text)).await;
        let queued = rig.mail("run-1/welcome").await.unwrap();
        assert_eq!((queued.status, rig.count(SENT)), (DeliveryStatus::Queued, 0), "{stage} {text}");
        let why = rig.store.outbox().get(&queued.message_id).await.unwrap().unwrap().why.unwrap();
        assert!(why.contains(&code.to_string()) && !why.contains("jo@acme"), "{why}");
        assert_eq!((rig.round().await.sent, rig.round().await.sent), (1, 0), "{stage} {text}");
        let mails = rig.simulator.ledger().effects_of(SENT);
        assert_eq!((mails.len(), &mails[0].detail["subject"]), (1, &json!("Welcome, Zoë")), "{stage} {text}");
        assert_eq!(mails[0].detail["html"].as_str().unwrap().trim_end(), "<p>Hello Zoë</p>");
    }
}

#[tokio::test]
async fn a_permanent_refusal_is_an_error_and_whoever_asks_again_may_send() {
    let table = [
        ("rcpt", 550, "5.1.1 <jo@acme.example> unknown", ErrorType::Validation),
        ("rcpt", 550, "5.7.1 relaying denied", ErrorType::Authorization),
        ("data", 554, "5.6.0 refused", ErrorType::Validation),
    ];
    for (stage, code, text, error_type) in table {
        let rig = Rig::with(Options::default(), without_repeats).await;
        script(&rig, stage, reply(code, text)).await;
        let error = rig.mail("run-1/welcome").await.unwrap_err();
        assert_eq!((error.error_type, error.retryable), (error_type, false), "{stage} {text}");
        assert_eq!(error.error_code, format!("SMTP_{code}"));
        assert!(!error.may_have_happened(), "{stage} {text}");
        assert!(!error.message.contains("jo@acme"), "{}", error.message);
        assert_eq!(
            (rig.outbox().await, rig.round().await.sent),
            (vec![OutboxState::Dead], 0),
            "{stage} {text}"
        );
        assert_eq!(rig.mail("run-1/welcome").await.unwrap().status, DeliveryStatus::Sent, "{stage} {text}");
        assert_eq!(rig.count(SENT), 1, "{stage} {text}");
    }
}

#[tokio::test]
async fn what_certainly_did_not_arrive_is_repeated_under_one_claim() {
    let busy = || reply(451, "4.3.0 later");
    for (stage, answer) in [("mail", busy()), ("rcpt", busy()), ("data", busy()), ("rcpt", json!("reset"))] {
        let rig = Rig::new().await;
        script_times(&rig, stage, answer.clone(), 3).await;
        let delivery = rig.mail("run-1/welcome").await.unwrap();
        assert_eq!(delivery.status, DeliveryStatus::Sent, "{stage} {answer}");
        assert_eq!((rig.count(SENT), rig.outbox().await), (1, vec![OutboxState::Sent]), "{stage} {answer}");
        let attempt =
            |end: &str| ["outbox.sending", "outbox.delivered", end].map(|place| format!("{place}:mail"));
        let mut places = vec![attempt("outbox.queued"); 3].concat();
        places.extend(attempt("outbox.recorded"));
        assert_eq!(*rig.places.lock().unwrap(), places, "{stage}: while it waits a crash leaves no doubt");
    }
}

#[tokio::test]
async fn a_call_waits_for_three_repeats_and_a_permanent_refusal_gets_none() {
    let rig = Rig::new().await;
    script_times(&rig, "rcpt", reply(451, "no"), 4).await;
    assert_eq!(rig.mail("run-1/welcome").await.unwrap().status, DeliveryStatus::Queued);
    script_times(&rig, "rcpt", reply(550, "no"), 1).await;
    assert_eq!(rig.mail("run-2/welcome").await.unwrap_err().error_code, "SMTP_550");
    assert_eq!((rig.count(SENT), rig.outbox().await), (0, vec![OutboxState::Queued, OutboxState::Dead]));
}

#[tokio::test]
async fn an_answer_lost_on_a_repeat_is_unknown_and_ends_the_repeats() {
    let rig = Rig::new().await;
    let url = format!("{}/_simulator/smtp/script", rig.simulator.addresses().base_url);
    let rules = json!({"rules": [
        {"stage": "rcpt", "answer": reply(451, "4.3.0 later"), "times": 1},
        {"stage": "data", "answer": "lost_response", "times": 1},
    ]});
    assert!(http().put(url).json(&rules).send().await.unwrap().status().is_success());
    assert_eq!(rig.mail("run-1/welcome").await.unwrap().status, DeliveryStatus::Unknown);
    assert_eq!((rig.count(SENT), rig.outbox().await), (1, vec![OutboxState::Unknown]));
}

#[tokio::test]
async fn wrong_credentials_are_an_authentication_error() {
    let rig = Rig::with(Options::default(), |settings| {
        settings.mail.as_mut().unwrap().password = Some(SecretString::from("wrong-password"));
    })
    .await;
    let error = rig.mail("run-1/welcome").await.unwrap_err();
    assert_eq!((error.error_type, error.error_code.as_str()), (ErrorType::Authentication, "SMTP_535"));
    assert!(!error.message.contains("wrong-password"));
}

#[tokio::test]
async fn a_mail_server_nobody_reaches_gets_the_mail_later() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rig =
        Rig::with(Options::default(), |settings| settings.mail.as_mut().unwrap().port = closed.port()).await;
    assert_eq!(rig.mail("run-1/welcome").await.unwrap().status, DeliveryStatus::Queued);
    assert_eq!(rig.outbox().await, [OutboxState::Queued]);
}

#[tokio::test]
async fn many_mails_share_a_bounded_number_of_connections() {
    let rig = Rig::with(Options::default(), |settings| settings.mail.as_mut().unwrap().connections = 3).await;
    let keys: Vec<String> = (0..60).map(|n| format!("run-{n}/welcome")).collect();
    let answers = join_all(keys.iter().map(|key| rig.mail(key))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().status == DeliveryStatus::Sent));
    assert_eq!(rig.count(SENT), 60);
    assert!(rig.simulator.calls().max_concurrency(Vendor::Smtp) <= 3);
}

#[tokio::test]
async fn a_mail_that_only_waits_for_a_connection_is_not_claimed() {
    let rig = Rig::with(Options::default(), |settings| settings.mail.as_mut().unwrap().connections = 1).await;
    let keys: Vec<String> = (0..12).map(|n| format!("run-{n}/welcome")).collect();
    let answers = join_all(keys.iter().map(|key| rig.mail(key))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().status == DeliveryStatus::Sent));
    assert_eq!(
        *rig.places.lock().unwrap(),
        ["outbox.sending:mail", "outbox.delivered:mail", "outbox.recorded:mail"].repeat(12)
    );
}

fn key_file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/simulator/keys").join(name)
}

#[tokio::test]
async fn starttls_is_used_when_asked_for_and_its_certificate_checked() {
    let tls = || Options {
        tls: Some(TlsFiles { cert: key_file("tls.cert.pem"), key: key_file("tls.key.pem") }),
        ..Options::default()
    };
    let trusted = Rig::with(tls(), |settings| {
        let mail = settings.mail.as_mut().unwrap();
        (mail.host, mail.security) = ("localhost".to_owned(), Security::StartTls);
        mail.root_certificate_pem = Some(std::fs::read_to_string(key_file("tls.cert.pem")).unwrap());
    })
    .await;
    assert_eq!(trusted.mail("run-1/welcome").await.unwrap().status, DeliveryStatus::Sent);
    let untrusted = Rig::with(tls(), |settings| {
        let mail = settings.mail.as_mut().unwrap();
        (mail.host, mail.security) = ("localhost".to_owned(), Security::StartTls);
    })
    .await;
    assert_eq!(untrusted.mail("run-1/welcome").await.unwrap().status, DeliveryStatus::Queued);
    assert_eq!(untrusted.count(SENT), 0);
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_mail_when_it_is_asked_for() {
    let rig = Rig::with(Options::default(), |settings| {
        settings.mail.as_mut().unwrap().security = Security::StartTls
    })
    .await;
    let queued = rig.mail("run-1/welcome").await.unwrap();
    let why = rig.store.outbox().get(&queued.message_id).await.unwrap().unwrap().why.unwrap();
    assert!(why.contains("STARTTLS"), "{why}");
    assert_eq!(rig.count(SENT), 0);
}

/// Takes one mail, without any extension, and closes the connection.
async fn take_one_mail(socket: TcpStream) {
    let mut socket = BufReader::new(socket);
    socket.write_all(b"220 old.example\r\n").await.unwrap();
    let (mut line, mut content, mut taken) = (String::new(), false, false);
    while !taken {
        line.clear();
        socket.read_line(&mut line).await.unwrap();
        let answer = match (content, line.trim_end()) {
            (true, ".") => {
                taken = true;
                "250 taken"
            }
            (true, _) => continue,
            (false, "DATA") => {
                content = true;
                "354 go on"
            }
            (false, _) => "250 fine",
        };
        socket.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn a_kept_connection_the_server_closed_is_replaced_even_without_pipelining() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        for _ in 0..3 {
            take_one_mail(listener.accept().await.unwrap().0).await;
        }
    });
    let rig = Rig::with(Options::default(), |settings| {
        let mail = settings.mail.as_mut().unwrap();
        (mail.port, mail.username, mail.password) = (port, None, None);
    })
    .await;
    for key in ["run-1/welcome", "run-2/welcome", "run-3/welcome"] {
        assert_eq!(rig.mail(key).await.unwrap().status, DeliveryStatus::Sent, "{key}");
    }
    server.await.unwrap();
}

/// Agents' keys can be guessed: a run's id and a word.
#[tokio::test]
async fn whoever_uses_an_agents_key_first_swallows_none_of_its_messages() {
    let rig = Rig::new().await;
    let ada = rig.person("ada").await;
    for mail in [letter("run-1/email_welcome"), letter("run-1/x")] {
        let once_key = Some(idem("tnt-1/email_welcome"));
        ada.call::<SendEmail>(&SendEmailArgs { once_key, ..mail }).await.unwrap();
    }
    ada.call::<PostMessage>(&message("#cs-onboarding", "run-1/note")).await.unwrap();
    let by_ada = [SENT, EffectKind::SlackMessage].map(|kind| rig.count(kind));
    assert_eq!(by_ada, [1, 1], "her own key for one mail holds for her");
    let once_key = Some(idem("tnt-1/email_welcome"));
    rig.host.call::<SendEmail>(&SendEmailArgs { once_key, ..letter("run-1/email_welcome") }).await.unwrap();
    rig.post("#cs-onboarding", "run-1/note").await.unwrap();
    assert_eq!([SENT, EffectKind::SlackMessage].map(|kind| rig.count(kind)), [2, 2]);
}
