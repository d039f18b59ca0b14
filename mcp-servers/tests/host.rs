//! A host for the servers' tests: an MCP client that talks to one governed server over a pipe in memory.
//!
//! Included by path, because rooms lend each other no test code. Nothing is faked: governance, schemas, store and audit are real.

use gangway_governance::{Governance, Governed, Principal, Reach, Server, ToolNames};
use gangway_protocol::ApiError;
use gangway_protocol::tools::Tool;
use rmcp::model::{CallToolRequestParams, ClientCapabilities, ClientConfig, Implementation};
use rmcp::service::{Peer, RoleClient, RunningService, ServiceExt as _};
use serde_json::Value;
use std::sync::Arc;

/// A connected host. Dropping it ends the server.
pub struct Host {
    client: RunningService<RoleClient, ClientConfig>,
}

impl Host {
    /// Connects to `server` behind `governance`.
    pub async fn open(server: Server, governance: Governance) -> Self {
        let principal = Principal::local("test", Reach::Writes).unwrap();
        Self::open_as(principal, server, Arc::new(governance)).await
    }

    /// Connects somebody to a server that others may be connected to as well.
    pub async fn open_as(principal: Principal, server: Server, governance: Arc<Governance>) -> Self {
        let governed = Governed::new(server, governance, principal, ToolNames::Dotted);
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        tokio::spawn(async move {
            if let Ok(running) = governed.serve(theirs).await {
                drop(running.waiting().await);
            }
        });
        let identity =
            ClientConfig::new(ClientCapabilities::default(), Implementation::new("test-host", "1"));
        Self { client: identity.serve(ours).await.unwrap() }
    }

    /// Calls tool `T`; several calls may run at once.
    pub async fn call<T: Tool>(&self, args: &T::Args) -> Result<T::Output, ApiError> {
        call::<T>(self.client.peer(), args).await
    }
}

async fn call<T: Tool>(peer: &Peer<RoleClient>, args: &T::Args) -> Result<T::Output, ApiError> {
    let Value::Object(arguments) = serde_json::to_value(args).unwrap() else {
        panic!("arguments are objects");
    };
    let params = CallToolRequestParams::new(T::CONTRACT.name).with_arguments(arguments);
    let result = peer.call_tool(params).await.unwrap();
    if result.is_error == Some(true) {
        let text = result.content.first().and_then(|block| block.as_text()).unwrap();
        return Err(serde_json::from_str(&text.text).unwrap());
    }
    Ok(serde_json::from_value(result.structured_content.unwrap()).unwrap())
}
