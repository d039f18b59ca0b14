//! The contract agent's look at the runs that their contract blocks: reminders to those who sign, new runs for contracts
//! executed meanwhile. It reaches runs over MCP like any agent, on this process's engine.

use super::Crew;
use crate::onboarding;
use anyhow::Result;
use gangway_contract::WatchReport;
use gangway_governance::{Governed, Principal, ToolNames};
use gangway_protocol::System;
use gangway_toolbelt::{Agent, Connection, Scope};
use serde_json::{Value, json};
use std::sync::Arc;

/// Looks once.
pub async fn watch(crew: &Crew) -> Result<WatchReport> {
    let installation = &crew.installation;
    let server = onboarding::server(Arc::clone(installation), None, crew.engine.as_ref());
    let principal = Principal::agent(Agent::Contract);
    let governed = Governed::new(server, installation.governance(), principal, ToolNames::Dotted);
    let belt = installation
        .belt(Agent::Contract)
        .await?
        .with(System::Onboarding, Connection::embedded(governed).await?);
    Ok(gangway_contract::watch(&belt, &Scope::of_no_run(installation.call_deadline())).await)
}

pub(super) async fn work(crew: Crew) -> Result<Value> {
    let watched = watch(&crew).await?;
    let codes: Vec<&str> = watched.errors.iter().map(|error| error.error_code.as_str()).collect();
    Ok(json!({
        "watched": watched.watched,
        "reminded": watched.reminded.len(),
        "requested": watched.requested.iter().map(|asked| &asked.new_run).collect::<Vec<_>>(),
        "errors": codes,
    }))
}
