//! What the service owes its approvals: decisions made beside it acted on, those that ran out blocked, reminders sent.
//!
//! A process that leaves the engine to others reminds only: whoever has it sees to the rest.

use super::Crew;
use crate::approvals::{Reminded, expire_due, remind_due, settled};
use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) async fn work(crew: Crew, now: Timestamp) -> Result<Value> {
    let store = crew.installation.store();
    let (settled, expired) = match crew.engine {
        Some(_) => (settled(store).await?, expire_due(store, now).await?),
        None => (Vec::new(), Vec::new()),
    };
    let (acted_on, ran_out) = (settled.len(), expired.len());
    let left = crew.let_go_on(settled.into_iter().chain(expired).collect()).await;
    let due = remind_due(&crew.installation, now).await?;
    let (reminded, failed): (Vec<_>, Vec<_>) = due.into_iter().partition(|due| due.failed.is_empty());
    for Reminded { approval_id, hours_before, failed } in &failed {
        tracing::warn!(
            approval_id,
            hours_before,
            "a reminder did not go out ({}) and is tried again; gangway outbox list shows what can be mended",
            failed.join(", ")
        );
    }
    Ok(json!({
        "acted_on": acted_on,
        "expired": ran_out,
        "left": left,
        "reminded": reminded.iter().map(|reminded| &reminded.approval_id).collect::<Vec<_>>(),
        "not_reminded": failed,
    }))
}
