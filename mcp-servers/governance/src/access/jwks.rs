//! The issuer's public keys: fetched when needed, kept for a while, asked for again when a token names an unknown one.
//!
//! When to ask is a pure decision over times; asking is bounded in time, size and frequency, so that made-up key ids cannot
//! be turned into load on the issuer. Keys that cannot be fetched again stay good for a day.

use jsonwebtoken::jwk::JwkSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long keys are used without asking.
const FRESH: Duration = Duration::from_secs(3_600);
/// How long keys are used when asking fails.
const GOOD: Duration = Duration::from_secs(24 * 3_600);
/// Between two attempts, whatever they are for.
const PAUSE: Duration = Duration::from_secs(30);
const LONGEST_FETCH: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 256 * 1024;

/// Where the keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file, read again like a URL.
    File(PathBuf),
    /// An `https` address, or an `http` one on this machine.
    Url(String),
}

impl KeySource {
    /// The keys at an address.
    ///
    /// # Errors
    /// It is neither `https` nor on this machine: whoever is in between could put in keys of their own.
    pub fn url(text: &str) -> Result<Self, String> {
        let url = reqwest::Url::parse(text).map_err(|error| format!("{text}: {error}"))?;
        let is_near = url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
        match (url.scheme(), is_near) {
            ("https", _) | ("http", true) => Ok(Self::Url(text.to_owned())),
            _ => Err(format!("{text} is not https, so anybody on the way could put in keys of their own")),
        }
    }
}

/// Keys, as far as they are known.
pub(super) struct KeyRing {
    source: KeySource,
    http: reqwest::Client,
    kept: Mutex<Kept>,
    /// Held by whoever asks.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    keys: Option<(Arc<JwkSet>, Instant)>,
    tried: Option<Instant>,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
enum Unfetched {
    #[error("cannot read {0}")]
    File(PathBuf, #[source] std::io::Error),
    #[error("cannot fetch the keys")]
    Http(#[from] reqwest::Error),
    #[error("the keys are more than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("what was fetched is no key set")]
    NoKeySet(#[from] serde_json::Error),
}

impl KeyRing {
    pub(super) fn new(source: KeySource, http: reqwest::Client) -> Self {
        Self { source, http, kept: Mutex::default(), flight: tokio::sync::Mutex::default() }
    }

    /// The keys, asked for anew if they are old or do not hold what is wanted. One caller asks for all who lack something;
    /// whoever lacks nothing waits for nobody.
    pub(super) async fn keys(&self, holds: impl Fn(&JwkSet) -> bool) -> Option<Arc<JwkSet>> {
        let standing = |judge: fn(&Kept, bool, Instant) -> bool| {
            let (kept, now) = (self.kept(), Instant::now());
            judge(&kept, kept.keys.as_ref().is_some_and(|(keys, _)| holds(keys)), now)
        };
        if standing(lacks) {
            let _flight = self.flight.lock().await;
            if standing(must_ask) {
                self.ask().await;
            }
        }
        let kept = self.kept();
        let (keys, since) = kept.keys.as_ref()?;
        (since.elapsed() < GOOD).then(|| Arc::clone(keys))
    }

    async fn ask(&self) {
        let now = Instant::now();
        self.kept().tried = Some(now);
        match tokio::time::timeout(LONGEST_FETCH, self.fetch()).await {
            Ok(Ok(keys)) => self.kept().keys = Some((Arc::new(keys), now)),
            Ok(Err(error)) => {
                tracing::warn!(error = %chain(&error), "the issuer's keys could not be had")
            }
            Err(_) => tracing::warn!("the issuer's keys did not come in time"),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Every change is a plain assignment; a poisoned lock still guards whole values.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self) -> Result<JwkSet, Unfetched> {
        let bytes = match &self.source {
            KeySource::File(path) => {
                tokio::fs::read(path).await.map_err(|error| Unfetched::File(path.clone(), error))?
            }
            KeySource::Url(url) => {
                let mut response = self.http.get(url).send().await?.error_for_status()?;
                let mut bytes = Vec::new();
                while let Some(chunk) = response.chunk().await? {
                    bytes.extend_from_slice(&chunk);
                    if bytes.len() > MAX_BYTES {
                        return Err(Unfetched::TooLarge);
                    }
                }
                bytes
            }
        };
        Ok(serde_json::from_slice(&bytes)?)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

fn must_ask(kept: &Kept, holds_it: bool, now: Instant) -> bool {
    let may_ask = kept.tried.is_none_or(|tried| now.duration_since(tried) >= PAUSE);
    may_ask && lacks(kept, holds_it, now)
}

/// Whether what is kept is old, or without what is wanted.
fn lacks(kept: &Kept, holds_it: bool, now: Instant) -> bool {
    let is_fresh = kept.keys.as_ref().is_some_and(|(_, since)| now.duration_since(*since) < FRESH);
    !(is_fresh && holds_it)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

    use super::{FRESH, Kept, KeyRing, KeySource, PAUSE, must_ask};
    use futures::FutureExt as _;
    use jsonwebtoken::jwk::JwkSet;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    #[test]
    fn keys_are_asked_for_when_old_or_lacking_and_never_too_often() {
        let begin = Instant::now();
        let fetched = Kept { keys: Some((Arc::new(JwkSet { keys: Vec::new() }), begin)), tried: Some(begin) };
        assert!(must_ask(&Kept::default(), false, begin));
        let failed = Kept { keys: None, tried: Some(begin) };
        assert!(!must_ask(&failed, false, begin + PAUSE / 2) && must_ask(&failed, false, begin + PAUSE));
        assert!(!must_ask(&fetched, true, begin + FRESH - Duration::from_secs(1)));
        assert!(must_ask(&fetched, true, begin + FRESH));
        assert!(!must_ask(&fetched, false, begin + PAUSE / 2), "a made-up key id asks nobody");
        assert!(must_ask(&fetched, false, begin + PAUSE), "a rotated key is found");
    }

    #[tokio::test]
    async fn a_token_of_a_known_key_does_not_wait_for_one_of_a_made_up_one() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let source = KeySource::File("/nowhere".into());
        let ring = KeyRing::new(source, crate::vendor::http_client().unwrap());
        ring.kept().keys = Some((Arc::new(JwkSet { keys: Vec::new() }), Instant::now()));
        let _asking = ring.flight.lock().await;
        assert!(ring.keys(|_| true).now_or_never().is_some());
        assert!(ring.keys(|_| false).now_or_never().is_none(), "who lacks a key waits for the one who asks");
    }

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for good in ["https://login.example/jwks", "http://127.0.0.1:9/jwks", "http://localhost/jwks"] {
            assert!(KeySource::url(good).is_ok(), "{good}");
        }
        for bad in ["http://login.example/jwks", "ftp://127.0.0.1/x", "jwks", "http://127.0.0.1.example/x"] {
            assert!(KeySource::url(bad).is_err(), "{bad}");
        }
    }
}
