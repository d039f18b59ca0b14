//! The second place, taken away, shortened, garbled, left half-written; and the receiver of posted checkpoints, over real HTTP.

use super::Place;
use crate::auditing::{Checkpoints, Sealer, Trust, verify_store};
use crate::config::AuditSettings;
use crate::keys;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use gangway_protocol::checkpoint::{Checkpoint, GivenUp};
use gangway_store::Store;
use jiff::Timestamp;
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn a_second_place_that_was_emptied_shortened_or_garbled_is_found_and_not_sealed_over() {
    let place = Place::new();
    let lines = place.sealed_thrice().await;
    let garbled = |line: &str| format!("{}#{}", &line[..30], &line[31..]);
    let (one, two, three) = (&lines[0], &lines[1], &lines[2]);
    for (left, says) in [
        (None, "there are no checkpoints"),
        (Some(String::new()), "there are no checkpoints"),
        (Some([one.as_str(), two].concat()), "checkpoint 3 was signed and is not among"),
        (Some([one.as_str(), two, &garbled(three)].concat()), "line 3 of the checkpoints cannot be read"),
        (
            Some([garbled(one), garbled(two), garbled(three)].concat()),
            "line 1 of the checkpoints cannot be read",
        ),
    ] {
        match &left {
            Some(text) => std::fs::write(place.checkpoints(), text).unwrap(),
            None => std::fs::remove_file(place.checkpoints()).unwrap(),
        }
        let found = place.verified().await.lines();
        assert!(
            found.iter().any(|line| line.starts_with("WRONG") && line.contains(says)),
            "{says}: {found:?}"
        );
        place.append(1).await;
        let refused = place.seal().await.unwrap_err().to_string();
        assert!(refused.contains("was signed and is not in") && refused.contains("put it back"), "{refused}");
        let kept = std::fs::read_to_string(place.checkpoints()).unwrap_or_default();
        assert_eq!(kept, left.unwrap_or_default(), "nothing was signed over it");
    }
    std::fs::write(place.checkpoints(), lines.concat()).unwrap();
    assert_eq!(place.seal().await.unwrap().unwrap().attested.number, 4, "put back, it goes on");
    assert!(place.verified().await.is_whole());
    place.store.close().await;
}

#[tokio::test]
async fn a_garbled_line_of_a_copy_is_found_and_a_torn_last_one_is_not() {
    let place = Place::new();
    let lines = place.sealed_thrice().await;
    let copy = place.folder.path().join("copy.jsonl");
    let trust = Trust { checkpoints: Checkpoints::Copy(copy.clone()), ..place.trust() };
    let garbled = lines[2].replace("\"number\"", "number");
    for (text, is_whole) in [
        (lines.concat(), true),
        (lines[..2].concat(), true),
        (format!("{}{}", lines[..2].concat(), &lines[2][..50]), true),
        (format!("{}{garbled}", lines[..2].concat()), false),
        (lines.concat().replace("\"number\"", "number"), false),
        (String::new(), false),
    ] {
        std::fs::write(&copy, &text).unwrap();
        let report = verify_store(&place.store, &trust).await.unwrap();
        assert_eq!(report.is_whole(), is_whole, "{text}: {:?}", report.lines());
    }
    std::fs::remove_file(&copy).unwrap();
    assert!(!verify_store(&place.store, &trust).await.unwrap().is_whole(), "a copy that is not there");
    place.store.close().await;
}

#[tokio::test]
async fn a_process_that_died_while_sealing_leaves_nothing_that_looks_taken_away() {
    let place = Place::new();
    keys::audit_key(&place.data()).unwrap();
    place.append(1).await;
    assert!(place.verified().await.is_whole(), "a key, and nothing signed with it");
    place.seal().await.unwrap();
    let before = std::fs::read(place.checkpoints()).unwrap();
    // What was written to the second place and not remembered: that of another store with the same entries.
    let older = place.folder.path().join("older");
    std::fs::create_dir(&older).unwrap();
    place.append(1).await;
    gangway_store::copy_database(&place.data(), &older.join("gangway.db")).unwrap();
    place.seal().await.unwrap();
    assert_ne!(std::fs::read(place.checkpoints()).unwrap(), before);
    place.store.close().await;

    let store = Store::open(&older).unwrap();
    std::fs::copy(place.data().join("audit.key"), older.join("audit.key")).unwrap();
    let settings = AuditSettings {
        checkpoint_dir: place.checkpoints().parent().map(Into::into),
        ..AuditSettings::default()
    };
    let sealer = Sealer::of(&store, &older, &settings, None);
    assert_eq!(sealer.seal(Timestamp::now()).await.unwrap().unwrap().attested.number, 2);
    let trust = Trust::of_folder(&older, &settings).unwrap();
    assert!(verify_store(&store, &trust).await.unwrap().is_whole());
    store.close().await;
}

#[tokio::test]
async fn a_restore_to_another_place_goes_on_counting_where_the_store_stood() {
    let place = Place::new();
    place.sealed_thrice().await;
    std::fs::remove_file(place.checkpoints()).unwrap();
    let given_up = GivenUp { after: 9, backup_at: Timestamp::now() };
    let sealed = place.sealer().seal_restored(Timestamp::now(), given_up).await.unwrap().unwrap();
    assert_eq!(sealed.attested.number, 4);
    place.append(1).await;
    assert_eq!(place.seal().await.unwrap().unwrap().attested.number, 5);
    assert!(place.verified().await.is_whole(), "{:?}", place.verified().await.lines());
    place.store.close().await;
}

#[tokio::test]
async fn posted_checkpoints_are_sent_again_until_the_receiver_has_every_one() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let receiver = Receiver::start().await;
    let place = Place::posting_to(&receiver.url);
    receiver.answer(503);
    place.sealed_thrice().await;
    assert_eq!(receiver.kept(), "", "none was acknowledged");
    receiver.answer(200);
    place.seal().await.unwrap();
    assert_eq!(receiver.kept(), std::fs::read_to_string(place.checkpoints()).unwrap());
    let had = receiver.requests();
    place.seal().await.unwrap();
    assert_eq!(receiver.requests(), had, "what was acknowledged is not sent again");

    // The acknowledgement was lost: the receiver has one twice, and what it kept is sound all the same.
    place.append(1).await;
    receiver.answer_after_keeping(500);
    place.seal().await.unwrap();
    receiver.answer(200);
    place.seal().await.unwrap();
    assert_eq!(receiver.kept().lines().count(), 5);
    let copy = place.folder.path().join("received.jsonl");
    std::fs::write(&copy, receiver.kept()).unwrap();
    let trust = Trust { checkpoints: Checkpoints::Copy(copy), ..place.trust() };
    let report = verify_store(&place.store, &trust).await.unwrap();
    assert!(report.is_whole(), "{:?}", report.lines());
    place.store.close().await;
}

/// Keeps what is posted to it as lines, or refuses it.
struct Receiver {
    url: String,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Default)]
struct Desk {
    status: u16,
    keeps: bool,
    requests: usize,
    lines: String,
}

impl Receiver {
    async fn start() -> Self {
        let desk = Arc::new(Mutex::new(Desk::default()));
        let at = Arc::clone(&desk);
        let take = move |Json(checkpoint): Json<Checkpoint>| async move {
            let mut desk = at.lock().unwrap();
            desk.requests += 1;
            if desk.keeps {
                desk.lines.push_str(&format!("{}\n", checkpoint.line().unwrap()));
            }
            StatusCode::from_u16(desk.status).unwrap()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/checkpoints", listener.local_addr().unwrap());
        let router = Router::new().route("/checkpoints", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, desk }
    }

    fn answer(&self, status: u16) {
        let mut desk = self.desk.lock().unwrap();
        (desk.status, desk.keeps) = (status, status == 200);
    }

    fn answer_after_keeping(&self, status: u16) {
        let mut desk = self.desk.lock().unwrap();
        (desk.status, desk.keeps) = (status, true);
    }

    fn kept(&self) -> String {
        self.desk.lock().unwrap().lines.clone()
    }

    fn requests(&self) -> usize {
        self.desk.lock().unwrap().requests
    }
}
