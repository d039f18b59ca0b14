//! One DocuSign account: finds it, reads envelopes and their lists, sends reminders.
//!
//! Tokens, retries and deadlines are governance's; what an envelope means is `mapping`'s.

use std::sync::Arc;
use std::time::Duration;

use gangway_governance::limits::{Allowance, Told};
use gangway_governance::vendor::oauth::TokenEndpoint;
use gangway_governance::vendor::{
    Answer, CachedToken, CallEffect, Errand, JwtAssertion, JwtUse, Outbound, SigningAlgorithm, TokenSource,
    VendorClient, VendorRequest, VendorSettings,
};
use gangway_protocol::{ApiError, ErrorType, System};
use http::Method;
use jiff::civil::Date;
use serde_json::{Map, json};
use tokio::sync::OnceCell;

use crate::errors::{classify, unexpected};
use crate::query::{self, Filter};
use crate::settings::{Settings, SettingsError};
use crate::wire::{Envelope, EnvelopePage, UserAccount, UserInfo};

/// Most pages of one filtered list: far more envelopes than one account or one year of waiting ever has.
const MOST_PAGES: usize = 10;
/// Envelopes of one page of a filtered list.
const PAGE_ENVELOPES: usize = 100;

/// A DocuSign account as the tools see it.
pub(crate) struct DocuSign {
    pub settings: Settings,
    outbound: Outbound,
    tokens: Arc<dyn TokenSource>,
    /// Found once: from the settings, or by asking the account server.
    account: OnceCell<Account>,
}

struct Account {
    id: String,
    client: VendorClient,
}

impl DocuSign {
    pub fn connect(settings: &Settings, outbound: Outbound) -> Result<Self, SettingsError> {
        settings.check()?;
        let tokens = token_source(settings, &outbound.http)?;
        let docusign = Self { settings: settings.clone(), outbound, tokens, account: OnceCell::new() };
        if let (Some(id), Some(base_url)) = (&settings.account_id, &settings.base_url) {
            let account = Account { id: id.clone(), client: docusign.client(base_url) };
            return Ok(Self { account: OnceCell::new_with(Some(account)), ..docusign });
        }
        Ok(docusign)
    }

    fn client(&self, base_url: &str) -> VendorClient {
        let settings = VendorSettings {
            system: System::Clm,
            base_url: base_url.to_owned(),
            retry: self.settings.retry(),
            attempt_deadline: self.settings.attempt_deadline(),
        };
        VendorClient::new(settings, self.outbound.clone(), self.tokens.clone(), classify)
            .telling_allowance(allowance)
    }

    async fn account(&self, operation: &'static str) -> Result<&Account, ApiError> {
        self.account
            .get_or_try_init(|| async {
                let found = self.user_account(operation).await?;
                let base_url = self.settings.base_url.as_deref().unwrap_or(&found.base_uri);
                Ok(Account { id: found.account_id.clone(), client: self.client(base_url) })
            })
            .await
    }

    /// The account the settings name, else the user's default one.
    pub async fn user_account(&self, operation: &'static str) -> Result<UserAccount, ApiError> {
        let request = VendorRequest::get(operation, "/oauth/userinfo");
        let user: UserInfo = self.client(&self.settings.oauth_base_url).send_json(&request).await?;
        let wanted = |account: &UserAccount| match &self.settings.account_id {
            Some(id) => account.account_id.eq_ignore_ascii_case(id),
            None => account.is_default,
        };
        user.accounts.into_iter().find(wanted).ok_or_else(|| {
            let words = "the user belongs to no such DocuSign account; check account_id";
            ApiError::new(System::Clm, ErrorType::Authorization, operation, "ACCOUNT_NOT_FOUND", words)
        })
    }

    /// One page of a list.
    pub async fn page(
        &self,
        errand: Errand,
        filter: &Filter<'_>,
        since: Date,
        (start, count): (usize, usize),
    ) -> Result<EnvelopePage, ApiError> {
        let account = self.account(errand.operation).await?;
        let path = query::list_path(&account.id, filter, since, (start, count));
        account.client.send_json(&VendorRequest::get(errand, path)).await
    }

    /// A whole filtered list.
    pub async fn list(
        &self,
        errand: Errand,
        filter: &Filter<'_>,
        since: Date,
    ) -> Result<Vec<Envelope>, ApiError> {
        let mut envelopes = Vec::new();
        for page in 0..MOST_PAGES {
            let found = self.page(errand, filter, since, (page * PAGE_ENVELOPES, PAGE_ENVELOPES)).await?;
            let more = has_more(&found);
            envelopes.extend(found.envelopes);
            if !more {
                return Ok(envelopes);
            }
        }
        Err(unexpected(errand.operation, &format!("the list has more than {MOST_PAGES} pages")))
    }

    /// One envelope; `None` if there is none.
    pub async fn envelope(&self, operation: &'static str, id: &str) -> Result<Option<Envelope>, ApiError> {
        let account = self.account(operation).await?;
        let request =
            VendorRequest::get(Errand::about_some_account(operation), query::envelope_path(&account.id, id));
        match account.client.send_json(&request).await {
            Ok(envelope) => Ok(Some(envelope)),
            Err(error) if error.error_type == ErrorType::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Mails everybody whose turn it is.
    pub async fn resend(&self, operation: &'static str, envelope_id: &str) -> Result<(), ApiError> {
        let account = self.account(operation).await?;
        let path = query::resend_path(&account.id, envelope_id);
        let errand = Errand::about_some_account(operation);
        let request = VendorRequest::json(errand, Method::PUT, path, &json!({}), CallEffect::Write)
            .map_err(|error| unexpected(operation, &error))?;
        account.client.send(&request).await.map(|_| ())
    }
}

/// What is left of the hour's calls, for everybody who uses the account.
fn allowance(answer: &Answer) -> Option<Told> {
    let left = answer.header("x-ratelimit-remaining")?.trim().parse().ok()?;
    let renewed_at = answer.header("x-ratelimit-reset")?.trim().parse().ok()?;
    Some(Told::Hour(Allowance { left, renewed_at: Duration::from_secs(renewed_at) }))
}

/// Whether a list goes on after this page.
pub(crate) fn has_more(page: &EnvelopePage) -> bool {
    page.next_uri.as_deref().is_some_and(|uri| !uri.is_empty()) && !page.envelopes.is_empty()
}

fn token_source(settings: &Settings, http: &reqwest::Client) -> Result<Arc<dyn TokenSource>, SettingsError> {
    let mut claims = Map::new();
    claims.insert("iss".to_owned(), json!(settings.integration_key));
    claims.insert("sub".to_owned(), json!(settings.user_id));
    claims.insert("aud".to_owned(), json!(settings.audience()?));
    claims.insert("scope".to_owned(), json!("signature impersonation"));
    Ok(Arc::new(CachedToken::new(JwtAssertion {
        endpoint: TokenEndpoint {
            system: System::Clm,
            url: format!("{}/oauth/token", settings.oauth_base_url.trim_end_matches('/')),
            deadline: settings.attempt_deadline(),
            http: http.clone(),
        },
        private_key_pem: settings.private_key_pem.clone(),
        algorithm: SigningAlgorithm::Rs256,
        key_id: None,
        used_as: JwtUse::Grant,
        claims,
    })))
}
