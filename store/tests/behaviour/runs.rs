//! Runs are accepted once, one live per account, and journals are written once.

use crate::records::{account, open, run};
use gangway_protocol::run::{Effect, EffectStatus};
use gangway_protocol::{RunId, RunRecord, RunState};
use gangway_store::{Accepted, RunFilter, Store, StoreError};

async fn settle(store: &Store, mut record: RunRecord, state: RunState) {
    record.state = state;
    store.runs().save(&record).await.unwrap();
}

fn ids(runs: &[RunRecord]) -> Vec<&str> {
    runs.iter().map(|run| run.run_id.as_str()).collect()
}

#[tokio::test]
async fn a_second_request_for_an_account_meets_the_live_run() {
    let (_folder, store) = open();
    let first = run("run-1", "ACME-001", "cor-1");
    assert_eq!(store.runs().accept(&first).await.unwrap(), Accepted::New);
    let second = run("run-2", "ACME-001", "cor-2");
    assert_eq!(store.runs().accept(&second).await.unwrap(), Accepted::Live(Box::new(first.clone())));

    settle(&store, first.clone(), RunState::Completed).await;
    // The correlation id was answered with the first run, so its repeat is too, though that has ended.
    let repeat = store.runs().accept(&run("run-3", "ACME-001", "cor-2")).await.unwrap();
    assert!(matches!(repeat, Accepted::SameCorrelation(found) if found.run_id == first.run_id));
    assert_eq!(store.runs().accept(&run("run-4", "ACME-001", "cor-4")).await.unwrap(), Accepted::New);
}

#[tokio::test]
async fn a_correlation_id_of_another_account_is_refused() {
    let (_folder, store) = open();
    store.runs().accept(&run("run-1", "ACME-001", "cor-1")).await.unwrap();
    let error = store.runs().accept(&run("run-2", "BETA-002", "cor-1")).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::CorrelationTaken { account: owner, .. } if *owner == account("ACME-001")),
        "{error}"
    );
    assert!(store.runs().get(&RunId::parse("run-2").unwrap()).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_concurrent_requests_one_run_is_made() {
    let (folder, store) = open();
    let second = Store::open(folder.path()).unwrap();
    let requests = (0..40).map(|number| {
        let store = if number % 2 == 0 { store.clone() } else { second.clone() };
        let record = run(&format!("run-{number}"), "ACME-001", &format!("cor-{number}"));
        tokio::spawn(async move { store.runs().accept(&record).await.unwrap() })
    });
    let met: Vec<Accepted> =
        futures::future::join_all(requests).await.into_iter().map(|met| met.unwrap()).collect();
    assert_eq!(met.iter().filter(|met| **met == Accepted::New).count(), 1);
    assert_eq!(store.runs().unfinished().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_failed_for_good_lately_is_found() {
    let (_folder, store) = open();
    let now = jiff::Timestamp::now();
    let ended = |id: &str, status, message_id: Option<&str>| {
        let label = format!("slack_of_{id}");
        let tool = "notify.post_message".to_owned();
        let message_id = message_id.map(str::to_owned);
        let effect = Effect { label, tool, status, reference: None, error: None, message_id };
        RunRecord { effects: vec![effect], updated_at: now, ..run(id, id, id) }
    };
    let of_yesterday = now - jiff::SignedDuration::from_hours(24);
    for record in [
        ended("undone", EffectStatus::Failed, None),
        RunRecord { updated_at: of_yesterday, ..ended("long-ago", EffectStatus::Failed, None) },
        ended("dead-letter", EffectStatus::Failed, Some("msg-1")),
        ended("queued", EffectStatus::Queued, None),
        ended("done", EffectStatus::Done, None),
    ] {
        store.runs().accept(&record).await.unwrap();
    }
    let since = now - jiff::SignedDuration::from_hours(1);
    assert_eq!(ids(&store.runs().newest_undone(since, 5).await.unwrap()), ["undone"]);
    assert!(store.runs().newest_undone(since, 4).await.unwrap().is_empty(), "only the newest are looked at");
}

#[tokio::test]
async fn a_run_survives_closing_whole() {
    let (folder, store) = open();
    let record = run("run-1", "ACME-001", "cor-1").parked("the contract server is away");
    store.runs().accept(&run("run-1", "ACME-001", "cor-1")).await.unwrap();
    store.runs().save(&record).await.unwrap();
    store.close().await;
    let reopened = Store::open(folder.path()).unwrap();
    assert_eq!(reopened.runs().get(&record.run_id).await.unwrap(), Some(record));
}

#[tokio::test]
async fn only_accepted_runs_can_be_saved() {
    let (_folder, store) = open();
    let error = store.runs().save(&run("run-1", "A", "c")).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no run run-1");
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_filtered() {
    let (_folder, store) = open();
    for (id, account_id, state) in [
        ("run-1", "A", RunState::Blocked),
        ("run-2", "B", RunState::Blocked),
        ("run-3", "A", RunState::Completed),
        ("run-4", "C", RunState::AwaitingApproval),
        ("run-5", "B", RunState::Blocked),
        ("run-6", "D", RunState::Assessing),
    ] {
        let record = run(id, account_id, &format!("cor-{id}"));
        store.runs().accept(&record).await.unwrap();
        settle(&store, record, state).await;
    }
    let all = store.runs().list(RunFilter::default()).await.unwrap();
    assert_eq!(ids(&all), ["run-6", "run-5", "run-4", "run-3", "run-2", "run-1"]);
    let two = store.runs().list(RunFilter { limit: 2, ..RunFilter::default() }).await.unwrap();
    assert_eq!(ids(&two), ["run-6", "run-5"]);
    let filter = RunFilter { account: Some(account("B")), state: Some(RunState::Blocked), limit: 9 };
    assert_eq!(ids(&store.runs().list(filter).await.unwrap()), ["run-5", "run-2"]);
    // A's newest run is completed, so only B is blocked.
    assert_eq!(ids(&store.runs().blocked(None, 9).await.unwrap()), ["run-5"]);
    let live: Vec<String> =
        store.runs().unfinished().await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(live, ["run-4", "run-6"]);
    let newest = store.runs().newest_of(&account("A")).await.unwrap().unwrap();
    assert_eq!(newest.run_id.as_str(), "run-3");
    assert!(store.runs().newest_of(&account("Z")).await.unwrap().is_none());
}

#[tokio::test]
async fn blocked_accounts_come_oldest_first_and_page_by_page() {
    let (_folder, store) = open();
    for (id, account_id) in [("run-1", "A"), ("run-2", "B"), ("run-3", "C"), ("run-4", "A")] {
        let record = run(id, account_id, &format!("cor-{id}"));
        store.runs().accept(&record).await.unwrap();
        settle(&store, record, RunState::Blocked).await;
    }
    assert_eq!(ids(&store.runs().blocked(None, 9).await.unwrap()), ["run-2", "run-3", "run-4"]);
    let page = store.runs().blocked(None, 2).await.unwrap();
    assert_eq!(ids(&page), ["run-2", "run-3"]);
    let after = page.last().map(|run| run.run_id.clone());
    assert_eq!(ids(&store.runs().blocked(after, 2).await.unwrap()), ["run-4"]);
}

#[tokio::test]
async fn a_journal_position_is_written_once() {
    let (_folder, store) = open();
    let record = run("run-1", "A", "cor-1");
    store.runs().accept(&record).await.unwrap();
    let journal = store.journal();
    journal.append(&record.run_id, 0, "gather", "{\"a\":1}".to_owned()).await.unwrap();
    let error = journal.append(&record.run_id, 0, "gather", "2".to_owned()).await.unwrap_err();
    assert!(matches!(error, StoreError::StepTaken { seq: 0, .. }), "{error:?}");
    journal.append(&record.run_id, 1, "decide", "2".to_owned()).await.unwrap();
    let entries = journal.load(&record.run_id).await.unwrap();
    let flat: Vec<(u32, &str, &str)> =
        entries.iter().map(|entry| (entry.seq, entry.label.as_str(), entry.output.as_str())).collect();
    assert_eq!(flat, [(0, "gather", "{\"a\":1}"), (1, "decide", "2")]);

    let stranger = RunId::parse("run-9").unwrap();
    let error = journal.append(&stranger, 0, "gather", "1".to_owned()).await.unwrap_err();
    assert!(matches!(error, StoreError::Absent { .. }), "{error:?}");
    assert!(journal.load(&stranger).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_record_and_its_last_entry_are_saved_together_or_not_at_all() {
    let (_folder, store) = open();
    let mut record = run("run-1", "A", "cor-1");
    store.runs().accept(&record).await.unwrap();
    record.state = RunState::Blocked;
    store.runs().save_with_entry(&record, 0, "end").await.unwrap();
    record.state = RunState::Completed;
    let error = store.runs().save_with_entry(&record, 0, "end").await.unwrap_err();
    assert!(matches!(error, StoreError::StepTaken { .. }), "{error:?}");
    let saved = store.runs().get(&record.run_id).await.unwrap().unwrap();
    assert_eq!(saved.state, RunState::Blocked);
    assert_eq!(store.journal().load(&record.run_id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_run_found_out_to_be_another_accounts_second_is_not_filed_under_it() {
    let (_folder, store) = open();
    store.runs().accept(&run("run-1", "ACME-001", "c-1")).await.unwrap();
    let mut second = run("run-2", "0018Z00003ACMEQQA5", "c-2");
    assert_eq!(store.runs().accept(&second).await.unwrap(), Accepted::New);
    second.identify(account("ACME-001"));
    let live = store.runs().identify(&second).await.unwrap().unwrap();
    assert_eq!(live.run_id.as_str(), "run-1");
    let mut first = live;
    first.state = RunState::Completed;
    store.runs().save(&first).await.unwrap();
    assert_eq!(store.runs().identify(&second).await.unwrap(), None);
    assert_eq!(store.runs().identify(&second).await.unwrap(), None, "a repeat after a crash");
    for name in ["ACME-001", "0018Z00003ACMEQ"] {
        let newest = store.runs().newest_of(&account(name)).await.unwrap().unwrap();
        assert_eq!((newest.run_id.as_str(), newest.asked_as), ("run-2", second.asked_as.clone()), "{name}");
        let third = store.runs().accept(&run("run-3", name, &format!("c-{name}"))).await.unwrap();
        assert!(matches!(third, Accepted::Live(live) if live.run_id.as_str() == "run-2"), "{name}");
    }
}
