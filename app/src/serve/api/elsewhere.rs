//! Words for the endpoints that are routed elsewhere: health, signed webhooks, the demo's controls. Their own files say
//! how they prove a caller and how they refuse; a test keeps this list complete.

use super::document::Content;
use super::endpoint::{Api, Header, Need, Nothing, Route};
use crate::serve::intake::Taken;
use axum::http::StatusCode;
use gangway_intake::{docusign, onboarding};
use gangway_protocol::AccountId;
use schemars::JsonSchema;
use serde::Deserialize;

const STANDARD_WEBHOOKS: &str =
    "Standard Webhooks, with the other two webhook- headers; or send X-Hub-Signature-256.";
/// How an onboarding event is signed: three of these, or the fourth.
const SIGNED: [Header; 4] = [
    Header { name: "webhook-id", need: Need::May, says: STANDARD_WEBHOOKS, pattern: "^[!-~]{1,256}$" },
    Header { name: "webhook-timestamp", need: Need::May, says: STANDARD_WEBHOOKS, pattern: "^[0-9]+$" },
    Header { name: "webhook-signature", need: Need::May, says: STANDARD_WEBHOOKS, pattern: "^v1,.+$" },
    Header {
        name: "X-Hub-Signature-256",
        need: Need::May,
        says: "HMAC-SHA256 of the body in hexadecimal digits, in place of the webhook- headers.",
        pattern: "^sha256=[0-9a-fA-F]{64}$",
    },
];
const CONNECT: [Header; 1] = [Header {
    name: "X-DocuSign-Signature-1",
    need: Need::Must,
    says: "HMAC-SHA256 of the body in base64, one header for each active key, up to -10.",
    pattern: "^[A-Za-z0-9+/]+=*$",
}];
const SLACKS: [Header; 2] = [
    Header {
        name: "X-Slack-Request-Timestamp",
        need: Need::Must,
        says: "When Slack signed, in seconds since 1970.",
        pattern: "^[0-9]+$",
    },
    Header {
        name: "X-Slack-Signature",
        need: Need::Must,
        says: "Slack's v0 signature of time and body.",
        pattern: "^v0=[0-9a-f]{64}$",
    },
];
/// How a webhook refuses a body that is not described here as JSON.
const DELIVERED: [StatusCode; 6] = [
    StatusCode::UNAUTHORIZED,
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    StatusCode::UNPROCESSABLE_ENTITY,
    StatusCode::TOO_MANY_REQUESTS,
];
/// The same where each notification asks for a run: its account may be unknown, its ids another's.
const NOTIFIED: [StatusCode; 8] = {
    let [unsigned, late, large, kind, unreadable, many] = DELIVERED;
    [unsigned, StatusCode::NOT_FOUND, late, StatusCode::CONFLICT, large, kind, unreadable, many]
};

/// Names an account.
#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is read: the demo reads its own path")]
struct OneAccount {
    /// The account.
    account_id: AccountId,
}

/// How long to wait for the run to rest.
#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is read: the webhook reads its own query")]
struct Wait {
    /// Seconds.
    #[schemars(range(min = 0, max = 60))]
    wait: Option<u32>,
}

/// Describes them.
pub fn endpoints(api: Api) -> Api {
    const fn get(path: &'static str, id: &'static str, summary: &'static str) -> Route {
        Route::get(path, id, summary).by(None)
    }
    const fn post(path: &'static str, id: &'static str, summary: &'static str) -> Route {
        Route::post(path, id, summary).by(None)
    }
    let received = post(
        "/webhook/onboarding",
        "receiveOnboarding",
        "Takes in a signed event; the run it leads to is committed before the 202. 200 when it rested while the sender waited.",
    )
    .with_headers(&SIGNED)
    .giving(StatusCode::ACCEPTED)
    .or(StatusCode::OK)
    .refusing(&[
        StatusCode::UNAUTHORIZED,
        StatusCode::NOT_FOUND,
        StatusCode::CONFLICT,
        StatusCode::TOO_MANY_REQUESTS,
    ]);
    api.tell::<Nothing, Nothing, Nothing>(
        get("/healthz", "alive", "Whether the process answers."),
        Content::object(),
    )
    .tell::<Nothing, Nothing, Nothing>(
        get(
            "/readyz",
            "ready",
            "Whether the service can work: its store can be read and it is not stopping.",
        ),
        Content::object(),
    )
    .tell_json::<Nothing, Wait, onboarding::Event, Taken>(received)
    .tell::<Nothing, Nothing, docusign::Event>(
        post(
            "/webhook/docusign",
            "receiveDocusign",
            "Takes in DocuSign Connect's signed word that an envelope changed.",
        )
        .with_headers(&CONNECT)
        .refusing(&[StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS]),
        Content::object(),
    )
    .tell::<Nothing, Nothing, Nothing>(
        post("/webhook/salesforce", "receiveSalesforce", "Takes in a Salesforce Outbound Message (SOAP).")
            .refusing(&NOTIFIED),
        Content::text("text/xml"),
    )
    .tell::<Nothing, Nothing, Nothing>(
        post("/webhook/slack", "receiveSlack", "Takes in a button pressed in Slack, signed by Slack.")
            .with_headers(&SLACKS)
            .refusing(&DELIVERED),
        Content::text("text/plain"),
    )
    .tell::<OneAccount, Nothing, Nothing>(
        post("/demo/run/{account_id}", "demoRun", "Runs one demo account. With simulated vendors only."),
        Content::object(),
    )
    .tell::<Nothing, Nothing, Nothing>(
        post("/demo/run-all", "demoRunAll", "Runs every demo account. With simulated vendors only."),
        Content::object(),
    )
    .tell::<Nothing, Nothing, Nothing>(
        post(
            "/demo/enable-random-errors",
            "demoEnableErrors",
            "Lets the simulated vendors fail at random. With simulated vendors only.",
        ),
        Content::object(),
    )
    .tell::<Nothing, Nothing, Nothing>(
        post("/demo/disable-random-errors", "demoDisableErrors", "Ends that."),
        Content::object(),
    )
    .tell::<Nothing, Nothing, Nothing>(
        get("/demo/error-simulator-status", "demoErrors", "Whether they fail at random."),
        Content::object(),
    )
}
