//! `notify.send_email`: one mail to one recipient, once.

use super::not_configured;
use crate::Outpost;
use crate::delivery::Outgoing;
use crate::parcel::{Letter, Parcel};
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::notify::{Delivery, SendEmailArgs};
use gangway_store::Channel;
use std::sync::Arc;

pub(crate) async fn run(outpost: Outpost, args: SendEmailArgs, call: Call) -> Result<Delivery, ApiError> {
    let mailer = outpost.channels().mailer.clone().ok_or_else(|| not_configured(&call, "mail"))?;
    // Two calls that mean the same mail meet in the outbox, whatever words each has for it.
    let key = args.once_key.as_ref().unwrap_or(&args.idempotency_key);
    let key = call.principal.own_key(key.clone());
    let mail = Arc::new(mailer.compose(&args, &key)?);
    let target = args.to.as_str().to_owned();
    let letter = Letter { subject: args.subject, text: args.text, html: args.html };
    let body =
        serde_json::to_value(letter).map_err(|error| call.mistake("MAIL_INVALID", &error.to_string()))?;
    let message = Outgoing { channel: Channel::Mail, key, target, body };
    let waiting = Arc::clone(&mailer);
    let room = async move { waiting.room().await };
    outpost.courier().deliver(call, message, Parcel::Mail(mailer, mail), room).await
}
