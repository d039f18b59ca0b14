//! How the connector gets its token: client credentials or JWT bearer, whichever the settings are complete for.

use std::sync::Arc;

use gangway_governance::vendor::oauth::TokenEndpoint;
use gangway_governance::vendor::{
    CachedToken, ClientCredentials, ClientPlacement, JwtAssertion, JwtUse, SigningAlgorithm, TokenSource,
};
use gangway_protocol::System;
use serde_json::{Map, json};

use crate::settings::{Login, Settings, SettingsError};

/// Where the org gives tokens. My Domain serves both flows; login.salesforce.com refuses client credentials.
const TOKEN_PATH: &str = "/services/oauth2/token";

pub(crate) fn token_source(
    settings: &Settings,
    http: &reqwest::Client,
) -> Result<Arc<dyn TokenSource>, SettingsError> {
    let endpoint = TokenEndpoint {
        system: System::Salesforce,
        url: format!("{}{TOKEN_PATH}", settings.base_url.trim_end_matches('/')),
        deadline: settings.attempt_deadline(),
        http: http.clone(),
    };
    Ok(match settings.login()? {
        Login::ClientCredentials { secret } => Arc::new(CachedToken::new(ClientCredentials {
            endpoint,
            client_id: settings.client_id.clone(),
            client_secret: secret.clone(),
            placement: ClientPlacement::Basic,
        })),
        Login::JwtBearer { username, private_key_pem } => {
            let mut claims = Map::new();
            claims.insert("iss".to_owned(), json!(settings.client_id));
            claims.insert("sub".to_owned(), json!(username));
            claims.insert("aud".to_owned(), json!(settings.audience));
            Arc::new(CachedToken::new(JwtAssertion {
                endpoint,
                private_key_pem: private_key_pem.clone(),
                algorithm: SigningAlgorithm::Rs256,
                key_id: None,
                used_as: JwtUse::Grant,
                claims,
            }))
        }
    })
}
