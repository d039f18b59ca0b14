//! What DocuSign sends: numbers and booleans as texts, recipients by kind, custom fields by kind. It judges nothing.

use serde::Deserialize;

/// One page of an envelope list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnvelopePage {
    /// Left out when nothing was found.
    #[serde(default)]
    pub envelopes: Vec<Envelope>,
    #[serde(default)]
    pub total_set_size: Option<String>,
    /// Empty or left out on the last page.
    #[serde(default)]
    pub next_uri: Option<String>,
}

/// An envelope with the parts we ask for.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    pub envelope_id: String,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub created_date_time: Option<String>,
    #[serde(default)]
    pub sent_date_time: Option<String>,
    #[serde(default)]
    pub custom_fields: Option<CustomFields>,
    #[serde(default)]
    pub recipients: Option<Recipients>,
}

/// An envelope's custom fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CustomFields {
    pub text_custom_fields: Option<Vec<CustomField>>,
    pub list_custom_fields: Option<Vec<CustomField>>,
}

/// One custom field.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CustomField {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub value: Option<String>,
}

/// An envelope's recipients, of those kinds that sign.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Recipients {
    pub signers: Option<Vec<Signer>>,
    pub in_person_signers: Option<Vec<Signer>>,
}

/// Somebody who signs. Those who sign in person are named in fields of their own.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Signer {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub signer_name: Option<String>,
    #[serde(default)]
    pub signer_email: Option<String>,
    #[serde(default)]
    pub role_name: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
}

/// Who we are to the account server.
#[derive(Debug, Deserialize)]
pub(crate) struct UserInfo {
    pub accounts: Vec<UserAccount>,
}

/// An account the user belongs to.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct UserAccount {
    pub account_id: String,
    #[serde(default)]
    pub is_default: bool,
    #[serde(default)]
    pub account_name: String,
    pub base_uri: String,
}

/// An error body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    pub error_code: String,
    #[serde(default)]
    pub message: String,
}

/// An error of the account server.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenError {
    pub error: String,
    #[serde(default)]
    pub error_description: String,
}
