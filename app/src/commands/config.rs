//! `gangway config`: what an MCP host needs to launch our servers.

use crate::cli::{ConfigCommand, Globals};
use crate::config::Sources;
use crate::output;
use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

/// The servers a host is offered; `onboarding` first, because it answers "what blocks ACCOUNT?".
const SERVERS: [&str; 7] = ["onboarding", "salesforce", "clm", "netsuite", "provision", "tasks", "notify"];

/// Prints the configuration.
pub fn run(command: &ConfigCommand, globals: &Globals) -> Result<()> {
    match command {
        ConfigCommand::ClaudeDesktop => output::json(&claude_desktop(globals)?),
    }
}

/// Absolute paths, because the host starts us in a folder of its own; underscore names, because it drops every tool
/// of a server that has a dot in one name.
fn claude_desktop(globals: &Globals) -> Result<Value> {
    let program = std::env::current_exe().context("cannot tell where the gangway program is")?;
    let sources = Sources::read(globals)?;
    let data_dir = std::path::absolute(sources.data_dir())?;
    let mut environment = Map::from_iter([("GANGWAY_DATA_DIR".to_owned(), json!(data_dir))]);
    if let Some(file) = &globals.config {
        environment.insert("GANGWAY_CONFIG".to_owned(), json!(std::path::absolute(file)?));
    }
    let servers: Map<String, Value> = SERVERS
        .iter()
        .map(|server| {
            let entry = json!({
                "command": program,
                "args": ["mcp", server, "--tool-names", "underscore"],
                "env": environment,
            });
            (format!("gangway-{server}"), entry)
        })
        .collect();
    Ok(json!({ "mcpServers": servers }))
}
