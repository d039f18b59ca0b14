//! `notify.send_email`: one mail to one recipient, once.

use super::not_configured;
use crate::Desk;
use crate::delivery::Outgoing;
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::notify::{Delivery, SendEmailArgs};
use gangway_store::Channel;
use serde_json::json;
use std::sync::Arc;

pub(crate) async fn run(desk: Arc<Desk>, args: SendEmailArgs, call: Call) -> Result<Delivery, ApiError> {
    let mailer = desk.channels.mailer.clone().ok_or_else(|| not_configured(&call, "mail"))?;
    let mail = mailer.compose(&args)?;
    let message = Outgoing {
        channel: Channel::Mail,
        target: args.to.as_str().to_owned(),
        body: json!({"subject": args.subject, "text": args.text, "html": args.html}),
        key: args.idempotency_key,
    };
    let slot = mailer.slot().await;
    desk.courier.deliver(call, message, async move { mailer.hand_over(slot, &mail).await }).await
}
