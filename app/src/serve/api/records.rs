//! Tenants, the audit and the outbox over HTTP: read only.

use super::endpoint::{Api, Asked, Nothing, Route};
use super::masked::masks;
use crate::people::Action;
use crate::serve::Problem;
use gangway_protocol::audit::AuditEntry;
use gangway_protocol::tenant::Tenant;
use gangway_protocol::{RunId, TenantId};
use gangway_store::{AuditPage, OutboxFilter, OutboxMessage, OutboxState};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const PAGE: u32 = 100;
const MESSAGES: u32 = 200;

/// Adds the endpoints.
pub fn endpoints(api: Api) -> Api {
    const AUDIT: Route =
        Route::get("/api/audit", "listAudit", "Reads the audit, newest first, a page at a time.")
            .by(Some(Action::ReadAudit));
    api.json(Route::get("/api/tenants", "listTenants", "Lists tenants by id, a page at a time."), tenants)
        .json(AUDIT, audit)
        .json(
            Route::get(
                "/api/outbox",
                "listMessages",
                "Lists messages and how they stand, newest first, at most 200; what they say is not shown.",
            ),
            messages,
        )
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
    /// Only this caller's.
    principal: Option<String>,
    /// Only of this tool.
    tool: Option<String>,
    /// Only at or after this time.
    since: Option<Timestamp>,
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
    let page = AuditPage {
        run_id: query.run,
        principal: query.principal,
        tool: query.tool,
        since: query.since,
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

/// Messages.
#[derive(Debug, Serialize, JsonSchema)]
struct Messages {
    /// The messages; may be empty.
    messages: Vec<Message>,
    /// Whether the limit cut the list.
    more: bool,
}

async fn messages(asked: Asked<Nothing, ListMessages, Nothing>) -> Result<Messages, Problem> {
    let state = match asked.query.state.as_deref() {
        None => None,
        Some(name) => Some(OutboxState::named(name).ok_or_else(|| {
            Problem::bad_request(format!("one of {}", OutboxState::ALL.map(OutboxState::name).join(", ")))
        })?),
    };
    let filter = OutboxFilter { state, run_id: asked.query.run, limit: MESSAGES + 1 };
    let mut found = asked.service.installation.store().outbox().list(filter).await?;
    let more = super::cut(&mut found, MESSAGES).is_some();
    let masks = masks(&asked.person);
    let seen = |message: OutboxMessage| Message {
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
    };
    Ok(Messages { messages: found.into_iter().map(seen).collect(), more })
}
