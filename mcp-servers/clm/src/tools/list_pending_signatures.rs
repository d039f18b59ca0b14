//! `clm.list_pending_signatures`: contracts sent within a year that somebody has not signed, longest wait first.
//!
//! One whose waiting time cannot be told is listed as an error beside the others.

use std::sync::Arc;

use gangway_governance::Server;
use gangway_protocol::ApiError;
use gangway_protocol::tools::clm::{ListPendingSignatures, PendingArgs, PendingSignature, PendingSignatures};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::connection::{DocuSign, has_more};
use crate::errors::unexpected;
use crate::mapping::{field, sent_at, signatories};
use crate::query::Filter;
use crate::settings::Settings;
use crate::wire::Envelope;

/// How far back it looks, in hours.
const A_YEAR_HOURS: i64 = 365 * 24;
/// Most contracts listed.
const MOST: usize = 200;
/// Envelopes of one page.
const PAGE_ENVELOPES: usize = 200;
/// Most pages looked through for them.
const MOST_PAGES: usize = 20;

/// Its errors hide no record: no decision is made from this list.
pub(crate) fn add(server: Server, docusign: Arc<DocuSign>) -> Server {
    server.tool::<ListPendingSignatures, _, _>(move |args, call| {
        let docusign = docusign.clone();
        async move { list(&docusign, call.operation, args, Timestamp::now()).await }
    })
}

async fn list(
    docusign: &DocuSign,
    operation: &'static str,
    args: PendingArgs,
    now: Timestamp,
) -> Result<PendingSignatures, ApiError> {
    let oldest = now - SignedDuration::from_hours(A_YEAR_HOURS);
    let since = oldest.to_zoned(TimeZone::UTC).date();
    let least_days = i64::from(args.older_than_days.unwrap_or(0));
    let (mut contracts, mut errors) = (Vec::new(), Vec::new());
    for page in 0..MOST_PAGES {
        let place = (page * PAGE_ENVELOPES, PAGE_ENVELOPES);
        let found = docusign.page(operation.into(), &Filter::Waiting, since, place).await?;
        for envelope in &found.envelopes {
            let Some(waiting) = pending(envelope, &docusign.settings, now) else {
                let words =
                    format!("envelope {} is waiting but has no readable sentDateTime", envelope.envelope_id);
                errors.push(unexpected(operation, &words));
                continue;
            };
            if waiting.sent_at >= oldest && waiting.days_waiting >= least_days && !waiting.unsigned.is_empty()
            {
                contracts.push(waiting);
            }
        }
        // Pages come longest sent first, so what follows waits less long.
        if contracts.len() >= MOST || !has_more(&found) {
            break;
        }
    }
    contracts.sort_by_key(|contract| contract.sent_at);
    contracts.truncate(MOST);
    Ok(PendingSignatures { contracts, errors })
}

/// `None` if nobody can tell since when it waits.
fn pending(envelope: &Envelope, settings: &Settings, now: Timestamp) -> Option<PendingSignature> {
    let sent_at = sent_at(envelope)?;
    let everybody = signatories(envelope, settings).unwrap_or_default();
    Some(PendingSignature {
        contract_id: field(envelope, &settings.fields.contract_id)
            .unwrap_or(&envelope.envelope_id)
            .to_owned(),
        account_id: field(envelope, &settings.fields.account_id).map(str::to_owned),
        sent_at,
        days_waiting: now.duration_since(sent_at).as_hours() / 24,
        unsigned: everybody.into_iter().filter(|person| person.signed != Some(true)).collect(),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::pending;
    use crate::settings::Settings;
    use crate::wire::Envelope;
    use serde_json::json;

    #[test]
    fn counts_whole_days_and_names_the_unsigned() {
        let settings = Settings::jwt("https://account.docusign.com", "ik", "u", "pem".to_owned().into());
        let envelope: Envelope = serde_json::from_value(json!({
            "envelopeId": "e-1", "status": "sent", "sentDateTime": "2026-01-01T12:00:00Z",
            "recipients": {"signers": [{"roleName": "customer", "status": "sent"}, {"roleName": "vendor", "status": "completed"}]}
        }))
        .unwrap();
        for (now, days) in [("2026-01-04T11:59:59Z", 2), ("2026-01-04T12:00:00Z", 3)] {
            let waiting = pending(&envelope, &settings, now.parse().unwrap()).unwrap();
            assert_eq!((waiting.days_waiting, waiting.unsigned.len()), (days, 1), "{now}");
            assert_eq!((waiting.contract_id.as_str(), waiting.account_id), ("e-1", None));
        }
    }
}
