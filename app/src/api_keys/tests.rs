//! Keys on a real store: what opens, what does not, and what is never kept.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{Refused, issue, person_of, revoke};
use gangway_protocol::{Actor, Person, Role};
use gangway_store::{KeyRefusal, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};

fn ada() -> Person {
    Person { name: "Ada".to_owned(), roles: [Role::Cs].into(), domains: [].into() }
}

fn root() -> Actor {
    Actor::person("root")
}

#[tokio::test]
async fn a_key_opens_as_its_person_until_it_expires() {
    let store = Store::in_memory().unwrap();
    let now = Timestamp::now();
    let end = now + SignedDuration::from_hours(1);
    let issued = issue(&store, ada(), Some(end), &root()).await.unwrap();
    assert_eq!(person_of(&store, &issued.token, now).await.unwrap().unwrap().person, ada());
    let later = person_of(&store, &issued.token, end).await.unwrap();
    assert_eq!(later, Err(Refused::Stored(KeyRefusal::Expired)));
}

#[tokio::test]
async fn a_wrong_secret_and_an_absent_id_are_refused_alike() {
    let store = Store::in_memory().unwrap();
    let issued = issue(&store, ada(), None, &root()).await.unwrap();
    let id = &issued.key.key_id;
    let wrong = "0".repeat(64);
    for token in
        [format!("gwk_{id}_{wrong}"), format!("gwk_ffff_{wrong}"), format!("gwk_{id}"), String::new()]
    {
        let refused = person_of(&store, &SecretString::from(token), Timestamp::now()).await.unwrap();
        assert_eq!(refused, Err(Refused::Unknown));
    }
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_and_both_acts_are_on_record() {
    let store = Store::in_memory().unwrap();
    let issued = issue(&store, ada(), None, &root()).await.unwrap();
    issue(&store, ada(), None, &root()).await.map(|_| ()).unwrap_err();
    revoke(&store, &issued.key.key_id, &root()).await.unwrap().unwrap();
    let refused = person_of(&store, &issued.token, Timestamp::now()).await.unwrap();
    assert_eq!(refused, Err(Refused::Stored(KeyRefusal::Revoked)));
    issue(&store, ada(), None, &root()).await.map(|_| ()).unwrap();
    let audit = store.audit().tail(10).await.unwrap();
    let tools: Vec<&str> = audit.iter().map(|entry| entry.record.tool.as_str()).collect();
    assert_eq!(tools, ["keys.create", "keys.revoke", "keys.create"]);
}

#[tokio::test]
async fn no_key_goes_by_the_name_of_an_agent_or_of_a_process() {
    let store = Store::in_memory().unwrap();
    for name in ["agent:coordinator", "Coordinator", "person:Ada", "process:service", "host desk", " "] {
        let person = Person { name: name.to_owned(), ..ada() };
        let refused = issue(&store, person, None, &root()).await.map(|_| ()).unwrap_err();
        assert!(matches!(refused, StoreError::KeyNameReserved { .. }), "{name:?}: {refused}");
    }
    assert!(store.audit().tail(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn no_secret_is_stored() {
    let store = Store::in_memory().unwrap();
    let issued = issue(&store, ada(), None, &root()).await.unwrap();
    let stored = store.api_keys().list().await.unwrap();
    let secret = issued.token.expose_secret().rsplit('_').next().unwrap().to_owned();
    assert!(!format!("{stored:?}").contains(&secret));
}

#[tokio::test]
async fn the_last_use_is_noted_once_in_a_while() {
    let store = Store::in_memory().unwrap();
    let token = issue(&store, ada(), None, &root()).await.unwrap().token;
    let now = Timestamp::now();
    let soon = now + SignedDuration::from_mins(1);
    let later = now + SignedDuration::from_mins(6);
    let last = async |at| {
        person_of(&store, &token, at).await.unwrap().unwrap();
        store.api_keys().list().await.unwrap().pop().unwrap().last_used_at
    };
    let noted = last(now).await;
    assert!(noted.is_some());
    assert_eq!(last(soon).await, noted);
    assert!(last(later).await > noted);
}
