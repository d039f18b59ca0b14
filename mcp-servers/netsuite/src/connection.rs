//! One NetSuite account: sends SuiteQL and reads its pages.
//!
//! Tokens, retries, deadlines and our share of the account's concurrency are governance's; what a row means is `mapping`'s.

use gangway_governance::vendor::{CallEffect, Errand, Outbound, VendorClient, VendorRequest, VendorSettings};
use gangway_protocol::{ApiError, System};
use http::{HeaderName, HeaderValue, Method};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::errors::{classify, unexpected};
use crate::login::token_source;
use crate::settings::{Settings, SettingsError};
use crate::wire::Page;

/// NetSuite's largest page.
const PAGE_ROWS: usize = 1_000;
/// NetSuite gives at most 100,000 rows to one query.
const MOST_PAGES: usize = 100;
/// Without it NetSuite refuses the query.
const PREFER: (HeaderName, HeaderValue) =
    (HeaderName::from_static("prefer"), HeaderValue::from_static("transient"));

/// A NetSuite account as the tools see it.
pub(crate) struct NetSuite {
    client: VendorClient,
    pub contract_field: String,
}

/// A query that failed on the way.
pub(crate) struct Cut<R> {
    /// What came before.
    pub rows: Vec<R>,
    pub error: ApiError,
}

impl NetSuite {
    pub fn connect(settings: &Settings, outbound: Outbound) -> Result<Self, SettingsError> {
        let tokens = token_source(settings, &outbound.http)?;
        let vendor = VendorSettings {
            system: System::Netsuite,
            base_url: settings.base_url.clone(),
            retry: settings.retry(),
            attempt_deadline: settings.attempt_deadline(),
        };
        Ok(Self {
            client: VendorClient::new(vendor, outbound, tokens, classify),
            contract_field: settings.checked_contract_field()?,
        })
    }

    /// Every row of a query; its order must be total, since pages are asked for one by one.
    pub async fn every<R: DeserializeOwned>(&self, errand: Errand, sql: &str) -> Result<Vec<R>, Cut<R>> {
        let mut rows = Vec::new();
        for page in 0..MOST_PAGES {
            let answer = match self.page(errand, sql, PAGE_ROWS, page * PAGE_ROWS).await {
                Ok(answer) => answer,
                Err(error) => return Err(Cut { rows, error }),
            };
            rows.extend(answer.items);
            if !answer.has_more {
                return Ok(rows);
            }
        }
        let words = format!("the query has more than {MOST_PAGES} pages");
        Err(Cut { rows, error: unexpected(errand.operation, &words) })
    }

    /// The first row of a query.
    pub async fn first<R: DeserializeOwned>(&self, errand: Errand, sql: &str) -> Result<Option<R>, ApiError> {
        let page = self.page(errand, sql, 1, 0).await?;
        Ok(page.items.into_iter().next())
    }

    async fn page<R: DeserializeOwned>(
        &self,
        errand: Errand,
        sql: &str,
        limit: usize,
        offset: usize,
    ) -> Result<Page<R>, ApiError> {
        let path = format!("/services/rest/query/v1/suiteql?limit={limit}&offset={offset}");
        let request = VendorRequest::json(errand, Method::POST, path, &json!({"q": sql}), CallEffect::Read)
            .map_err(|error| unexpected(errand.operation, &error))?
            .with_header(PREFER.0, PREFER.1);
        self.client.send_json(&request).await
    }
}
