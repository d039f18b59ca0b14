//! Words for the endpoints that are routed elsewhere: health, signed webhooks, the demo's controls. Their own files say
//! how they prove a caller and how they refuse; a test keeps this list complete.

use super::document::Content;
use super::endpoint::{Api, Nothing, Route};
use axum::http::StatusCode;
use gangway_protocol::AccountId;
use schemars::JsonSchema;
use serde::Deserialize;

/// Any JSON object.
#[derive(Debug, Deserialize, JsonSchema)]
struct Event {}

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
    let onboarding = post(
        "/webhook/onboarding",
        "receiveOnboarding",
        "Takes in a signed event (Standard Webhooks, or X-Hub-Signature-256) and starts a run.",
    )
    .giving(StatusCode::ACCEPTED);
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
    .tell::<Nothing, Wait, Event>(onboarding, Content::object())
    .tell::<Nothing, Nothing, Event>(
        post(
            "/webhook/docusign",
            "receiveDocusign",
            "Takes in DocuSign Connect's signed word that an envelope changed.",
        ),
        Content::object(),
    )
    .tell::<Nothing, Nothing, Nothing>(
        post("/webhook/salesforce", "receiveSalesforce", "Takes in a Salesforce Outbound Message (SOAP)."),
        Content::text("text/xml"),
    )
    .tell::<Nothing, Nothing, Nothing>(
        post("/webhook/slack", "receiveSlack", "Takes in a button pressed in Slack, signed by Slack."),
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
