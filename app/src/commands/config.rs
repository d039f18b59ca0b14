//! `gangway config`: what an MCP host needs to launch our servers, in the host's own format.
//!
//! It prints and writes nothing: whose file it goes into is the host's business. What it launches only reads, unless asked
//! for otherwise.

use crate::cli::{ConfigArgs, ConfigCommand, Globals};
use crate::config::{self, Sources};
use crate::output;
use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The servers a host is offered; `onboarding` first, because it answers "what blocks ACCOUNT?".
const SERVERS: [&str; 7] = ["onboarding", "salesforce", "clm", "netsuite", "provision", "tasks", "notify"];

/// Prints the configuration.
pub fn run(args: &ConfigArgs, globals: &Globals) -> Result<()> {
    let program = std::env::current_exe().context("cannot tell where the gangway program is")?;
    let left_out = config::variables();
    if !left_out.is_empty() {
        output::remark(&format!(
            "Not printed, because it may be secret: {}. The host starts the servers without these; put them into gangway.toml, or into env of each server.",
            left_out.join(", ")
        ))?;
    }
    output::json(&configuration(args, &program, environment(globals)?))
}

/// Where a launched server finds its data and settings. Absolute paths, because a host starts it in a folder of its own.
fn environment(globals: &Globals) -> Result<Map<String, Value>> {
    let sources = Sources::read(globals)?;
    let data_dir = std::path::absolute(sources.data_dir())?;
    let mut environment = Map::from_iter([("GANGWAY_DATA_DIR".to_owned(), json!(data_dir))]);
    // Also one that was found where we stand: without it the host would be served by simulated vendors, under another policy.
    if let Some(file) = sources.file() {
        environment.insert("GANGWAY_CONFIG".to_owned(), json!(file));
    }
    Ok(environment)
}

/// The servers under the name the host looks for. Claude Desktop starts whatever has a command; the others want to be
/// told that it speaks on standard input and output.
fn configuration(args: &ConfigArgs, program: &Path, environment: Map<String, Value>) -> Value {
    let (name, list, kind) = match args.host {
        ConfigCommand::ClaudeDesktop => ("claude-desktop", "mcpServers", None),
        ConfigCommand::ClaudeCode => ("claude-code", "mcpServers", Some("stdio")),
        ConfigCommand::Vscode => ("vscode", "servers", Some("stdio")),
    };
    let servers: Map<String, Value> = SERVERS
        .iter()
        .map(|server| {
            // Underscore names, because Claude Desktop drops every tool of a server that has a dot in one name.
            let mut launch = vec!["mcp", server, "--tool-names", "underscore", "--as", name];
            launch.extend(args.allow_writes.then_some("--allow-writes"));
            let mut entry = json!({
                "command": program,
                "args": launch,
                "env": environment,
            });
            if let (Some(kind), Some(fields)) = (kind, entry.as_object_mut()) {
                fields.insert("type".to_owned(), Value::from(kind));
            }
            (format!("gangway-{server}"), entry)
        })
        .collect();
    json!({ list: servers })
}

#[cfg(test)]
mod tests {
    use super::{SERVERS, configuration};
    use crate::cli::{ConfigArgs, ConfigCommand};
    use serde_json::{Map, json};
    use std::path::Path;

    #[test]
    fn each_host_gets_every_server_in_its_own_format() {
        for (host, name, list, kind) in [
            (ConfigCommand::ClaudeDesktop, "claude-desktop", "mcpServers", json!(null)),
            (ConfigCommand::ClaudeCode, "claude-code", "mcpServers", json!("stdio")),
            (ConfigCommand::Vscode, "vscode", "servers", json!("stdio")),
        ] {
            let args = ConfigArgs { host, allow_writes: false };
            let printed = configuration(&args, Path::new("/opt/gangway"), Map::new());
            assert_eq!(printed[list].as_object().map(Map::len), Some(SERVERS.len()), "{printed}");
            let clm = &printed[list]["gangway-clm"];
            assert_eq!((&clm["command"], &clm["type"]), (&json!("/opt/gangway"), &kind));
            assert_eq!(clm["args"], json!(["mcp", "clm", "--tool-names", "underscore", "--as", name]));
        }
    }
}
