//! The audit of what was refused at the door: bounded, so that a flood of bad signatures or keys cannot fill the disk.
//!
//! In each minute the first twenty refusals ([`gangway_governance::tally`]) of one kind of request for one reason are recorded one by one; the others
//! are counted, and their number is recorded once when the minute is over. At most 21 rows a minute, kind and reason.

use gangway_governance::tally::Tally;
use gangway_protocol::Actor;
use gangway_protocol::audit::AuditRecord;
use gangway_store::Store;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::net::IpAddr;

type Kind = (&'static str, &'static str);

/// What was refused, and what is known of who asked.
pub struct Refused<'a> {
    /// What was asked for: `webhook.onboarding`, `api`, `mcp`, `name`, `connection`.
    pub what: &'static str,
    /// Which page of it, where there are several.
    pub page: Option<&'a str>,
    /// From where, if that is known.
    pub peer: Option<IpAddr>,
    /// Who, as far as that was proved.
    pub who: Actor,
    /// Why: a code.
    pub code: &'static str,
    /// Why, in words that hold nothing of what was shown; none where the code says it all.
    pub why: Option<&'a str>,
}

/// Counts refusals and decides which are recorded.
#[derive(Default)]
pub struct RefusalLog(Tally<Kind>);

impl RefusalLog {
    /// Records a refusal, or counts it.
    pub async fn record(&self, store: &Store, refused: &Refused<'_>, now: Timestamp) {
        tracing::debug!(what = refused.what, code = refused.code, "refused at the door");
        let kind = (refused.what, refused.code);
        let (is_single, uncounted) = self.0.count(kind, now);
        if let Some(others) = uncounted {
            append(store, sum(kind, others, now)).await;
        }
        if is_single {
            append(store, single(refused, now)).await;
        }
    }

    /// Records the numbers of the minutes that are over; those of all when `now` is none, at the end.
    pub async fn settle(&self, store: &Store, now: Option<Timestamp>) {
        let at = now.unwrap_or_else(Timestamp::now);
        for (kind, others) in self.0.over(now) {
            append(store, sum(kind, others, at)).await;
        }
    }
}

fn single(refused: &Refused<'_>, now: Timestamp) -> AuditRecord {
    let mut arguments = json!({});
    if let Some(peer) = refused.peer {
        arguments["peer"] = Value::from(peer.to_string());
    }
    if let Some(page) = refused.page {
        arguments["page"] = Value::from(page);
    }
    let record = AuditRecord::refused(refused.what, &refused.who, arguments, now, refused.code);
    match refused.why {
        Some(why) => record.because(why),
        None => record,
    }
}

fn sum((what, code): Kind, others: u32, now: Timestamp) -> AuditRecord {
    AuditRecord::refused(what, &Actor::nobody("several"), json!({ "not_recorded_singly": others }), now, code)
}

async fn append(store: &Store, record: AuditRecord) {
    if let Err(error) = store.audit().append_later(record).await {
        tracing::error!(error = error.with_cause(), "an audit record was lost");
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{RefusalLog, Refused};
    use gangway_governance::tally::SINGLY;
    use gangway_protocol::Actor;
    use gangway_store::Store;
    use jiff::{SignedDuration, Timestamp};
    use std::net::{IpAddr, Ipv4Addr};

    #[tokio::test]
    async fn a_flood_leaves_a_bounded_number_of_rows_and_the_count_of_the_others() {
        let store = Store::in_memory().unwrap();
        let log = RefusalLog::default();
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let refused = Refused {
            what: "webhook.onboarding",
            page: None,
            peer: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            who: Actor::nobody("webhook, not believed"),
            code: "QUEUE_FULL",
            why: None,
        };
        for _ in 0..1_000 {
            log.record(&store, &refused, now).await;
        }
        log.settle(&store, Some(now)).await;
        let rows = || async { store.audit().tail(2_000).await.unwrap() };
        assert_eq!(rows().await.len(), usize::try_from(SINGLY).unwrap());
        log.settle(&store, Some(now + SignedDuration::from_mins(1))).await;
        let last = rows().await.pop().unwrap().record;
        assert_eq!(last.arguments["not_recorded_singly"], 1_000 - SINGLY);
        log.record(&store, &refused, now + SignedDuration::from_mins(2)).await;
        assert_eq!(rows().await.len(), usize::try_from(SINGLY).unwrap() + 2, "the next minute counts anew");
    }
}
