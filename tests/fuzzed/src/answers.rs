//! Vendors' answers: from status and bytes to facts, or to an error of the taxonomy.
//!
//! Input: one byte for the question, one for the status, then the body.

use crate::assert_is_readable;
use bytes::Bytes;
use gangway_governance::vendor::Answer;
use gangway_governance::vendor::oauth::read_token;
use gangway_protocol::tools::clm::GetContract;
use gangway_protocol::tools::netsuite::{GetExchangeRate, GetInvoices, RateArgs};
use gangway_protocol::tools::salesforce::{DealArgs, GetOnboardingBundle, ListClosedWon};
use gangway_protocol::tools::{self, Tool};
use gangway_protocol::{AccountId, ApiError, Currency, RecordKind, System};
use gangway_salesforce::reading::Reader;
use http::{HeaderMap, HeaderValue};
use jsonschema::Validator;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use std::sync::OnceLock;

const STATUSES: [u16; 12] = [200, 200, 200, 201, 300, 400, 401, 403, 404, 429, 500, 503];

/// How many rows were sent, whatever stands in them.
#[derive(Deserialize)]
struct Sent {
    items: Vec<IgnoredAny>,
}

/// What is asked, and how its answers are read.
struct Asked {
    salesforce: Reader,
    docusign: gangway_clm::Settings,
    deal: DealArgs,
    rate: RateArgs,
    bundle: Validator,
    closed_won: Validator,
    contract: Validator,
    invoices: Validator,
    exchange_rate: Validator,
}

fn asked() -> &'static Asked {
    static ASKED: OnceLock<Asked> = OnceLock::new();
    ASKED.get_or_init(|| {
        let settings = gangway_salesforce::Settings::client_credentials("http://org", "id", "s".into());
        let docusign = json!({ "oauth_base_url": "http://account", "integration_key": "key",
            "user_id": "user", "private_key_pem": "pem" });
        Asked {
            salesforce: Reader::of(&settings).unwrap(),
            docusign: serde_json::from_value(docusign).unwrap(),
            deal: DealArgs { account_id: account(), opportunity_id: None },
            rate: RateArgs {
                from: Currency::parse("CAD").unwrap(),
                to: Currency::parse("USD").unwrap(),
                date: jiff::civil::date(2026, 1, 31),
            },
            bundle: output::<GetOnboardingBundle>(),
            closed_won: output::<ListClosedWon>(),
            contract: output::<GetContract>(),
            invoices: output::<GetInvoices>(),
            exchange_rate: output::<GetExchangeRate>(),
        }
    })
}

fn account() -> AccountId {
    AccountId::parse("ACME-001").unwrap()
}

fn output<T: Tool>() -> Validator {
    jsonschema::draft202012::new(&tools::output_schema::<T>()).unwrap()
}

/// Tries one input.
pub fn check(input: &[u8]) {
    let [question, status, body @ ..] = input else { return };
    let Some(status) = STATUSES.get(usize::from(*status) % STATUSES.len()).copied() else { return };
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", HeaderValue::from_static("7"));
    let answer = &Answer { status, headers, body: Bytes::copy_from_slice(body) };
    let asked = asked();
    match question % 6 {
        0 => {
            use RecordKind::{Account, Opportunity, Owner};
            let read = || asked.salesforce.bundle(&asked.deal, answer);
            holds::<GetOnboardingBundle>(read, answer, &asked.bundle, &[Account, Owner, Opportunity]);
        }
        1 => {
            let read = || asked.salesforce.closed_won(3, answer);
            let listed = holds::<ListClosedWon>(read, answer, &asked.closed_won, &[]);
            assert!(listed.is_none_or(|listed| listed.opportunities.len() <= 3));
        }
        2 => {
            let read = || gangway_clm::reading::contract(&asked.docusign, &account(), answer);
            let found = holds::<GetContract>(read, answer, &asked.contract, &[RecordKind::Contract]);
            let whose = found.and_then(|found| found.contract).map(|contract| contract.account_id);
            let is_ours = |id: Option<String>| id.is_some_and(|id| id.eq_ignore_ascii_case("ACME-001"));
            assert!(whose.is_none_or(is_ours), "somebody else's contract");
        }
        3 => {
            let read = || gangway_netsuite::reading::invoices(answer);
            let found = holds::<GetInvoices>(read, answer, &asked.invoices, &[RecordKind::Invoices]);
            let sent = || serde_json::from_slice::<Sent>(body).unwrap().items.len();
            assert!(found.is_none_or(|found| found.invoices.len() == sent()), "an invoice was left out");
        }
        4 => {
            let read = || gangway_netsuite::reading::exchange_rate(&asked.rate, answer);
            let hidden = &[RecordKind::ExchangeRates];
            holds::<GetExchangeRate>(read, answer, &asked.exchange_rate, hidden);
        }
        _ => token(answer),
    }
}

/// A reading gives the same twice; a result only of a good status, one its own schema allows and that survives being
/// written; else an error that hides what it leaves unknown.
fn holds<T: Tool>(
    read: impl Fn() -> Result<T::Output, ApiError>,
    answer: &Answer,
    schema: &Validator,
    hides: &[RecordKind],
) -> Option<T::Output> {
    let (first, second) = (read(), read());
    match (first, second) {
        (Ok(result), Ok(again)) => {
            assert!(answer.is_success(), "a result of status {}", answer.status);
            let written = serde_json::to_value(&result).unwrap();
            assert_eq!(written, serde_json::to_value(&again).unwrap(), "two readings differ");
            assert!(schema.is_valid(&written), "{}: the result breaks its schema", T::CONTRACT.name);
            let reread: T::Output = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&reread).unwrap(), written, "the result changes when written");
            Some(result)
        }
        (Err(error), Err(again)) => {
            assert_eq!(error, again, "two readings differ");
            assert_eq!(error.hides, hides, "a failure hides what it left unknown");
            is_of_the_taxonomy(&error);
            None
        }
        _ => panic!("one reading succeeds, the other fails"),
    }
}

fn is_of_the_taxonomy(error: &ApiError) {
    assert_is_readable(&error.message);
    assert!(!error.error_code.is_empty() && error.error_code.len() <= 80, "code {:?}", error.error_code);
    let written = serde_json::to_value(error).unwrap();
    assert_eq!(&serde_json::from_value::<ApiError>(written).unwrap(), error);
}

fn token(answer: &Answer) {
    match read_token(System::Netsuite, answer) {
        Ok(_) => assert!(answer.is_success(), "a token of status {}", answer.status),
        Err(error) => is_of_the_taxonomy(&error),
    }
}
