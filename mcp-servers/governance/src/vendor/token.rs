//! How a request proves who we are. A source gives a header per request; what kind of token it holds is its business.

use futures::FutureExt as _;
use futures::future::{self, BoxFuture};
use gangway_protocol::ApiError;
use http::{HeaderName, Method, header};
use secrecy::{ExposeSecret as _, SecretString};

/// The request a header is wanted for; a per-request signer (OAuth 1.0) signs it.
#[derive(Debug, Clone, Copy)]
pub struct Unsigned<'a> {
    /// HTTP method.
    pub method: &'a Method,
    /// Absolute URL with query.
    pub url: &'a str,
}

/// A header that authorizes one request.
#[derive(Debug, Clone)]
pub struct AuthHeader {
    /// Name, usually `authorization`.
    pub name: HeaderName,
    /// Value, e.g. `Bearer …`.
    pub value: SecretString,
}

impl AuthHeader {
    /// `Authorization: Bearer TOKEN`.
    #[must_use]
    pub fn bearer(token: &SecretString) -> Self {
        Self::authorization(format!("Bearer {}", token.expose_secret()))
    }

    /// `Authorization: VALUE`.
    #[must_use]
    pub fn authorization(value: String) -> Self {
        Self { name: header::AUTHORIZATION, value: SecretString::from(value) }
    }

    /// Whether both carry the same value.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.value.expose_secret() == other.value.expose_secret()
    }
}

/// Gives requests their authorization.
pub trait TokenSource: Send + Sync {
    /// The header for one request; none when the vendor wants none.
    fn authorize<'a>(&'a self, request: Unsigned<'a>) -> BoxFuture<'a, Result<Option<AuthHeader>, ApiError>>;

    /// Says that the vendor refused `used`: the next request must not get it again. Answers whether asking again
    /// can give anything else.
    fn invalidate(&self, used: &AuthHeader) -> Renewal;
}

/// Whether a source can replace a refused header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The next `authorize` gives another one.
    Possible,
    /// There is only this one.
    Impossible,
}

/// For a vendor whose credentials travel in the body, or who wants none.
pub struct NoToken;

impl TokenSource for NoToken {
    fn authorize<'a>(
        &'a self,
        _request: Unsigned<'a>,
    ) -> BoxFuture<'a, Result<Option<AuthHeader>, ApiError>> {
        future::ready(Ok(None)).boxed()
    }

    fn invalidate(&self, _used: &AuthHeader) -> Renewal {
        Renewal::Impossible
    }
}

/// A bearer token that never changes, such as a bot token. There is nothing to renew it with.
pub struct StaticToken(pub SecretString);

impl TokenSource for StaticToken {
    fn authorize<'a>(
        &'a self,
        _request: Unsigned<'a>,
    ) -> BoxFuture<'a, Result<Option<AuthHeader>, ApiError>> {
        future::ready(Ok(Some(AuthHeader::bearer(&self.0)))).boxed()
    }

    fn invalidate(&self, _used: &AuthHeader) -> Renewal {
        Renewal::Impossible
    }
}
