//! `notify.page`: one PagerDuty incident per dedup key.

use super::not_configured;
use crate::Outpost;
use crate::delivery::Outgoing;
use crate::parcel::Parcel;
use gangway_governance::Call;
use gangway_protocol::ApiError;
use gangway_protocol::tools::notify::{Delivery, PageArgs};
use gangway_store::Channel;
use std::sync::Arc;

/// PagerDuty routes by the routing key; there is no address to name.
const TARGET: &str = "on-call";

pub(crate) async fn run(outpost: Outpost, args: PageArgs, call: Call) -> Result<Delivery, ApiError> {
    let pager = outpost.channels().pager.clone().ok_or_else(|| not_configured(&call, "PagerDuty"))?;
    let key = call.principal.own_key(args.dedup_key.clone());
    let body = pager.compose(&args, &key, call.correlation_id.as_ref());
    let parcel = Parcel::Page(pager, Arc::new(body.clone()));
    let message = Outgoing { channel: Channel::Page, key, target: TARGET.to_owned(), body };
    outpost.courier().deliver(call, message, parcel, async {}).await
}
