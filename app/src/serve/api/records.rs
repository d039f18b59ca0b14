//! Tenants, the audit and the outbox over HTTP: read, and say what becomes of a message.

use super::endpoint::{Api, Asked, Nothing, Route};
use super::masked::masks;
use crate::outbox::{Word, WordError, judge};
use crate::people::Action;
use crate::serve::{Problem, Service};
use axum::http::StatusCode;
use gangway_protocol::audit::AuditEntry;
use gangway_protocol::tenant::Tenant;
use gangway_protocol::{AccountId, CorrelationId, Person, RunId, TenantId};
use gangway_store::{AuditEnding, AuditPage, OutboxFilter, OutboxMessage, OutboxState, StoreError};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const PAGE: u32 = 100;

/// Adds the endpoints.
pub fn endpoints(api: Api) -> Api {
    const AUDIT: Route =
        Route::get("/api/audit", "listAudit", "Reads the audit, newest first, a page at a time.")
            .by(Some(Action::ReadAudit));
    const RETRY: Route = Route::post(
        "/api/outbox/{message_id}/retry",
        "retryMessage",
        "Puts a message back to be sent; one of unknown fate only with the word that it did not arrive.",
    )
    .by(Some(Action::SettleMessages))
    .refusing(&[StatusCode::CONFLICT]);
    const SETTLE: Route = Route::post(
        "/api/outbox/{message_id}/settle",
        "settleMessage",
        "Says that a message arrived, or that it is not to be sent any more.",
    )
    .by(Some(Action::SettleMessages))
    .refusing(&[StatusCode::CONFLICT]);
    api.json(Route::get("/api/tenants", "listTenants", "Lists tenants by id, a page at a time."), tenants)
        .json(AUDIT, audit)
        .json(
            Route::get(
                "/api/outbox",
                "listMessages",
                "Lists messages and how they stand, newest first, a page at a time; what they say is not shown.",
            ),
            messages,
        )
        .json(RETRY, retry)
        .json(SETTLE, settle)
}

/// Names a message.
#[derive(Debug, Deserialize, JsonSchema)]
struct OneMessage {
    /// The message.
    #[schemars(length(min = 1, max = 120))]
    message_id: String,
}

/// To be sent again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RetryMessage {
    /// Why, for the audit.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
    /// Needed for a message of unknown fate: it certainly did not arrive.
    #[serde(default)]
    it_did_not_arrive: bool,
}

/// What became of a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SettleMessage {
    /// Why, for the audit.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
    /// What is known.
    outcome: Settlement,
}

/// What a person knows of a message.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Settlement {
    /// It arrived; what waited for it goes on.
    Delivered,
    /// It is not to be sent any more.
    Dropped,
}

async fn retry(asked: Asked<OneMessage, Nothing, RetryMessage>) -> Result<Message, Problem> {
    let word = if asked.body.it_did_not_arrive { Word::RetryForItDidNotArrive } else { Word::Retry };
    said(&asked.service, &asked.person, &asked.path, (word, &asked.body.reason)).await
}

async fn settle(asked: Asked<OneMessage, Nothing, SettleMessage>) -> Result<Message, Problem> {
    let word = match asked.body.outcome {
        Settlement::Delivered => Word::Delivered,
        Settlement::Dropped => Word::Drop,
    };
    said(&asked.service, &asked.person, &asked.path, (word, &asked.body.reason)).await
}

/// The schedule's next round of the outbox delivers it, or goes on with what waited for it.
async fn said(
    service: &Service,
    by: &Person,
    of: &OneMessage,
    (word, reason): (Word, &str),
) -> Result<Message, Problem> {
    if reason.trim().is_empty() {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "say why: the reason is kept in the audit",
        ));
    }
    match judge(service.installation.store(), by, &of.message_id, word, reason).await {
        Ok(message) => Ok(seen(message, masks(by))),
        Err(
            error @ (WordError::MayHaveArrived { .. } | WordError::Store(StoreError::NotSettleable { .. })),
        ) => Err(Problem::new(StatusCode::CONFLICT, error.to_string())),
        Err(WordError::Store(error)) => Err(error.into()),
    }
}

/// From where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListTenants {
    /// Where the next page begins, from `next` of the one before.
    cursor: Option<TenantId>,
    /// At most so many; 100 when absent.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// A page of tenants.
#[derive(Debug, Serialize, JsonSchema)]
struct Tenants {
    /// The tenants; may be empty.
    tenants: Vec<Tenant>,
    /// Cursor of the next page; null on the last.
    next: Option<TenantId>,
}

async fn tenants(asked: Asked<Nothing, ListTenants, Nothing>) -> Result<Tenants, Problem> {
    let limit = super::limit_of(asked.query.limit, PAGE)?;
    let store = asked.service.installation.store();
    let mut tenants = store.tenants().list(asked.query.cursor.as_ref(), limit + 1).await?;
    let next = super::cut(&mut tenants, limit).map(|last| last.tenant_id.clone());
    Ok(Tenants { tenants, next })
}

/// Which entries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListAudit {
    /// Only this run's.
    run: Option<RunId>,
    /// Only of this account: its runs' entries, and calls that name it.
    account: Option<AccountId>,
    /// Only with this correlation id.
    correlation_id: Option<CorrelationId>,
    /// Only this actor's, as the audit has it (`agent:coordinator`, `person:NAME`), or by the bare name.
    principal: Option<String>,
    /// Only of this tool or act.
    tool: Option<String>,
    /// Only those that ended so: intent, ok, failed, refused.
    #[schemars(extend("enum" = ["intent", "ok", "failed", "refused"]))]
    outcome: Option<String>,
    /// Only with this text anywhere in the entry, capitals or not.
    text: Option<String>,
    /// Only at or after this time.
    since: Option<Timestamp>,
    /// Only before this time.
    until: Option<Timestamp>,
    /// Where the next page begins, from `next` of the one before.
    #[schemars(length(min = 1, max = 20))]
    cursor: Option<String>,
    /// At most so many; 100 when absent.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// A page of the audit.
#[derive(Debug, Serialize, JsonSchema)]
struct AuditEntries {
    /// The entries; may be empty.
    entries: Vec<AuditEntry>,
    /// Cursor of the next page; null on the last.
    next: Option<String>,
}

async fn audit(asked: Asked<Nothing, ListAudit, Nothing>) -> Result<AuditEntries, Problem> {
    let query = asked.query;
    let limit = super::limit_of(query.limit, PAGE)?;
    let named = |name: &str| {
        let all = AuditEnding::ALL.map(AuditEnding::name).join(", ");
        AuditEnding::named(name).ok_or_else(|| Problem::bad_request(format!("one of {all}")))
    };
    let page = AuditPage {
        run_id: query.run,
        account: query.account,
        correlation_id: query.correlation_id,
        principal: query.principal,
        tool: query.tool,
        ending: query.outcome.as_deref().map(named).transpose()?,
        text: query.text,
        since: query.since,
        until: query.until,
        before: query.cursor.as_deref().map(super::place_of).transpose()?,
        limit: limit + 1,
    };
    let mut entries = asked.service.installation.store().audit().page(page).await?;
    let next = super::cut(&mut entries, limit).map(|last| last.seq.to_string());
    Ok(AuditEntries { entries, next })
}

/// Which messages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListMessages {
    /// Only in this state: queued, sending, sent, unknown, dead, dropped.
    #[schemars(extend("enum" = ["queued", "sending", "sent", "unknown", "dead", "dropped"]))]
    state: Option<String>,
    /// Only this run's.
    run: Option<RunId>,
    /// Where the next page begins, from `next` of the one before.
    #[schemars(length(min = 1, max = 20))]
    cursor: Option<String>,
    /// At most so many; 100 when absent.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// A message and how it stands.
#[derive(Debug, Serialize, JsonSchema)]
struct Message {
    /// Its id.
    message_id: String,
    /// slack, mail or page.
    channel: String,
    /// Its receiver; null when masked.
    target: Option<String>,
    /// The run it belongs to.
    run_id: Option<String>,
    /// queued, sending, sent, unknown, dead or dropped.
    state: String,
    /// How often it was handed over.
    attempts: u32,
    /// When it was accepted, or put back by a person.
    since: Timestamp,
    /// When it was handed over last.
    tried_at: Timestamp,
    /// When it was sent, given up or dropped.
    settled_at: Option<Timestamp>,
    /// Why it stands as it does.
    why: Option<String>,
}

/// A page of messages.
#[derive(Debug, Serialize, JsonSchema)]
struct Messages {
    /// The messages; may be empty.
    messages: Vec<Message>,
    /// Cursor of the next page; null on the last.
    next: Option<String>,
}

async fn messages(asked: Asked<Nothing, ListMessages, Nothing>) -> Result<Messages, Problem> {
    let query = asked.query;
    let limit = super::limit_of(query.limit, PAGE)?;
    let state = match query.state.as_deref() {
        None => None,
        Some(name) => Some(OutboxState::named(name).ok_or_else(|| {
            Problem::bad_request(format!("one of {}", OutboxState::ALL.map(OutboxState::name).join(", ")))
        })?),
    };
    let before = query.cursor.as_deref().map(super::place_of).transpose()?;
    let filter = OutboxFilter { state, run_id: query.run, before, limit: limit + 1 };
    let mut found = asked.service.installation.store().outbox().list(filter).await?;
    let next = super::cut(&mut found, limit).map(|last| last.seq.to_string());
    let masks = masks(&asked.person);
    Ok(Messages { messages: found.into_iter().map(|message| seen(message, masks)).collect(), next })
}

/// A message as somebody may see it who sees people, or for whom they are masked.
fn seen(message: OutboxMessage, masks: bool) -> Message {
    Message {
        message_id: message.message_id,
        channel: message.channel.name().to_owned(),
        target: (!masks).then_some(message.target),
        run_id: message.run_id,
        state: message.state.name().to_owned(),
        attempts: message.attempts,
        since: message.since,
        tried_at: message.tried_at,
        settled_at: message.settled_at,
        why: message.why,
    }
}
