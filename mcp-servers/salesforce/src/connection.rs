//! One Salesforce org: sends queries, composite calls and updates, and reads their envelopes.
//!
//! Tokens, retries and deadlines are governance's; what a row means is `mapping`'s.

use std::sync::Arc;

use gangway_governance::limits::{DayUse, Told};
use gangway_governance::vendor::{
    Answer, CallEffect, Errand, Outbound, Patience, TokenSource, VendorClient, VendorRequest, VendorSettings,
    percent_encode,
};
use gangway_protocol::{ApiError, System};
use http::Method;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::errors::{classify, part_error, succeeded, unexpected, unreadable_row};
use crate::login::token_source;
use crate::settings::{Schema, Settings, SettingsError};
use crate::wire::{CompositeAnswer, QueryPage};

/// Longest request line: Salesforce refuses URIs over 16,384 bytes, the base URL included.
pub(crate) const LONGEST_PATH_BYTES: usize = 15_000;
/// Most pages followed for one query. Ours ask for a bounded number of records, so more means something is wrong.
const MOST_PAGES: usize = 20;

/// Whether a query sees records in the recycle bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deleted {
    Included,
    Left,
}

/// One query of a composite call.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub reference: &'static str,
    pub soql: String,
    pub deleted: Deleted,
}

/// A Salesforce org as the tools see it.
pub(crate) struct Salesforce {
    client: VendorClient,
    pub schema: Schema,
}

impl Salesforce {
    pub fn connect(settings: &Settings, outbound: Outbound) -> Result<Self, SettingsError> {
        let schema = settings.schema()?;
        let token: Arc<dyn TokenSource> = token_source(settings, &outbound.http)?;
        let client = VendorClient::new(
            VendorSettings {
                system: System::Salesforce,
                base_url: settings.base_url.clone(),
                retry: settings.retry(),
                attempt_deadline: settings.attempt_deadline(),
            },
            outbound,
            token,
            classify,
        )
        .telling_allowance(day_use);
        Ok(Self { client, schema })
    }

    /// Every row of a query.
    pub async fn query<R: DeserializeOwned>(
        &self,
        errand: Errand,
        soql: &str,
        deleted: Deleted,
    ) -> Result<Vec<R>, ApiError> {
        let rows = self.rows(errand, soql, deleted).await?;
        rows.iter().map(|row| read_row(errand.operation, row)).collect()
    }

    async fn rows(
        &self,
        errand: Errand,
        soql: &str,
        deleted: Deleted,
    ) -> Result<Vec<Box<RawValue>>, ApiError> {
        let path = self.query_path(soql, deleted);
        let first = self.client.send_json(&VendorRequest::get(errand, path)).await?;
        self.all_pages(errand, first).await
    }

    /// The rows of a page and of those that follow it.
    async fn all_pages(&self, errand: Errand, first: QueryPage) -> Result<Vec<Box<RawValue>>, ApiError> {
        let (mut rows, mut page) = (Vec::new(), first);
        for _ in 0..MOST_PAGES {
            rows.append(&mut page.records);
            match page.next_records_url {
                Some(next) if !page.done && next.starts_with('/') => {
                    page = self.client.send_json(&VendorRequest::get(errand, next)).await?;
                }
                _ => return Ok(rows),
            }
        }
        let operation = errand.operation;
        Err(unexpected(operation, &format!("the query's answer has more than {MOST_PAGES} pages")))
    }

    /// Several queries in one round trip; their rows in the order asked. A part that failed is an error of its own.
    ///
    /// A part that failed in a way that may pass is asked once more alone, with all the patience of a single call,
    /// unless the asker falls back to smaller questions.
    pub async fn composite(
        &self,
        errand: Errand,
        parts: &[Part],
    ) -> Result<Vec<Result<Vec<Box<RawValue>>, ApiError>>, ApiError> {
        let operation = errand.operation;
        let path = format!("/services/data/{}/composite", self.schema.api_version);
        let body = composite_body(parts, |part| self.query_path(&part.soql, part.deleted));
        let request = VendorRequest::json(errand, Method::POST, path, &body, CallEffect::Read)
            .map_err(|error| unexpected(operation, &error))?;
        let answer: CompositeAnswer = self.client.send_json(&request).await?;
        let mut results = Vec::with_capacity(parts.len());
        for part in parts {
            let result = match part_page(operation, part, &answer) {
                Ok(first) => self.all_pages(errand, first).await,
                Err(error) if error.retryable && errand.patience == Patience::Usual => {
                    self.rows(errand, &part.soql, part.deleted).await
                }
                Err(error) => Err(error),
            };
            results.push(result);
        }
        Ok(results)
    }

    /// Sets fields of an account that exists.
    pub async fn update_account(
        &self,
        errand: Errand,
        record: &str,
        fields: &Value,
    ) -> Result<Answer, ApiError> {
        let path = format!("/services/data/{}/sobjects/Account/{record}", self.schema.api_version);
        let request = VendorRequest::json(errand, Method::PATCH, path, fields, CallEffect::Idempotent)
            .map_err(|error| unexpected(errand.operation, &error))?;
        self.client.send(&request).await
    }

    /// How much of the org's daily call quota is left.
    pub async fn limits(&self) -> Result<Value, ApiError> {
        let path = format!("/services/data/{}/limits", self.schema.api_version);
        self.client.send_json(&VendorRequest::get("check", path)).await
    }

    pub fn query_path(&self, soql: &str, deleted: Deleted) -> String {
        let resource = match deleted {
            Deleted::Included => "queryAll",
            Deleted::Left => "query",
        };
        format!("/services/data/{}/{resource}?q={}", self.schema.api_version, percent_encode(soql))
    }
}

/// How much of the org's daily calls is used, by everybody: `Sforce-Limit-Info: api-usage=25/5000; per-app-…`.
fn day_use(answer: &Answer) -> Option<Told> {
    let parts = answer.header("sforce-limit-info")?.split([';', ',']);
    let (used, limit) =
        parts.map(str::trim).find_map(|part| part.strip_prefix("api-usage="))?.split_once('/')?;
    Some(Told::Day(DayUse { used: used.parse().ok()?, limit: limit.parse().ok()? }))
}

fn composite_body(parts: &[Part], path: impl Fn(&Part) -> String) -> Value {
    let requests: Vec<Value> = parts
        .iter()
        .map(|part| json!({"method": "GET", "referenceId": part.reference, "url": path(part)}))
        .collect();
    // The parts do not depend on each other: one that fails must not undo the others.
    json!({"allOrNone": false, "compositeRequest": requests})
}

/// The first page that a part of a composite answer brought.
pub(crate) fn part_page(
    operation: &'static str,
    part: &Part,
    answer: &CompositeAnswer,
) -> Result<QueryPage, ApiError> {
    let found = answer
        .composite_response
        .iter()
        .find(|found| found.reference_id == part.reference)
        .ok_or_else(|| unexpected(operation, &format!("part {} is not answered", part.reference)))?;
    if !succeeded(found) {
        return Err(part_error(operation, found));
    }
    read_row(operation, &found.body)
}

/// Reads one row, naming the field that does not fit.
pub(crate) fn read_row<R: DeserializeOwned>(operation: &str, row: &RawValue) -> Result<R, ApiError> {
    let mut json = serde_json::Deserializer::from_str(row.get());
    serde_path_to_error::deserialize(&mut json).map_err(|error| unreadable_row(operation, error.path()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::{Answer, DayUse, Told, day_use, read_row};
    use crate::wire::OpportunityRow;
    use serde_json::value::RawValue;

    fn row(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named_but_not_quoted() {
        let error =
            read_row::<OpportunityRow>("op", &row(r#"{"Id":"006A","StageName":{"x":7}}"#)).unwrap_err();
        assert!(error.message.contains("StageName") && !error.message.contains('7'), "{error}");
    }

    #[test]
    fn the_orgs_daily_calls_are_read_in_both_spellings_and_nothing_else_is() {
        let read = |text: &'static str| {
            let headers = http::HeaderMap::from_iter([(
                http::HeaderName::from_static("sforce-limit-info"),
                http::HeaderValue::from_static(text),
            )]);
            day_use(&Answer { status: 200, headers, body: bytes::Bytes::new() })
        };
        let day = |used, limit| Some(Told::Day(DayUse { used, limit }));
        assert_eq!(read("api-usage=18/5000"), day(18, 5_000));
        assert_eq!(read("api-usage=25/5000; per-app-api-usage=17/250(appName=x)"), day(25, 5_000));
        assert_eq!(read("per-app-api-usage=17/250(appName=x); api-usage=25/5000"), day(25, 5_000));
        for text in
            ["", "api-usage", "api-usage=1", "api-usage=-1/5", "api-usage=1/x", "per-app-api-usage=1/2"]
        {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_amount_keeps_the_digits_it_was_sent_with() {
        let row: OpportunityRow = read_row("op", &row(r#"{"Id":"006A","Amount":0.10}"#)).unwrap();
        assert_eq!(row.amount.unwrap().get(), "0.10");
    }
}
