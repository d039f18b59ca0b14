//! A token fetched once and shared: early renewal, and one fetch at a time however many calls want it.
//!
//! How a token is fetched is [`FetchToken`]'s business. A failed fetch is shared with the calls that waited for it, so
//! that refused credentials are not presented once per waiting call; it is not remembered beyond them.

use super::token::{AuthHeader, Renewal, TokenSource, Unsigned};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_protocol::ApiError;
use secrecy::SecretString;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A token is renewed this long before it ends, or at four fifths of a shorter life.
const EARLY: Duration = Duration::from_secs(60);

/// A token as the token endpoint gave it.
#[derive(Debug, Clone)]
pub struct FreshToken {
    /// The access token.
    pub token: SecretString,
    /// How long it lives; `None` when the vendor does not say (Salesforce): it is used until it is refused.
    pub lives: Option<Duration>,
}

/// Fetches a token. One attempt; deadlines and errors of the taxonomy are its own.
pub trait FetchToken: Send + Sync {
    /// Asks the token endpoint.
    fn fetch(&self) -> BoxFuture<'_, Result<FreshToken, ApiError>>;
}

struct Held {
    header: AuthHeader,
    renew_at: Option<Instant>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// Counts finished fetches, so that a waiting call can tell that one ended while it waited.
    fetches: u64,
    last_failure: Option<ApiError>,
}

/// A [`TokenSource`] over a [`FetchToken`].
pub struct CachedToken<F> {
    fetch: F,
    state: Mutex<State>,
    flight: tokio::sync::Mutex<()>,
}

impl<F: FetchToken> CachedToken<F> {
    /// A source that has no token yet; the first request fetches one.
    #[must_use]
    pub fn new(fetch: F) -> Self {
        Self { fetch, state: Mutex::default(), flight: tokio::sync::Mutex::new(()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change below is a plain assignment, so a poisoned lock still guards whole values.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Result<AuthHeader, u64> {
        let state = self.state();
        match &state.held {
            Some(held) if held.renew_at.is_none_or(|at| Instant::now() < at) => Ok(held.header.clone()),
            Some(_) | None => Err(state.fetches),
        }
    }

    async fn header(&self) -> Result<AuthHeader, ApiError> {
        let seen = match self.current() {
            Ok(header) => return Ok(header),
            Err(seen) => seen,
        };
        let _flight = self.flight.lock().await;
        if let Ok(header) = self.current() {
            return Ok(header);
        }
        if let Some(failure) = self.failed_since(seen) {
            return Err(failure);
        }
        let fetched = self.fetch.fetch().await;
        let mut state = self.state();
        state.fetches += 1;
        match fetched {
            Ok(fresh) => {
                let header = AuthHeader::bearer(&fresh.token);
                // A life beyond what the clock can count is no end at all: the token is used until it is refused.
                let renew_at = fresh.lives.and_then(|lives| Instant::now().checked_add(useful_life(lives)));
                state.held = Some(Held { header: header.clone(), renew_at });
                state.last_failure = None;
                Ok(header)
            }
            Err(error) => {
                state.held = None;
                state.last_failure = Some(error.clone());
                Err(error)
            }
        }
    }

    fn failed_since(&self, seen: u64) -> Option<ApiError> {
        let state = self.state();
        state.last_failure.clone().filter(|_| state.fetches > seen)
    }
}

fn useful_life(lives: Duration) -> Duration {
    lives.saturating_sub(EARLY).max(lives.mul_f64(0.8).min(EARLY))
}

impl<F: FetchToken> TokenSource for CachedToken<F> {
    fn authorize<'a>(
        &'a self,
        _request: Unsigned<'a>,
    ) -> BoxFuture<'a, Result<Option<AuthHeader>, ApiError>> {
        self.header().map(|header| header.map(Some)).boxed()
    }

    fn invalidate(&self, used: &AuthHeader) -> Renewal {
        let mut state = self.state();
        // Many calls may report the same old token; only the one still held is dropped.
        if state.held.as_ref().is_some_and(|held| held.header.same_as(used)) {
            state.held = None;
        }
        Renewal::Possible
    }
}

#[cfg(test)]
mod tests {
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
                tokio::time::sleep(Duration::from_millis(50)).await;
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
}
