//! Writes a mail: sender and reply address from the settings, one recipient, plain text with an HTML alternative, and a
//! Message-ID that follows from the idempotency key, so that a mail that did arrive twice would be seen as one.
//!
//! No text a caller gives can add a header: addresses are parsed, and a line break in the subject becomes a space.

use super::refusal;
use crate::settings::{MailSettings, SettingsError};
use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::redact::Email;
use gangway_protocol::tools::notify::SendEmailArgs;
use gangway_protocol::{ApiError, ErrorType, IdempotencyKey, TraceParent};
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

/// A mail as it will be written, and its Message-ID, angle brackets included.
#[derive(Debug)]
pub(crate) struct Mail {
    pub message: Message,
    pub message_id: String,
}

/// The header by which whoever runs the mail servers finds a mail's trace; what W3C's header is called elsewhere.
const TRACE_HEADER: HeaderName = HeaderName::new_from_ascii_str("Traceparent");

impl Mail {
    /// The mail as it goes over the wire, in the trace it is sent in.
    pub(crate) fn written(&self, trace: Option<&TraceParent>) -> Vec<u8> {
        let Some(trace) = trace else { return self.message.formatted() };
        let mut message = self.message.clone();
        let value = HeaderValue::new(TRACE_HEADER, trace.to_string());
        message.headers_mut().insert_raw(value);
        message.formatted()
    }
}

/// What every mail of ours carries.
#[derive(Debug)]
pub(crate) struct Letterhead {
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

impl Letterhead {
    /// Reads the sender's addresses.
    pub(crate) fn new(settings: &MailSettings) -> Result<Self, SettingsError> {
        let from = address(&settings.from).ok_or(SettingsError::MailAddress("from"))?;
        let reply_to = match &settings.reply_to {
            Some(email) => {
                Some(Mailbox::new(None, address(email).ok_or(SettingsError::MailAddress("reply_to"))?))
            }
            None => None,
        };
        let name = settings.from_name.as_deref().map(one_line);
        Ok(Self { from: Mailbox::new(name, from), reply_to })
    }

    /// The mail that `key` names in the outbox.
    pub(crate) fn compose(&self, args: &SendEmailArgs, key: &IdempotencyKey) -> Result<Mail, ApiError> {
        let to = address(&args.to).ok_or_else(|| {
            refusal::error(
                ErrorType::Validation,
                "RECIPIENT_INVALID",
                "the recipient is not a mail address a mail server accepts",
            )
        })?;
        let message_id = self.message_id(key);
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&args.subject.0))
            .message_id(Some(message_id.clone()));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let text = args.text.0.clone();
        let written = match &args.html {
            Some(html) => builder.multipart(MultiPart::alternative_plain_html(text, html.0.clone())),
            None => builder.singlepart(SinglePart::plain(text)),
        };
        let message = written
            .map_err(|error| refusal::error(ErrorType::Validation, "MAIL_INVALID", &error.to_string()))?;
        Ok(Mail { message, message_id })
    }

    /// The Message-ID of one key.
    fn message_id(&self, key: &IdempotencyKey) -> String {
        let digest = digest_bytes(key.as_str().as_bytes());
        let unique: String = digest.trim_start_matches("sha256:").chars().take(32).collect();
        format!("<{unique}@{}>", self.from.email.domain())
    }
}

/// lettre's reading of an address is stricter than ours. Only ASCII goes on: the mail server may not speak SMTPUTF8.
fn address(email: &Email) -> Option<Address> {
    email.as_str().parse::<Address>().ok().filter(|_| email.as_str().is_ascii())
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests;
