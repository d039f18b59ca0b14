//! A server across HTTP. No proxy, no redirects: the URL is the server.

use crate::credential::Credential;
use crate::ears::Ears;
use crate::session::{Client, ConnectError, handshake, lifecycle};
use rmcp::service::ClientServiceExt as _;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use std::time::Duration;

/// Calls under way at once. rmcp's default of 16 would make agents wait for each other.
const CONCURRENT_CALLS: usize = 256;

/// How long one session is used, and how long a child's word on its tools counts: well below the life of a credential, the
/// longest call included.
pub(crate) const SESSION_LIFE: Duration = Duration::from_secs(120);

/// A URL, what is shown there, and the HTTP client for it.
pub(crate) struct Http {
    url: String,
    credential: Option<Credential>,
    http: reqwest::Client,
}

impl Http {
    pub(crate) fn new(url: &str, credential: Option<Credential>) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self { url: url.to_owned(), credential, http })
    }

    pub(crate) async fn connect(&self) -> Result<Client, ConnectError> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str())
            .max_concurrent_requests(CONCURRENT_CALLS);
        if let Some(credential) = &self.credential {
            config = config.auth_header(credential.make().map_err(ConnectError::Credential)?);
        }
        let transport = StreamableHttpClientTransport::with_client(self.http.clone(), config);
        Ears::default().serve_with_lifecycle(transport, lifecycle()).await.map_err(|error| handshake(&error))
    }
}
