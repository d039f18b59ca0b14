//! `notify.post_message`: one Slack message, once.

use super::not_configured;
use crate::Outpost;
use crate::delivery::Outgoing;
use crate::parcel::Parcel;
use crate::slack::Slack;
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::notify::{Delivery, PostMessageArgs};
use gangway_store::Channel;
use std::sync::Arc;

pub(crate) async fn run(outpost: Outpost, args: PostMessageArgs, call: Call) -> Result<Delivery, ApiError> {
    let slack = outpost.channels().slack.clone().ok_or_else(|| not_configured(&call, "Slack"))?;
    let key = call.principal.own_key(args.idempotency_key.clone());
    let body = Slack::compose(&args, &key, call.correlation_id.as_ref());
    let parcel = Parcel::Slack(slack, Arc::new(body.clone()));
    let message = Outgoing { channel: Channel::Slack, key, target: args.channel, body };
    outpost.courier().deliver(call, message, parcel, async {}).await
}
