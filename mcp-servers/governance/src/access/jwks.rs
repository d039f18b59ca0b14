//! The issuer's public keys: fetched when needed, kept for a while, asked for again when a token names an unknown one.
//!
//! When to ask is a pure decision over times; asking is bounded in time, size and frequency, so that made-up key ids cannot
//! be turned into load on the issuer. Keys that cannot be fetched again stay good for a day.

use jsonwebtoken::jwk::JwkSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

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
        Self { source, http, kept: Mutex::default() }
    }

    /// The keys, asked for anew if they are old or do not hold what is wanted. One caller asks for all.
    pub(super) async fn keys(&self, holds: impl Fn(&JwkSet) -> bool) -> Option<Arc<JwkSet>> {
        let mut kept = self.kept.lock().await;
        let now = Instant::now();
        if must_ask(&kept, kept.keys.as_ref().is_some_and(|(keys, _)| holds(keys)), now) {
            kept.tried = Some(now);
            match tokio::time::timeout(LONGEST_FETCH, self.fetch()).await {
                Ok(Ok(keys)) => kept.keys = Some((Arc::new(keys), now)),
                Ok(Err(error)) => {
                    tracing::warn!(error = %chain(&error), "the issuer's keys could not be had")
                }
                Err(_) => tracing::warn!("the issuer's keys did not come in time"),
            }
        }
        let (keys, since) = kept.keys.as_ref()?;
        (now.duration_since(*since) < GOOD).then(|| Arc::clone(keys))
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
    let is_fresh = kept.keys.as_ref().is_some_and(|(_, since)| now.duration_since(*since) < FRESH);
    let may_ask = kept.tried.is_none_or(|tried| now.duration_since(tried) >= PAUSE);
    may_ask && !(is_fresh && holds_it)
}

#[cfg(test)]
mod tests {
    use super::{FRESH, Kept, KeySource, PAUSE, must_ask};
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
