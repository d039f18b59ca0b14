//! `notify.page`: one PagerDuty incident per dedup key.

use super::not_configured;
use crate::Desk;
use crate::delivery::Outgoing;
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::notify::{Delivery, PageArgs};
use gangway_store::Channel;
use std::sync::Arc;

/// PagerDuty routes by the routing key; there is no address to name.
const TARGET: &str = "on-call";

pub(crate) async fn run(desk: Arc<Desk>, args: PageArgs, call: Call) -> Result<Delivery, ApiError> {
    let pager = desk.channels.pager.clone().ok_or_else(|| not_configured(&call, "PagerDuty"))?;
    let event = pager.compose(&args, call.correlation_id.as_ref());
    let message = Outgoing {
        channel: Channel::Page,
        key: args.dedup_key,
        target: TARGET.to_owned(),
        body: event.clone(),
    };
    desk.courier.deliver(call, message, async move { pager.trigger(&event).await }).await
}
