//! How the connector gets in: an OAuth 2.0 token bought with a signed assertion, or every request signed (TBA).

use std::sync::Arc;

use gangway_governance::vendor::oauth::TokenEndpoint;
use gangway_governance::vendor::{CachedToken, JwtAssertion, JwtUse, SigningAlgorithm, TokenSource};
use gangway_protocol::System;
use jsonwebtoken::EncodingKey;
use secrecy::ExposeSecret as _;
use serde_json::{Map, json};

use crate::oauth1::Signer;
use crate::settings::{Login, Settings, SettingsError};

const TOKEN_PATH: &str = "/services/rest/auth/oauth2/v1/token";

pub(crate) fn token_source(
    settings: &Settings,
    http: &reqwest::Client,
) -> Result<Arc<dyn TokenSource>, SettingsError> {
    let url = format!("{}{TOKEN_PATH}", settings.base_url.trim_end_matches('/'));
    Ok(match settings.login()? {
        Login::MachineToMachine { client_id, certificate_id, private_key_pem } => {
            let mut claims = Map::new();
            claims.insert("iss".to_owned(), json!(client_id));
            claims.insert("aud".to_owned(), json!(url));
            claims.insert("scope".to_owned(), json!(["rest_webservices"]));
            Arc::new(CachedToken::new(JwtAssertion {
                endpoint: TokenEndpoint {
                    system: System::Netsuite,
                    url,
                    deadline: settings.attempt_deadline(),
                    http: http.clone(),
                },
                private_key_pem: private_key_pem.clone(),
                algorithm: algorithm_of(private_key_pem.expose_secret()),
                key_id: Some(certificate_id.to_owned()),
                used_as: JwtUse::ClientProof,
                claims,
            }))
        }
        Login::TokenBased { account, consumer_key, consumer_secret, token_id, token_secret } => {
            Arc::new(Signer {
                realm: account.to_owned(),
                consumer_key: consumer_key.to_owned(),
                consumer_secret: consumer_secret.clone(),
                token_id: token_id.to_owned(),
                token_secret: token_secret.clone(),
            })
        }
    })
}

/// NetSuite takes PS256 and ES256; which one follows from the key.
fn algorithm_of(pem: &str) -> SigningAlgorithm {
    match EncodingKey::from_ec_pem(pem.as_bytes()) {
        Ok(_) => SigningAlgorithm::Es256,
        Err(_) => SigningAlgorithm::Ps256,
    }
}
