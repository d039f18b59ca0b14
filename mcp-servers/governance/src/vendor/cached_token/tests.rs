//! Many callers, one fetch; a refusal is presented once for all who wait.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

use super::{CachedToken, FetchToken, FreshToken, TokenSource, Unsigned, useful_life};
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use gangway_protocol::{ApiError, ErrorType, System};
use http::Method;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

struct Endpoint {
    asked: AtomicU32,
    lives: Option<Duration>,
    refuses: bool,
}

impl FetchToken for Endpoint {
    fn fetch(&self) -> BoxFuture<'_, Result<FreshToken, ApiError>> {
        async {
            let number = self.asked.fetch_add(1, Ordering::SeqCst);
            // The clock of these tests stands still until everybody waits.
            let _ = tokio::time::timeout(Duration::from_millis(50), std::future::pending::<()>()).await;
            if self.refuses {
                let refused = ErrorType::Authentication;
                return Err(ApiError::new(System::Clm, refused, "token", "invalid_client", "no"));
            }
            Ok(FreshToken { token: SecretString::from(format!("t{number}")), lives: self.lives })
        }
        .boxed()
    }
}

fn source(lives: Option<Duration>, refuses: bool) -> CachedToken<Endpoint> {
    CachedToken::new(Endpoint { asked: AtomicU32::new(0), lives, refuses })
}

fn asked(source: &CachedToken<Endpoint>) -> u32 {
    source.fetch.asked.load(Ordering::SeqCst)
}

const REQUEST: Unsigned<'static> = Unsigned { method: &Method::GET, url: "http://vendor.example/" };

#[tokio::test(start_paused = true)]
async fn many_calls_share_one_fetch_and_one_renewal() {
    let source = source(None, false);
    let headers = join_all((0..20).map(|_| source.authorize(REQUEST))).await;
    assert_eq!(asked(&source), 1);
    let old = headers.into_iter().next().unwrap().unwrap().unwrap();
    for _ in 0..20 {
        let _ = source.invalidate(&old);
    }
    let renewed = join_all((0..20).map(|_| source.authorize(REQUEST))).await;
    assert_eq!(asked(&source), 2);
    let new = renewed.into_iter().next().unwrap().unwrap().unwrap();
    assert_eq!(new.value.expose_secret(), "Bearer t1");
    let _ = source.invalidate(&old);
    source.authorize(REQUEST).await.unwrap();
    assert_eq!(asked(&source), 2, "a late report about the old token must not drop the new one");
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_presented_once_for_all_who_wait() {
    let source = source(None, true);
    let results = join_all((0..20).map(|_| source.authorize(REQUEST))).await;
    assert!(results.iter().all(Result::is_err));
    assert_eq!(asked(&source), 1);
    assert!(source.authorize(REQUEST).await.is_err());
    assert_eq!(asked(&source), 2, "a later call asks again");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_ends() {
    let source = source(Some(Duration::from_secs(3_600)), false);
    source.authorize(REQUEST).await.unwrap();
    tokio::time::advance(Duration::from_secs(3_500)).await;
    source.authorize(REQUEST).await.unwrap();
    assert_eq!(asked(&source), 1);
    tokio::time::advance(Duration::from_secs(45)).await;
    source.authorize(REQUEST).await.unwrap();
    assert_eq!(asked(&source), 2);
}

#[tokio::test(start_paused = true)]
async fn a_life_longer_than_the_clock_has_no_end() {
    let source = source(Some(Duration::from_secs(u64::MAX)), false);
    source.authorize(REQUEST).await.unwrap();
    source.authorize(REQUEST).await.unwrap();
    assert_eq!(asked(&source), 1);
}

#[test]
fn a_short_life_is_used_for_four_fifths() {
    assert_eq!(useful_life(Duration::from_secs(10)), Duration::from_secs(8));
    assert_eq!(useful_life(Duration::from_secs(3_600)), Duration::from_secs(3_540));
}
