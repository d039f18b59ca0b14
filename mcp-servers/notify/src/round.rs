//! A round of the outbox: what dead processes left behind is sorted, what is in doubt is looked for, what is due is sent.
//!
//! Any number of processes may make rounds on one data folder at once: a message is claimed in one statement before it is
//! handed over, and belongs to the claiming process as long as that lives.

use crate::delivery::{Courier, Ended};
use crate::parcel::Parcel;
use crate::schedule::later;
use crate::slack::Slack;
use crate::slack_history::Sight;
use crate::{Channels, Outpost};
use gangway_governance::trace;
use gangway_protocol::{RunId, TraceParent};
use gangway_store::{Channel, Deliverer, OutboxMessage, SendEnd, StoreError};
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;
use tokio::task::JoinSet;

/// Messages handed over at once: enough to keep a mail server's few connections busy.
const AT_ONCE: usize = 8;
/// Shortest wait before a message that could not be looked for is looked for again; grows with its age.
const LOOK_AGAIN: Duration = Duration::from_secs(300);

/// What one round did, in messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    /// Were being sent by a process that died.
    pub recovered: usize,
    /// Of unknown fate, found with the receiver: they were sent.
    pub found: usize,
    /// Of unknown fate, certainly not with the receiver: queued again.
    pub absent: usize,
    /// Delivered.
    pub sent: usize,
    /// Refused for now: queued again.
    pub queued: usize,
    /// Their answer was lost.
    pub unknown: usize,
    /// Given up.
    pub dead: usize,
}

enum Handled {
    Ended(Ended),
    /// Somebody else was faster, or the channel is not configured here.
    Left,
}

impl Outpost {
    /// Makes a round at `now`, with at most `limit` messages looked for and as many delivered.
    ///
    /// # Errors
    /// The outbox could not be read or written; what was done until then is recorded.
    pub async fn deliver_due(&self, now: Timestamp, limit: u32) -> Result<Round, StoreError> {
        let outbox = self.courier().store.outbox();
        let mut round = Round { recovered: outbox.recover().await?, ..Round::default() };
        if let Some(slack) = self.channels().slack.as_deref() {
            for doubtful in outbox.doubtful(now, limit).await? {
                self.look_for(slack, &doubtful, now, &mut round).await?;
            }
        }
        let mut waiting = outbox.due(now, limit).await?.into_iter();
        let mut under_way = JoinSet::new();
        loop {
            while under_way.len() < AT_ONCE
                && let Some(message) = waiting.next()
            {
                let outpost = self.clone();
                under_way.spawn(async move { outpost.handle(message, now).await });
            }
            let Some(handled) = under_way.join_next().await else { return Ok(round) };
            // A task that broke leaves its message claimed by this process; its end shows with the process's.
            match handled.unwrap_or(Ok(Handled::Left))? {
                Handled::Ended(Ended::Sent(_)) => round.sent += 1,
                Handled::Ended(Ended::Queued(_)) => round.queued += 1,
                Handled::Ended(Ended::Unknown) => round.unknown += 1,
                Handled::Ended(Ended::Dead(_)) => round.dead += 1,
                Handled::Left => {}
            }
        }
    }

    /// Settles a Slack message of unknown fate, as far as the channel's history allows.
    async fn look_for(
        &self,
        slack: &Slack,
        doubtful: &OutboxMessage,
        now: Timestamp,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        let Courier { store, crash, clock, .. } = self.courier();
        let settled = later(doubtful.tried_at, self.grace());
        let looked = slack.look_for(doubtful, *clock);
        match trace::within(self.trace_of(doubtful).await?, looked).await {
            Sight::Found(reference) => {
                round.found += usize::from(store.outbox().found(doubtful, &reference, now).await?);
                crash.reach("outbox.recorded", doubtful.channel.name());
            }
            // Slack may still be at work on a request whose connection is gone.
            Sight::Absent if now < settled => {
                store.outbox().look_later(doubtful, settled).await?;
            }
            Sight::Absent => {
                round.absent += usize::from(store.outbox().absent(doubtful, now).await?);
                crash.reach("outbox.queued", doubtful.channel.name());
            }
            Sight::Unclear(why) => {
                tracing::info!(
                    message_id = doubtful.message_id,
                    why,
                    "a Slack message of unknown fate stays so"
                );
                let age = Duration::try_from(now.duration_since(doubtful.since)).unwrap_or_default();
                store.outbox().look_later(doubtful, later(now, LOOK_AGAIN.max(age / 4))).await?;
            }
        }
        Ok(())
    }

    async fn handle(&self, message: OutboxMessage, now: Timestamp) -> Result<Handled, StoreError> {
        let (channels, courier) = (self.channels(), self.courier());
        if !channels.is_configured(message.channel) {
            return Ok(Handled::Left);
        }
        let _room = channels.room(message.channel).await;
        let Some(due) = courier.store.outbox().claim_queued(&message.message_id, now).await? else {
            return Ok(Handled::Left);
        };
        let parcel = match Parcel::unpack(channels, &due.message, due.body) {
            Ok(parcel) => parcel,
            Err(error) => {
                let end = SendEnd::Dead { why: error.to_string() };
                courier.store.outbox().settle(&message.message_id, end, Deliverer::Round, now).await?;
                return Ok(Handled::Ended(Ended::Dead(error)));
            }
        };
        let subject = (message.channel, Deliverer::Round);
        let attempt = courier.attempt(&parcel, &due.sending, subject, now);
        trace::within(self.trace_of(&message).await?, attempt).await.map(Handled::Ended)
    }

    /// The trace of the run a message belongs to; none of a message that belongs to none.
    async fn trace_of(&self, message: &OutboxMessage) -> Result<Option<TraceParent>, StoreError> {
        let Some(run_id) = message.run_id.as_deref().and_then(|text| RunId::parse(text).ok()) else {
            return Ok(None);
        };
        let run = self.courier().store.runs().get(&run_id).await?;
        Ok(run.and_then(|run| run.traceparent))
    }
}

impl Channels {
    fn is_configured(&self, channel: Channel) -> bool {
        match channel {
            Channel::Slack => self.slack.is_some(),
            Channel::Mail => self.mailer.is_some(),
            Channel::Page => self.pager.is_some(),
        }
    }
}
