//! `gangway mcp`: one MCP server, or all in one, on standard input and output or over HTTP.

use crate::cli::{Globals, McpArgs, NameStyle, ServerName};
use crate::config::Sources;
use crate::installation::Installation;
use crate::{onboarding, output, shutdown};
use anyhow::Result;
use gangway_governance::{Governed, Principal, Server, ToolNames, serve_http, serve_stdio};
use gangway_protocol::{Person, System};
use std::sync::Arc;

/// Serves until the host goes away, or until interrupted.
pub async fn run(args: McpArgs, globals: &Globals) -> Result<()> {
    Installation::session(Sources::read(globals)?, async |installation| serve(args, installation).await).await
}

async fn serve(args: McpArgs, installation: Arc<Installation>) -> Result<()> {
    let names = match args.tool_names {
        NameStyle::Dotted => ToolNames::Dotted,
        NameStyle::Underscore => ToolNames::Underscore,
    };
    let fallback = if args.http.is_some() { "http" } else { "stdio" };
    let principal = std::env::var("GANGWAY_PRINCIPAL").unwrap_or_else(|_| fallback.to_owned());
    // Over HTTP nobody vouches for who is at the host.
    let person = if args.http.is_none() { Some(installation.acting_person().await?) } else { None };
    let server = server(args.server, &installation, person)?;
    let governed = Governed::new(server, installation.governance(), &Principal::named(principal), names);
    match args.http {
        None => serve_stdio(governed).await?,
        Some(address) => {
            let serving = serve_http(governed, address).await?;
            output::line(&format!("http://{}/mcp", serving.addr()))?;
            shutdown::requested().await;
            serving.shutdown().await;
        }
    }
    Ok(())
}

fn server(name: ServerName, installation: &Arc<Installation>, person: Option<Person>) -> Result<Server> {
    let of = |system| installation.server(system);
    match name {
        ServerName::Salesforce => of(System::Salesforce),
        ServerName::Clm => of(System::Clm),
        ServerName::Netsuite => of(System::Netsuite),
        ServerName::Provision => of(System::Provision),
        ServerName::Tasks => of(System::Tasks),
        ServerName::Notify => of(System::Notify),
        ServerName::Onboarding => Ok(onboarding::server(Arc::clone(installation), person, None)),
        ServerName::All => {
            let systems = [
                System::Salesforce,
                System::Clm,
                System::Netsuite,
                System::Provision,
                System::Tasks,
                System::Notify,
            ];
            let mut servers = systems.into_iter().map(of).collect::<Result<Vec<_>>>()?;
            servers.push(onboarding::server(Arc::clone(installation), person, None));
            Ok(Server::merge(servers))
        }
    }
}
