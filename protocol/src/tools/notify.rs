//! Contracts of the notification tools.

use super::{Access, Contract, Known, Rerun, Tool};
use crate::redact::{Email, Personal};
use crate::{IdempotencyKey, System};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a delivery ended. A refusal is an error, not a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum DeliveryStatus {
    /// The vendor took it.
    Sent,
    /// Accepted and not delivered yet: the outbox delivers it later, or shows it as dead. It is not lost.
    Queued,
    /// The answer was lost: it may have been delivered. It is not sent again by itself.
    Unknown,
}

/// A delivery.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// Its row in the outbox.
    pub message_id: String,
    /// Sent, queued or unknown.
    pub status: DeliveryStatus,
    /// The vendor's reference (Slack timestamp, Message-ID, dedup key), when it gave one.
    pub reference: Option<String>,
}

/// A Slack message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PostMessageArgs {
    /// Channel name with `#`, or channel id.
    #[schemars(length(min = 1, max = 80))]
    pub channel: String,
    /// Text, Slack mrkdwn, at most 40,000 characters. Also the fallback when blocks are given.
    #[schemars(length(min = 1, max = 40000))]
    pub text: Personal,
    /// Block Kit blocks, at most 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // Some hosts take no schema of an item that may be anything; what a block holds is Slack's to say.
    #[schemars(with = "Option<Vec<Map<String, Value>>>", extend("x-redact" = "personal", "maxItems" = 50))]
    pub blocks: Option<Vec<Value>>,
    /// Same key, same answer; the message is posted once.
    pub idempotency_key: IdempotencyKey,
}

/// `notify.post_message`
pub struct PostMessage;
impl Tool for PostMessage {
    type Args = PostMessageArgs;
    type Output = Delivery;
    const CONTRACT: Contract = Contract {
        system: System::Notify,
        name: "notify.post_message",
        title: "Post a Slack message",
        description: "Posts a message to a Slack channel, once per idempotency key. Status sent: Slack has it. Status queued: Slack could not take it now and it is delivered later; do not send it again. Status unknown: Slack's answer was lost and the message is not repeated before it is certain that it did not arrive.",
        // The outbox row remembers that it was claimed, and turns a repeat into UNKNOWN.
        access: Access::Write { key: "idempotency_key", destructive: false, rerun: Rerun::Harmless },
        open_world: true,
    };
}

/// A mail.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SendEmailArgs {
    /// Recipient.
    pub to: Email,
    /// Subject, one line, at most 200 characters.
    #[schemars(length(min = 1, max = 200))]
    pub subject: Personal,
    /// Plain-text body.
    #[schemars(length(min = 1, max = 200000))]
    pub text: Personal,
    /// HTML body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 400000))]
    pub html: Option<Personal>,
    /// Same key, same answer; the mail is sent once.
    pub idempotency_key: IdempotencyKey,
    /// Names the mail beyond this call, e.g. the welcome mail of one tenant: one that was accepted under this name before,
    /// in whatever words, is not sent again, and the answer says how that one stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once_key: Option<IdempotencyKey>,
}

/// `notify.send_email`
pub struct SendEmail;
impl Tool for SendEmail {
    type Args = SendEmailArgs;
    type Output = Delivery;
    const CONTRACT: Contract = Contract {
        system: System::Notify,
        name: "notify.send_email",
        title: "Send a mail",
        description: "Sends one mail to one recipient, once per idempotency key. Status sent: the mail server has it. Status queued: it could not take it now and it is delivered later; do not send it again. Status unknown: its answer was lost and the mail is not repeated.",
        access: Access::Write { key: "idempotency_key", destructive: false, rerun: Rerun::Harmless },
        open_world: true,
    };
}

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum PageSeverity {
    /// Wake somebody.
    Critical,
    /// Something failed.
    Error,
    /// Something may fail.
    Warning,
    /// For the record.
    Info,
}

/// A page.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PageArgs {
    /// What happened, at most 1,024 characters.
    #[schemars(length(min = 1, max = 1024))]
    pub summary: Personal,
    /// How bad.
    pub severity: PageSeverity,
    /// Same key, same incident: PagerDuty itself does not page twice.
    pub dedup_key: IdempotencyKey,
}

/// `notify.page`
pub struct Page;
impl Tool for Page {
    type Args = PageArgs;
    type Output = Delivery;
    const CONTRACT: Contract = Contract {
        system: System::Notify,
        name: "notify.page",
        title: "Page the person on call",
        description: "Triggers a PagerDuty incident and wakes the person on call: only for what cannot wait until morning, else use notify.post_message. The same dedup_key never opens a second incident. Gives its status.",
        access: Access::Write { key: "dedup_key", destructive: false, rerun: Rerun::Harmless },
        open_world: true,
    };
}

/// All notification tools.
#[must_use]
pub fn known() -> Vec<Known> {
    vec![Known::of::<PostMessage>(), Known::of::<SendEmail>(), Known::of::<Page>()]
}
