//! Slack's Web API, as far as a message needs it: one message posted, its answer read, its failures classified.
//!
//! Slack has no idempotency key. The message carries ours in its metadata, so that one whose answer was lost can be found
//! in the channel's history later (`slack_history`).

use crate::parcel::Attempt;
use crate::settings::{Settings, SlackSettings};
use gangway_governance::vendor::{
    Answer, CallEffect, Failure, Outbound, RetryPolicy, StaticToken, VendorClient, VendorRequest,
    VendorSettings,
};
use gangway_protocol::tools::Tool as _;
use gangway_protocol::tools::notify::{PostMessage, PostMessageArgs};
use gangway_protocol::{ApiError, CorrelationId, ErrorType, IdempotencyKey, System};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Type of the metadata our messages carry; the payload names idempotency key and correlation id.
pub(crate) const EVENT_TYPE: &str = "gangway_message";

/// A Slack workspace, seen by one bot.
pub(crate) struct Slack {
    client: VendorClient,
}

/// What Slack says to every call.
#[derive(Deserialize)]
struct Said {
    ok: bool,
    #[serde(default)]
    error: Option<String>,
    /// The scope that is missing.
    #[serde(default)]
    needed: Option<String>,
    #[serde(default)]
    response_metadata: Option<Remarks>,
}

#[derive(Deserialize)]
struct Remarks {
    #[serde(default)]
    messages: Vec<String>,
}

/// A posted message: its timestamp is its name within the channel.
#[derive(Deserialize)]
struct Posted {
    ts: String,
    channel: String,
}

#[derive(Deserialize)]
struct Identity {
    team: String,
    user: String,
}

impl Slack {
    /// A client; it connects when the first message is posted.
    pub(crate) fn new(slack: &SlackSettings, settings: &Settings, outbound: Outbound) -> Self {
        let vendor = VendorSettings {
            system: System::Notify,
            base_url: slack.base_url.clone(),
            // What waits for another attempt waits in the outbox, where a crash leaves no doubt about it.
            retry: RetryPolicy { retries: 0, ..RetryPolicy::from(settings.retry) },
            attempt_deadline: settings.attempt_deadline(),
        };
        let token = Arc::new(StaticToken(slack.bot_token.clone()));
        Self { client: VendorClient::new(vendor, outbound, token, classify) }
    }

    /// The message as it is written.
    pub(crate) fn compose(
        args: &PostMessageArgs,
        key: &IdempotencyKey,
        correlation_id: Option<&CorrelationId>,
    ) -> Value {
        let mut message = json!({
            "channel": args.channel,
            "text": args.text.0,
            "unfurl_links": false,
            "unfurl_media": false,
            "metadata": {
                "event_type": EVENT_TYPE,
                "event_payload": {"idempotency_key": key, "correlation_id": correlation_id},
            },
        });
        if let Some(blocks) = &args.blocks {
            message["blocks"] = Value::Array(blocks.clone());
        }
        message
    }

    /// Posts a message once.
    pub(crate) async fn post(&self, message: &Value) -> Attempt {
        let operation = PostMessage::CONTRACT.operation();
        let request =
            VendorRequest::json(operation, Method::POST, "/api/chat.postMessage", message, CallEffect::Write);
        let request = match request {
            Ok(request) => request,
            Err(error) => return Attempt::Refused(unwritable(operation, &error)),
        };
        match self.client.send_json::<Posted>(&request).await {
            Ok(posted) => Attempt::Delivered(format!("{}/{}", posted.channel, posted.ts)),
            Err(error) if may_have_posted(&error) => Attempt::Lost(error.to_string()),
            Err(error) => Attempt::undelivered(error),
        }
    }

    pub(crate) fn client(&self) -> &VendorClient {
        &self.client
    }

    /// Asks Slack who we are.
    pub(crate) async fn check(&self) -> Result<String, ApiError> {
        let request =
            VendorRequest::json("auth_test", Method::POST, "/api/auth.test", &json!({}), CallEffect::Read)
                .map_err(|error| unwritable("auth_test", &error))?;
        let identity: Identity = self.client.send_json(&request).await?;
        Ok(format!("Slack knows us as {} of {}", identity.user, identity.team))
    }
}

pub(crate) fn unwritable(operation: &str, error: &serde_json::Error) -> ApiError {
    ApiError::new(System::Notify, ErrorType::Validation, operation, "UNSENDABLE_REQUEST", &error.to_string())
}

/// Slack answers most failures with HTTP 200 and `ok: false`.
fn classify(answer: &Answer) -> Option<Failure> {
    let said: Said = serde_json::from_slice(&answer.body).ok()?;
    if said.ok {
        return None;
    }
    let code = said.error.unwrap_or_else(|| "unknown_error".to_owned());
    let mut message = format!("Slack says {code}");
    if let Some(scope) = said.needed {
        message.push_str(&format!("; the bot lacks the scope {scope}"));
    }
    for remark in said.response_metadata.map(|remarks| remarks.messages).unwrap_or_default() {
        message.push_str("; ");
        message.push_str(&remark);
    }
    Some(Failure::new(kind(&code, answer.status), code, message))
}

/// The type of an error code of `chat.postMessage` and `auth.test`.
fn kind(code: &str, status: u16) -> ErrorType {
    match code {
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            ErrorType::Authentication
        }
        "missing_scope"
        | "no_permission"
        | "not_allowed_token_type"
        | "access_denied"
        | "ekm_access_denied"
        | "org_login_required"
        | "team_access_not_granted"
        | "restricted_action"
        | "not_in_channel"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel" => ErrorType::Authorization,
        "channel_not_found" | "user_not_found" | "team_not_found" => ErrorType::NotFound,
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => ErrorType::RateLimit,
        "internal_error" | "fatal_error" | "service_unavailable" | "team_added_to_org" => {
            ErrorType::ServerError
        }
        "request_timeout" => ErrorType::Timeout,
        // is_archived, msg_too_long, no_text, invalid_blocks and their like: the message or the channel must change.
        _ if status == 429 => ErrorType::RateLimit,
        _ if status >= 500 => ErrorType::ServerError,
        _ => ErrorType::Validation,
    }
}

/// Whether the message may stand in the channel in spite of this error. Slack says of `internal_error` and
/// `fatal_error` that part of the work may have been done; 503 is sent before any is.
fn may_have_posted(error: &ApiError) -> bool {
    match error.http_status {
        // Without an answer only what failed before the request was written is certain.
        None => {
            !matches!(error.error_code.as_str(), "CONNECT_FAILED" | "CONNECT_DEADLINE" | "UNSENDABLE_REQUEST")
        }
        Some(503) => false,
        Some(500..) => true,
        Some(_) => matches!(
            error.error_code.as_str(),
            "internal_error" | "fatal_error" | "request_timeout" | "UNREADABLE_ANSWER"
        ),
    }
}

#[cfg(test)]
mod tests;
