//! Paths of the eSignature API and the filters of an envelope list. Every text that goes into one is percent-encoded.

use gangway_governance::vendor::percent_encode;
use jiff::civil::Date;

/// What every envelope is read with.
const INCLUDE: &str = "recipients,custom_fields";

/// Which envelopes a list is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter<'a> {
    /// Those whose custom field has this value.
    Field { name: &'a str, value: &'a str },
    /// Those somebody still has to sign, longest sent first.
    Waiting,
    /// Every one.
    All,
}

/// The list of an account's envelopes changed since a day, newest first; `count` of them from `start` on.
pub(crate) fn list_path(
    account: &str,
    filter: &Filter<'_>,
    since: Date,
    (start, count): (usize, usize),
) -> String {
    let order = match filter {
        Filter::Field { .. } | Filter::All => "order_by=created&order=desc",
        Filter::Waiting => "order_by=sent&order=asc&status=sent,delivered",
    };
    let field = match filter {
        Filter::Field { name, value } => {
            format!("&custom_field={}", percent_encode(&format!("{name}={value}")))
        }
        Filter::Waiting | Filter::All => String::new(),
    };
    format!(
        "{}?from_date={since}&include={INCLUDE}&{order}{field}&start_position={start}&count={count}",
        envelopes_path(account)
    )
}

/// One envelope.
pub(crate) fn envelope_path(account: &str, envelope_id: &str) -> String {
    format!("{}/{}?include={INCLUDE}", envelopes_path(account), percent_encode(envelope_id))
}

/// Mails everybody whose turn it is to sign an envelope once more.
pub(crate) fn resend_path(account: &str, envelope_id: &str) -> String {
    format!("{}/{}?resend_envelope=true", envelopes_path(account), percent_encode(envelope_id))
}

fn envelopes_path(account: &str) -> String {
    format!("/restapi/v2.1/accounts/{}/envelopes", percent_encode(account))
}

#[cfg(test)]
mod tests {
    use super::{Filter, envelope_path, list_path};
    use jiff::civil::date;

    #[test]
    fn a_value_cannot_become_a_parameter_or_a_path() {
        let filter = Filter::Field { name: "AccountId", value: "a&status=any#'\\\n%" };
        let path = list_path("acct", &filter, date(2020, 1, 1), (0, 100));
        assert_eq!(
            path,
            "/restapi/v2.1/accounts/acct/envelopes?from_date=2020-01-01&include=recipients,custom_fields\
             &order_by=created&order=desc&custom_field=AccountId%3Da%26status%3Dany%23%27%5C%0A%25\
             &start_position=0&count=100"
        );
        assert!(
            envelope_path("a/b", "../x?y").starts_with("/restapi/v2.1/accounts/a%2Fb/envelopes/..%2Fx%3Fy?")
        );
    }

    #[test]
    fn waiting_envelopes_come_longest_sent_first() {
        let path = list_path("acct", &Filter::Waiting, date(2020, 1, 1), (200, 100));
        assert!(
            path.contains("order_by=sent&order=asc&status=sent,delivered&start_position=200&count=100"),
            "{path}"
        );
    }
}
