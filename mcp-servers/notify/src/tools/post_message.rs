//! `notify.post_message`: one Slack message, once.

use super::not_configured;
use crate::Desk;
use crate::delivery::Outgoing;
use crate::slack::Slack;
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::notify::{Delivery, PostMessageArgs};
use gangway_store::Channel;
use std::sync::Arc;

pub(crate) async fn run(desk: Arc<Desk>, args: PostMessageArgs, call: Call) -> Result<Delivery, ApiError> {
    let slack = desk.channels.slack.clone().ok_or_else(|| not_configured(&call, "Slack"))?;
    let body = Slack::compose(&args, call.correlation_id.as_ref());
    let message = Outgoing {
        channel: Channel::Slack,
        key: args.idempotency_key,
        target: args.channel,
        body: body.clone(),
    };
    desk.courier.deliver(call, message, async move { slack.post(&body).await }).await
}
