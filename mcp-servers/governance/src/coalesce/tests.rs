//! Single reads that share a call: who shares, who never does, what a failed batch falls back to.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use super::{Coalescer, Lookup};
use crate::access::{Principal, Reach};
use crate::limits::settings::CoalesceSettings;
use crate::limits::{LimitSettings, Limits, Vendor};
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use gangway_protocol::{ApiError, ErrorType, System};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the vendor takes.
const ANSWERS_AFTER: Duration = Duration::from_millis(10);

/// Answers a number with its double after ten milliseconds, and fails seven.
#[derive(Clone, Default)]
struct Doubles {
    asked: Arc<Mutex<Vec<Vec<u32>>>>,
}

fn double(key: u32) -> Result<u32, ApiError> {
    match key {
        7 => Err(ApiError::new(System::Clm, ErrorType::Validation, "double", "SEVEN", "not seven")),
        key => Ok(key * 2),
    }
}

impl Lookup for Doubles {
    type Key = u32;
    type Found = u32;
    const MOST: usize = 20;

    fn one(&self, key: u32) -> BoxFuture<'_, Result<u32, ApiError>> {
        async move { self.many(vec![key]).await.pop().unwrap() }.boxed()
    }

    fn many(&self, keys: Vec<u32>) -> BoxFuture<'_, Vec<Result<u32, ApiError>>> {
        async move {
            self.asked.lock().unwrap().push(keys.clone());
            // The clock of these tests stands still until everybody waits.
            let _ = tokio::time::timeout(ANSWERS_AFTER, std::future::pending::<()>()).await;
            keys.into_iter().map(double).collect()
        }
        .boxed()
    }

    fn subject(&self) -> (System, &'static str) {
        (System::Clm, "double")
    }
}

fn bench(coalesce: CoalesceSettings) -> (Coalescer<Doubles>, Doubles) {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let limits = Limits::new(&LimitSettings { coalesce, ..LimitSettings::default() });
    let outbound = limits.outbound(Vendor::Clm, crate::vendor::http_client().unwrap());
    let doubles = Doubles::default();
    (Coalescer::new(&outbound, doubles.clone()), doubles)
}

async fn get(coalescer: &Coalescer<Doubles>, name: &str, key: u32) -> Result<u32, ApiError> {
    coalescer.get(&Principal::local(name, Reach::Writes).unwrap(), key).await
}

fn sizes(doubles: &Doubles) -> Vec<usize> {
    doubles.asked.lock().unwrap().iter().map(Vec::len).collect()
}

#[tokio::test(start_paused = true)]
async fn a_lone_read_is_as_fast_as_without() {
    let (coalescer, doubles) = bench(CoalesceSettings::default());
    let begun = tokio::time::Instant::now();
    assert_eq!(get(&coalescer, "jane", 1).await, Ok(2));
    assert_eq!(begun.elapsed(), Duration::from_millis(10));
    assert_eq!(get(&coalescer, "jane", 2).await, Ok(4));
    assert_eq!(sizes(&doubles), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn reads_that_come_together_share_a_call_and_each_gets_its_own_answer() {
    let (coalescer, doubles) = bench(CoalesceSettings::default());
    let begun = tokio::time::Instant::now();
    let answers = join_all((0..10).map(|key| get(&coalescer, "jane", key))).await;
    assert!(begun.elapsed() <= Duration::from_millis(13), "two milliseconds later at most");
    assert_eq!(sizes(&doubles), [1, 9]);
    for (key, answer) in (0..10).zip(answers) {
        assert_eq!(answer, double(key));
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_question_of_several_is_asked_once() {
    let (coalescer, doubles) = bench(CoalesceSettings::default());
    let answers = join_all([1, 5, 5, 5, 6].map(|key| get(&coalescer, "jane", key))).await;
    assert_eq!(answers, [2, 10, 10, 10, 12].map(Ok));
    assert_eq!(*doubles.asked.lock().unwrap(), [vec![1], vec![5, 6]]);
}

#[tokio::test(start_paused = true)]
async fn two_principals_never_share_a_call() {
    let (coalescer, doubles) = bench(CoalesceSettings::default());
    let jane = join_all([1, 2, 3].map(|key| get(&coalescer, "jane", key)));
    let joe = join_all([4, 5, 6].map(|key| get(&coalescer, "joe", key)));
    tokio::join!(jane, joe);
    let asked = doubles.asked.lock().unwrap().clone();
    assert_eq!(asked, [vec![1], vec![4], vec![2, 3], vec![5, 6]]);
}

#[tokio::test(start_paused = true)]
async fn one_caller_with_other_rights_never_shares_a_call() {
    let (coalescer, doubles) = bench(CoalesceSettings::default());
    let host = |scope: &str| Principal::host("desk", "jane", [scope.to_owned()].into()).unwrap();
    let (narrow, wide) = (host("clm:read"), host("clm:write"));
    let first = join_all([1, 2, 3].map(|key| coalescer.get(&narrow, key)));
    let second = join_all([4, 5, 6].map(|key| coalescer.get(&wide, key)));
    tokio::join!(first, second);
    let asked = doubles.asked.lock().unwrap().clone();
    assert_eq!(asked, [vec![1], vec![4], vec![2, 3], vec![5, 6]]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_never_larger_than_the_vendor_takes() {
    let (coalescer, doubles) = bench(CoalesceSettings::default());
    let answers = join_all((10..60).map(|key| get(&coalescer, "jane", key))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(sizes(&doubles), [1, 20, 20, 9]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_takes_nobodys_answer_and_leaves_nothing_behind() {
    let (coalescer, doubles) = bench(CoalesceSettings::default());
    let mut first = Box::pin(get(&coalescer, "jane", 1));
    assert!((&mut first).now_or_never().is_none());
    {
        let mut opened_the_batch = Box::pin(get(&coalescer, "jane", 2));
        assert!((&mut opened_the_batch).now_or_never().is_none());
    }
    let (first, other) = tokio::join!(first, get(&coalescer, "jane", 3));
    assert_eq!((first, other), (Ok(2), Ok(6)));
    assert_eq!(*doubles.asked.lock().unwrap(), [vec![1], vec![3]]);
    assert!(coalescer.inner.lanes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_callers_all_went_away_asks_nothing_and_leaves_nothing_behind() {
    let (coalescer, doubles) = bench(CoalesceSettings::default());
    {
        let mut alone = Box::pin(get(&coalescer, "jane", 1));
        let mut opened_the_batch = Box::pin(get(&coalescer, "jane", 2));
        assert!((&mut alone).now_or_never().is_none() && (&mut opened_the_batch).now_or_never().is_none());
    }
    let _ = tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
    assert_eq!(*doubles.asked.lock().unwrap(), [vec![1]]);
    assert!(coalescer.inner.lanes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_window_of_zero_asks_one_by_one() {
    let (coalescer, doubles) = bench(CoalesceSettings { window_ms: 0, longest_ms: 0 });
    join_all((0..5).map(|key| get(&coalescer, "jane", key))).await;
    assert_eq!(sizes(&doubles), [1; 5]);
}
