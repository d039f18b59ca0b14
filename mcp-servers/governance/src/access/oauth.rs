//! Access tokens of an OAuth 2.1 issuer, judged by us as the resource server they were made for.
//!
//! A token is a JWT (RFC 9068) signed by one of the issuer's keys with an algorithm that we allow and that the key is for,
//! for exactly this server's resource URL, in force now, naming its client and its subject. A subject that is a mail address, or
//! anything else that records mask, goes by a digest. Which server that is, and what the scopes permit, is said elsewhere.

use super::jwks::{KeyRing, KeySource};
use super::principal::Principal;
use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::redact::scrub;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Asymmetric ones only: with a symmetric one, the public key would be the secret.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
/// Types a token may say it has; an absent one is usual.
const TYPES: [&str; 3] = ["at+jwt", "application/at+jwt", "jwt"];
/// How far the issuer's clock may be from ours.
const LEEWAY_SECONDS: u64 = 30;
/// An RSA key of 2048 bits, in bytes of its modulus as base64url.
const LEAST_MODULUS: usize = 342;
/// Longer tokens are not looked at.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
const MAX_SCOPES: usize = 100;

/// Why a token opens nothing. Holds nothing of the token but names of its parts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the access token is not good here: {0}")]
pub struct BadToken(String);

/// An issuer whose tokens are taken.
pub struct Issuer {
    name: String,
    keys: KeyRing,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    client_id: Option<String>,
    /// The same, as some issuers name it.
    azp: Option<String>,
    scope: Option<String>,
    /// The same, as some issuers name it.
    scp: Option<Scopes>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scopes {
    Words(String),
    List(Vec<String>),
}

impl Issuer {
    /// An issuer by its identifier, with its keys.
    #[must_use]
    pub fn new(name: &str, source: KeySource, http: reqwest::Client) -> Self {
        Self { name: name.to_owned(), keys: KeyRing::new(source, http) }
    }

    /// Its identifier: what `iss` must be.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The host a token speaks for, if it is good for this resource now.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn open(&self, token: &str, resource: &str) -> Result<Principal, BadToken> {
        let bad = |why: &str| BadToken(why.to_owned());
        if token.len() > MAX_TOKEN_BYTES {
            return Err(bad("it is too long"));
        }
        // `alg: none` is no algorithm this can be read with.
        let header = jsonwebtoken::decode_header(token).map_err(|_| bad("it is no signed JWT"))?;
        check_header(&header)?;
        let keys = self.keys.keys(|keys| fitting(keys, &header).is_some()).await;
        let keys = keys.ok_or_else(|| bad("the issuer's keys cannot be had now; try again shortly"))?;
        let key = fitting(&keys, &header).ok_or_else(|| bad("no key of the issuer fits it"))?;
        let key = DecodingKey::from_jwk(key).map_err(|_| bad("the issuer's key cannot be used"))?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation(header.alg, resource));
        let claims = claims.map_err(|error| match error.kind() {
            // These quote what they could not read.
            ErrorKind::Json(_) | ErrorKind::Base64(_) | ErrorKind::Utf8(_) => {
                bad("its claims cannot be read")
            }
            // The others name the claim that is wrong and no value.
            _ => BadToken(error.to_string()),
        })?;
        let claims = claims.claims;
        // The library takes a list as well, if one of its names is ours.
        if claims.iss != self.name {
            return Err(bad("it is of another issuer"));
        }
        principal(claims)
    }

    fn validation(&self, algorithm: Algorithm, resource: &str) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&[resource]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_SECONDS;
        validation
    }
}

fn check_header(header: &Header) -> Result<(), BadToken> {
    let bad = |why: &str| Err(BadToken(why.to_owned()));
    if !ALGORITHMS.contains(&header.alg) {
        return bad("its algorithm is not allowed; RS256, ES256 and EdDSA are");
    }
    if header.crit.is_some() {
        return bad("it asks for extensions that are not known here");
    }
    match &header.typ {
        Some(kind) if !TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)) => {
            bad("it is of another type")
        }
        Some(_) | None => Ok(()),
    }
}

/// The key a token says it was signed with; without a key id, the only one that fits.
fn fitting<'k>(keys: &'k JwkSet, header: &Header) -> Option<&'k Jwk> {
    let mut fitting = keys.keys.iter().filter(|key| fits(key, header.alg));
    match &header.kid {
        Some(id) => fitting.find(|key| key.common.key_id.as_ref() == Some(id)),
        None => fitting.next().filter(|_| fitting.next().is_none()),
    }
}

/// Whether a key is for signatures of this algorithm, by its kind and by what it says of itself.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let is_of_kind = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(rsa), Algorithm::RS256) => rsa.n.len() >= LEAST_MODULUS,
        (AlgorithmParameters::EllipticCurve(curve), Algorithm::ES256) => curve.curve == EllipticCurve::P256,
        (AlgorithmParameters::OctetKeyPair(pair), Algorithm::EdDSA) => pair.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    let common = &key.common;
    let is_for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
        && common
            .key_operations
            .as_ref()
            .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let says_so = common.key_algorithm.is_none_or(|said| said.to_string() == format!("{algorithm:?}"));
    is_of_kind && is_for_signatures && says_so
}

fn principal(claims: Claims) -> Result<Principal, BadToken> {
    let client = claims.client_id.or(claims.azp);
    let client = client.ok_or_else(|| BadToken("it names no client (client_id or azp)".to_owned()))?;
    let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut scopes = claims.scope.as_deref().map(words).unwrap_or_default();
    match claims.scp {
        Some(Scopes::Words(text)) => scopes.extend(words(&text)),
        Some(Scopes::List(list)) => scopes.extend(list),
        None => {}
    }
    if scopes.len() > MAX_SCOPES {
        return Err(BadToken("it has too many scopes".to_owned()));
    }
    let scopes: BTreeSet<String> = scopes.into_iter().collect();
    let subject = subject(&claims.iss, claims.sub);
    Principal::host(&client, &subject, scopes).map_err(|error| BadToken(error.to_string()))
}

/// Half a digest: nobody finds another subject with the same one.
const SUBJECT_DIGITS: usize = 32;

/// Whom a token speaks for, as records may hold it for ever.
fn subject(issuer: &str, said: String) -> String {
    if !said.contains('@') && scrub(&said, usize::MAX) == said {
        return said;
    }
    let digest = digest_bytes(format!("{issuer} {said}").as_bytes());
    let digits = digest.rsplit(':').next().unwrap_or_default();
    format!("sub-{}", digits.get(..SUBJECT_DIGITS).unwrap_or(digits))
}
