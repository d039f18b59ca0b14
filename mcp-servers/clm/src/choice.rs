//! Which of several envelopes is an account's contract: the newest that did not come to nothing, else the newest.

use crate::mapping::{created_at, field, is_voided};
use crate::wire::Envelope;

/// The envelope that counts among those whose custom field `name` is `value`.
///
/// DocuSign's filter compares loosely, so every envelope is compared again here, without case.
pub(crate) fn newest<'e>(
    envelopes: impl IntoIterator<Item = &'e Envelope>,
    name: &str,
    value: &str,
) -> Option<&'e Envelope> {
    let mut best: Option<&Envelope> = None;
    for envelope in envelopes {
        let names_it = field(envelope, name).is_some_and(|theirs| theirs.eq_ignore_ascii_case(value));
        if names_it && best.is_none_or(|best| rank(envelope) > rank(best)) {
            best = Some(envelope);
        }
    }
    best
}

fn rank(envelope: &Envelope) -> (bool, Option<jiff::Timestamp>) {
    (!is_voided(envelope), created_at(envelope))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::newest;
    use crate::wire::Envelope;
    use serde_json::json;

    fn envelope(id: &str, account: &str, status: &str, created: &str) -> Envelope {
        serde_json::from_value(json!({
            "envelopeId": id, "status": status, "createdDateTime": created,
            "customFields": {"textCustomFields": [{"name": "AccountId", "value": account}]}
        }))
        .unwrap()
    }

    fn chosen(envelopes: &[Envelope]) -> Option<&str> {
        newest(envelopes, "AccountId", "A-1").map(|envelope| envelope.envelope_id.as_str())
    }

    #[test]
    fn the_newest_that_is_not_voided_counts() {
        let old = envelope("old", "A-1", "completed", "2026-01-01T00:00:00.123Z");
        let draft = envelope("draft", "a-1", "created", "2026-02-01T00:00:00Z");
        let voided = envelope("voided", "A-1", "voided", "2026-03-01T00:00:00Z");
        let other = envelope("other", "A-12", "completed", "2026-04-01T00:00:00Z");
        assert_eq!(chosen(&[old.clone(), draft.clone(), voided.clone(), other.clone()]), Some("draft"));
        assert_eq!(chosen(&[voided.clone(), old]), Some("old"));
        assert_eq!(chosen(&[voided]), Some("voided"));
        assert_eq!(chosen(&[other]), None);
    }

    #[test]
    fn an_envelope_without_a_readable_date_is_the_oldest() {
        let dated = envelope("dated", "A-1", "completed", "2020-01-01T00:00:00Z");
        let undated = envelope("undated", "A-1", "completed", "once");
        assert_eq!(chosen(&[undated, dated]), Some("dated"));
    }
}
