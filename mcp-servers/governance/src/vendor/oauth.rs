//! The OAuth 2.0 token requests the vendors speak: client credentials, and a signed assertion (RFC 7523) either as the
//! grant itself (Salesforce, DocuSign) or as the client's proof (NetSuite). Caching is [`super::CachedToken`]'s.

use super::attempt::{Target, attempt};
use super::cached_token::{FetchToken, FreshToken};
use super::request::{Answer, Body, VendorRequest};
use base64::Engine as _;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_protocol::{ApiError, ErrorType, System};
use http::{HeaderValue, Method, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

const OPERATION: &str = "token";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Salesforce accepts at most three minutes, the others an hour.
const ASSERTION_LIFE: Duration = Duration::from_secs(180);

/// A token endpoint.
#[derive(Clone)]
pub struct TokenEndpoint {
    /// The system, for errors.
    pub system: System,
    /// Absolute URL of the endpoint.
    pub url: String,
    /// How long one fetch may take.
    pub deadline: Duration,
    /// HTTP client; see [`super::http_client`].
    pub http: reqwest::Client,
}

/// Where a client's credentials stand in the token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientPlacement {
    /// `Authorization: Basic`.
    Basic,
    /// Form fields `client_id` and `client_secret`.
    Form,
}

/// Client credentials with a shared secret.
pub struct ClientCredentials {
    /// The endpoint.
    pub endpoint: TokenEndpoint,
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub client_secret: SecretString,
    /// Where both stand.
    pub placement: ClientPlacement,
}

impl FetchToken for ClientCredentials {
    fn fetch(&self) -> BoxFuture<'_, Result<FreshToken, ApiError>> {
        async {
            let secret = self.client_secret.expose_secret();
            let mut form = vec![field("grant_type", "client_credentials")];
            let mut basic = None;
            match self.placement {
                ClientPlacement::Form => {
                    form.extend([field("client_id", &self.client_id), field("client_secret", secret)]);
                }
                ClientPlacement::Basic => basic = Some(format!("{}:{secret}", self.client_id)),
            }
            self.endpoint.ask(form, basic).await
        }
        .boxed()
    }
}

/// How an assertion is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// RSA PKCS#1 v1.5 with SHA-256 (Salesforce, DocuSign).
    Rs256,
    /// RSA-PSS with SHA-256 (NetSuite).
    Ps256,
    /// ECDSA P-256 with SHA-256 (NetSuite).
    Es256,
}

/// What an assertion is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtUse {
    /// The grant itself: `grant_type=…jwt-bearer` with `assertion`.
    Grant,
    /// The client's proof: `grant_type=client_credentials` with `client_assertion`.
    ClientProof,
}

/// A token request proven by a signed assertion.
pub struct JwtAssertion {
    /// The endpoint.
    pub endpoint: TokenEndpoint,
    /// Private key, PEM.
    pub private_key_pem: SecretString,
    /// How to sign.
    pub algorithm: SigningAlgorithm,
    /// Key id in the header, where the vendor wants one.
    pub key_id: Option<String>,
    /// What it is used as.
    pub used_as: JwtUse,
    /// Claims without `iat` and `exp`, which are added: `iss`, `aud`, `sub`, `scope` as the vendor wants them.
    pub claims: serde_json::Map<String, Value>,
}

impl JwtAssertion {
    fn sign(&self, now: SystemTime) -> Result<String, String> {
        let pem = self.private_key_pem.expose_secret().as_bytes();
        let (algorithm, key) = match self.algorithm {
            SigningAlgorithm::Rs256 => (Algorithm::RS256, EncodingKey::from_rsa_pem(pem)),
            SigningAlgorithm::Ps256 => (Algorithm::PS256, EncodingKey::from_rsa_pem(pem)),
            SigningAlgorithm::Es256 => (Algorithm::ES256, EncodingKey::from_ec_pem(pem)),
        };
        // The library's own text could quote the key's bytes.
        let key = key.map_err(|_| format!("the private key is not a PEM key for {algorithm:?}"))?;
        let issued = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|error| error.to_string())?.as_secs();
        let mut claims = self.claims.clone();
        claims.insert("iat".to_owned(), json!(issued));
        claims.insert("exp".to_owned(), json!(issued + ASSERTION_LIFE.as_secs()));
        let header = Header { kid: self.key_id.clone(), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, &claims, &key)
            .map_err(|_| "the assertion could not be signed".to_owned())
    }
}

impl JwtAssertion {
    /// The private key is no such key: nothing that is refreshed mends that.
    fn unusable(&self, why: &str) -> ApiError {
        let mut error = self.endpoint.refused("UNUSABLE_KEY", why);
        let section = self.endpoint.system;
        error.resolution =
            format!("Give the private key in PEM form as {section}.private_key_pem, or name its file there");
        error
    }
}

impl FetchToken for JwtAssertion {
    fn fetch(&self) -> BoxFuture<'_, Result<FreshToken, ApiError>> {
        async {
            let assertion = self.sign(SystemTime::now()).map_err(|text| self.unusable(&text))?;
            let form = match self.used_as {
                JwtUse::Grant => vec![field("grant_type", JWT_BEARER), field("assertion", &assertion)],
                JwtUse::ClientProof => vec![
                    field("grant_type", "client_credentials"),
                    field("client_assertion_type", CLIENT_ASSERTION),
                    field("client_assertion", &assertion),
                ],
            };
            self.endpoint.ask(form, None).await
        }
        .boxed()
    }
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// A token endpoint's good answer. NetSuite writes `expires_in` as text, Salesforce leaves it out.
#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<Value>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

impl TokenEndpoint {
    fn refused(&self, code: &str, text: &str) -> ApiError {
        refusal(self.system, code, text)
    }

    async fn ask(&self, form: Vec<(String, String)>, basic: Option<String>) -> Result<FreshToken, ApiError> {
        let mut request = VendorRequest {
            method: Method::POST,
            body: Body::Form(form),
            ..VendorRequest::get(OPERATION, "")
                .with_header(header::ACCEPT, HeaderValue::from_static("application/json"))
        };
        if let Some(pair) = basic {
            let value = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
            let mut value = HeaderValue::from_str(&value).map_err(|_| {
                self.refused("UNUSABLE_CREDENTIALS", "the credentials cannot stand in a header")
            })?;
            value.set_sensitive(true);
            request.headers.push((header::AUTHORIZATION, value));
        }
        let target = Target { system: self.system, url: &self.url, deadline: self.deadline };
        let answer = attempt(&self.http, target, &request, None).await?;
        read_token(self.system, &answer)
    }
}

/// What a token endpoint's answer says.
///
/// # Errors
/// The refusal or failure it stands for; `UNREADABLE_ANSWER` when it holds no token.
pub fn read_token(system: System, answer: &Answer) -> Result<FreshToken, ApiError> {
    if answer.is_success() {
        let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| {
            let text = "the token endpoint's answer holds no access token";
            ApiError::new(system, ErrorType::ServerError, OPERATION, "UNREADABLE_ANSWER", text)
                .with_status(answer.status)
        })?;
        let seconds = granted.expires_in.as_ref().and_then(seconds);
        return Ok(FreshToken { token: granted.access_token, lives: seconds.map(Duration::from_secs) });
    }
    // 400 and 401 are the vendor's refusal of our credentials; anything else says nothing about them.
    if let (400 | 401, Ok(refused)) = (answer.status, serde_json::from_slice::<Refused>(&answer.body)) {
        let text =
            refused.error_description.unwrap_or_else(|| "the token endpoint refused the credentials".into());
        return Err(refusal(system, &refused.error, &text).with_status(answer.status));
    }
    let by_status = super::classify::error_of(system, OPERATION, answer, super::by_status_only);
    Err(by_status.unwrap_or_else(|| refusal(system, "TOKEN_REFUSED", "the token endpoint gave no token")))
}

fn refusal(system: System, code: &str, text: &str) -> ApiError {
    ApiError::new(system, ErrorType::Authentication, OPERATION, code, text)
}

fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}
