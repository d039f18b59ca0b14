//! Sends a connector's request: token, the vendor's gate, attempts, retries, classification. The loop only carries out
//! what the pure policy in [`super::retry`] decides.

use super::attempt::{Target, attempt};
use super::classify::{Classify, error_of};
use super::reading;
use super::request::{Answer, VendorRequest};
use super::retry::{Next, Progress, Reached, RetryPolicy, next};
use super::token::{AuthHeader, Renewal, TokenSource, Unsigned};
use crate::limits::Told;
use crate::limits::gate::{Asking, Gate};
use crate::limits::settings::CoalesceSettings;
use gangway_protocol::{ApiError, ErrorType, System};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Where a vendor is and how patiently it is called.
#[derive(Debug, Clone)]
pub struct VendorSettings {
    /// The system, for errors and logs.
    pub system: System,
    /// Scheme, host and port, with or without a path; no trailing `/` needed.
    pub base_url: String,
    /// How often a call is repeated.
    pub retry: RetryPolicy,
    /// How long one attempt may take, the answer's body included.
    pub attempt_deadline: Duration,
}

impl VendorSettings {
    /// Settings with the usual patience: three repeats, ten seconds an attempt.
    #[must_use]
    pub fn new(system: System, base_url: impl Into<String>) -> Self {
        let attempt_deadline = Duration::from_secs(10);
        Self { system, base_url: base_url.into(), retry: RetryPolicy::default(), attempt_deadline }
    }
}

/// The way out to one vendor, from [`crate::Limits::outbound`]: an HTTP client, and what everybody who goes that way in
/// this process shares.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// From [`super::http_client`], which follows no redirects.
    pub http: reqwest::Client,
    pub(crate) gate: Gate,
    pub(crate) coalesce: watch::Receiver<CoalesceSettings>,
}

/// One vendor's API. Cheap to clone.
#[derive(Clone)]
pub struct VendorClient {
    settings: Arc<VendorSettings>,
    outbound: Outbound,
    tokens: Arc<dyn TokenSource>,
    classify: Classify,
    allowance: ReadAllowance,
}

/// A connector's reading of what an answer's headers say the vendor still allows.
pub type ReadAllowance = fn(&Answer) -> Option<Told>;

/// A failed attempt: how far it got, what it used, and the error.
struct Failed {
    reached: Reached,
    used: Option<AuthHeader>,
    error: ApiError,
}

impl VendorClient {
    /// A client for one vendor.
    #[must_use]
    pub fn new(
        settings: VendorSettings,
        outbound: Outbound,
        tokens: Arc<dyn TokenSource>,
        classify: Classify,
    ) -> Self {
        Self { settings: Arc::new(settings), outbound, tokens, classify, allowance: |_| None }
    }

    /// The same client of a vendor whose answers say how many calls are left, or used.
    #[must_use]
    pub fn telling_allowance(self, allowance: ReadAllowance) -> Self {
        Self { allowance, ..self }
    }

    /// Sends a request and gives the successful answer.
    ///
    /// # Errors
    /// What the vendor answered or the network did, after every repeat the policy allows. It says so when certainly no
    /// attempt reached the vendor.
    pub async fn send(&self, request: &VendorRequest) -> Result<Answer, ApiError> {
        self.send_reading(request, Ok).await
    }

    /// Sends a request and reads the answer's JSON. An unreadable answer counts as the vendor's failure, and a read
    /// is then sent again.
    ///
    /// # Errors
    /// As [`Self::send`]; `UNREADABLE_ANSWER` when the body is not the JSON expected.
    pub async fn send_json<T: DeserializeOwned>(&self, request: &VendorRequest) -> Result<T, ApiError> {
        self.send_reading(request, |answer| {
            reading::read_json(self.settings.system, request.errand.operation, &answer)
        })
        .await
    }

    async fn send_reading<T>(
        &self,
        request: &VendorRequest,
        read: impl Fn(Answer) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let url = self.url(request)?;
        let began = Instant::now();
        let (mut repeats, mut token_renewed, mut may_have_happened) = (0, false, false);
        loop {
            let failed = match self.attempt(&url, request, &read).await {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            let progress =
                Progress { repeats, token_renewed, elapsed: began.elapsed(), reached: failed.reached };
            let mut error = failed.error;
            // An earlier attempt may have arrived, whatever kept this one from it.
            error.not_sent &= !may_have_happened;
            may_have_happened |= error.may_have_happened();
            tracing::debug!(
                system = %self.settings.system, operation = request.errand.operation, repeats,
                error_type = error.error_type.name(), code = error.error_code, "vendor attempt failed"
            );
            let call = (request.effect, request.errand.patience);
            match next(&self.settings.retry, progress, &error, call, rand::random::<f64>()) {
                Next::GiveUp => return Err(error),
                Next::RenewToken => match failed.used.map(|used| self.tokens.invalidate(&used)) {
                    Some(Renewal::Possible) => token_renewed = true,
                    Some(Renewal::Impossible) | None => return Err(error),
                },
                Next::Wait(wait) => {
                    repeats += 1;
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn attempt<T>(
        &self,
        url: &str,
        request: &VendorRequest,
        read: impl Fn(Answer) -> Result<T, ApiError>,
    ) -> Result<T, Failed> {
        let (gate, system) = (&self.outbound.gate, self.settings.system);
        let asking = Asking { system, operation: request.errand.operation, subject: request.errand.subject };
        let refused = |error| Failed { reached: Reached::Gate, used: None, error };
        if let Some(refusal) = gate.refusal(asking) {
            return Err(refused(refusal));
        }
        let used =
            self.tokens.authorize(Unsigned { method: &request.method, url }).await.map_err(|error| {
                gate.token_failed(&error);
                Failed { reached: Reached::TokenEndpoint, used: None, error: error.unsent() }
            })?;
        let pass = gate.enter(asking).await.map_err(refused)?;
        let target = Target { system: self.settings.system, url, deadline: self.settings.attempt_deadline };
        let read_answer = |answer| {
            if let Some(said) = (self.allowance)(&answer) {
                pass.told(said);
            }
            match error_of(target.system, request.errand.operation, &answer, self.classify) {
                Some(error) => Err(error),
                None => read(answer),
            }
        };
        let ended = attempt(&self.outbound.http, target, request, used.as_ref()).await.and_then(read_answer);
        pass.settle(ended.as_ref().err());
        ended.map_err(|error| Failed { reached: Reached::Vendor, used, error })
    }

    /// The absolute URL. A path that does not begin with `/` could name another host (`http://base` + `@evil`).
    fn url(&self, request: &VendorRequest) -> Result<String, ApiError> {
        if !request.path_and_query.starts_with('/') {
            let text = "a vendor path begins with '/'";
            let (system, operation) = (self.settings.system, request.errand.operation);
            return Err(ApiError::new(system, ErrorType::Validation, operation, "UNSENDABLE_REQUEST", text));
        }
        Ok(format!("{}{}", self.settings.base_url.trim_end_matches('/'), request.path_and_query))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

    use super::{AuthHeader, Renewal, TokenSource, Unsigned, VendorClient, VendorRequest, VendorSettings};
    use crate::limits::{Limits, Vendor};
    use crate::vendor::by_status_only;
    use futures::FutureExt as _;
    use futures::future::{self, BoxFuture};
    use gangway_protocol::{ApiError, ErrorType, System};
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::time::Instant;

    /// A token endpoint that never lets anybody in for now.
    struct Limited {
        retry_after_ms: u64,
    }

    impl TokenSource for Limited {
        fn authorize<'a>(
            &'a self,
            _request: Unsigned<'a>,
        ) -> BoxFuture<'a, Result<Option<AuthHeader>, ApiError>> {
            let mut limited = ApiError::new(System::Clm, ErrorType::RateLimit, "token", "LIMIT", "slow down");
            limited.retry_after_ms = Some(self.retry_after_ms);
            future::ready(Err(limited)).boxed()
        }

        fn invalidate(&self, _used: &AuthHeader) -> Renewal {
            Renewal::Impossible
        }
    }

    async fn ask(retry_after_ms: u64) -> (ApiError, Duration) {
        drop(rustls::crypto::ring::default_provider().install_default());
        let settings = VendorSettings::new(System::Clm, "http://vendor.invalid");
        let tokens = Arc::new(Limited { retry_after_ms });
        let outbound = Limits::default().outbound(Vendor::Clm, crate::vendor::http_client().unwrap());
        let client = VendorClient::new(settings, outbound, tokens, by_status_only);
        let began = Instant::now();
        let error = client.send(&VendorRequest::get("get_contract", "/")).await.unwrap_err();
        (error, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_limit_ends_as_one_before_the_tools_deadline() {
        for (retry_after_ms, waited) in [(15_000, 30), (25_000, 25), (41_000, 0)] {
            let (error, elapsed) = ask(retry_after_ms).await;
            assert_eq!(error.error_type, ErrorType::RateLimit);
            assert_eq!(elapsed.as_secs(), waited, "{retry_after_ms}");
            assert!(elapsed < crate::governance::DEFAULT_DEADLINE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_got_no_token_was_not_sent() {
        assert!(ask(41_000).await.0.not_sent);
    }
}
