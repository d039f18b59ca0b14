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
mod tests;
