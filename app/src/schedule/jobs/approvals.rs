//! What the service owes its approvals: decisions made beside it acted on, those that ran out blocked, reminders sent.
//!
//! A process that leaves the engine to others reminds only: whoever has it sees to the rest.

use super::Crew;
use crate::approvals::{Driven, drive_settled, expire_due, remind_due};
use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) async fn work(crew: Crew, now: Timestamp) -> Result<Value> {
    let store = crew.installation.store();
    let (acted, expired) = match &crew.engine {
        Some(engine) => (drive_settled(store, engine).await?, expire_due(store, engine, now).await?),
        None => (Vec::new(), Vec::new()),
    };
    let reminded = remind_due(&crew.installation, now).await?;
    let failed = |driven: &[Driven]| driven.iter().filter(|driven| driven.error.is_some()).count();
    Ok(json!({
        "acted_on": acted.len(),
        "expired": expired.len(),
        "left": failed(&acted) + failed(&expired),
        "reminded": reminded.iter().map(|reminded| &reminded.approval_id).collect::<Vec<_>>(),
    }))
}
