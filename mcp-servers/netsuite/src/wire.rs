//! What NetSuite sends: pages of rows whose values are texts, and problem documents. It judges nothing.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// One page of a SuiteQL answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<R> {
    pub items: Vec<R>,
    #[serde(default)]
    pub has_more: bool,
}

/// An invoice as `query::invoices` selects it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct InvoiceRow {
    #[serde(deserialize_with = "scalar")]
    pub tranid: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub account: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub contract: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub status: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub currency: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub foreigntotal: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub foreignamountunpaid: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub invoicedate: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub due: Option<String>,
}

/// A rate as `query::exchange_rates` selects it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RateRow {
    #[serde(deserialize_with = "scalar")]
    pub exchangerate: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub effective: Option<String>,
}

/// A problem document.
#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    #[serde(rename = "o:errorDetails")]
    pub details: Vec<ProblemDetail>,
}

/// One of a problem's details.
#[derive(Debug, Deserialize)]
pub(crate) struct ProblemDetail {
    #[serde(default)]
    pub detail: String,
    #[serde(rename = "o:errorCode")]
    pub code: String,
}

/// An error of the token endpoint.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenError {
    pub error: String,
    #[serde(default)]
    pub error_description: String,
}

/// SuiteQL writes every value as text; a number, should one come, is taken as its exact digits.
fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw: Option<Box<RawValue>> = Option::deserialize(deserializer)?;
    let Some(raw) = raw else {
        return Ok(None);
    };
    let text = raw.get();
    match text.bytes().next() {
        Some(b'"') => serde_json::from_str(text).map(Some).map_err(serde::de::Error::custom),
        Some(b'{' | b'[') => Err(serde::de::Error::custom("expected text or a number")),
        _ => Ok(Some(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::{InvoiceRow, Page};

    #[test]
    fn takes_text_numbers_and_null() {
        let body = r#"{"hasMore":false,"items":[{"links":[],"tranid":"INV-1","foreigntotal":"100.50","foreignamountunpaid":0.10,"due":null}]}"#;
        let page: Page<InvoiceRow> = serde_json::from_str(body).unwrap();
        let row = page.items.first().unwrap();
        assert_eq!(row.foreigntotal.as_deref(), Some("100.50"));
        assert_eq!(row.foreignamountunpaid.as_deref(), Some("0.10"));
        assert_eq!((row.due.as_deref(), row.contract.as_deref()), (None, None));
    }

    #[test]
    fn refuses_what_is_no_scalar() {
        assert!(serde_json::from_str::<Page<InvoiceRow>>(r#"{"items":[{"tranid":{}}]}"#).is_err());
    }
}
