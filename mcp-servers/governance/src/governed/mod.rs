//! The MCP face of a server: what it says of itself, and who is on the other side.
//!
//! Both protocol eras are served; rmcp tells them apart. A server without prompts or resources does not declare them.

mod handler;
mod reader;

use crate::access::policy::scope_of;
use crate::access::{Principal, Refusal, Verdict};
use crate::governance::Governance;
use crate::offers::{self, Offers};
use crate::server::Server;
use crate::tool::GovernedTool;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::tools::Contract;
use jiff::Timestamp;
use rmcp::model::{self, ErrorData};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The extension whose hosts show a tool's result in a page of the server's.
const APPS_EXTENSION: &str = "io.modelcontextprotocol/ui";

/// How tool names are published; calls are accepted under both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ToolNames {
    /// `salesforce.get_account`.
    #[default]
    Dotted,
    /// `salesforce_get_account`, for hosts that reject dots and then drop the whole tool set.
    Underscore,
}

/// A server behind governance. Cloning shares everything.
#[derive(Clone)]
pub struct Governed {
    inner: Arc<Inner>,
}

struct Inner {
    info: model::ServerConfig,
    /// In published order.
    published: Vec<(Contract, model::Tool)>,
    offers: Offers,
    /// By both spellings.
    tools: HashMap<String, Arc<GovernedTool>>,
    governance: Arc<Governance>,
    caller: Caller,
}

/// Who is on the other side.
enum Caller {
    /// The same one for the whole life of the connection.
    Fixed(Principal),
    /// Whoever the door in front of each HTTP request recognised.
    AtTheDoor,
}

impl Governed {
    /// Puts `server` behind `governance` for one caller.
    #[must_use]
    pub fn new(server: Server, governance: Arc<Governance>, principal: Principal, names: ToolNames) -> Self {
        Self::made(server, governance, Caller::Fixed(principal), names)
    }

    /// Puts `server` behind `governance` for callers that prove themselves with each request.
    #[must_use]
    pub fn behind_door(server: Server, governance: Arc<Governance>, names: ToolNames) -> Self {
        Self::made(server, governance, Caller::AtTheDoor, names)
    }

    fn made(server: Server, governance: Arc<Governance>, caller: Caller, names: ToolNames) -> Self {
        let offers = Offers::of(&server.tools, server.documents, names);
        let published = |tool: &Arc<GovernedTool>| {
            let page = server.pages.get(tool.contract.name).copied();
            (tool.contract, published(tool, names, &offers, page))
        };
        let published = server.tools.values().map(published).collect();
        let both = |tool: Arc<GovernedTool>| {
            let dotted = (tool.contract.name.to_owned(), Arc::clone(&tool));
            [(tool.contract.underscore_name(), tool), dotted]
        };
        let identity =
            model::Implementation::new(&server.name, env!("CARGO_PKG_VERSION")).with_title(&server.title);
        let mut capabilities = capabilities(&offers);
        if !server.pages.is_empty() {
            let apps = [(APPS_EXTENSION.to_owned(), Map::new())];
            capabilities.extensions = Some(model::ExtensionCapabilities::from_iter(apps));
        }
        let info = model::ServerConfig::new(capabilities)
            .with_server_info(identity)
            .with_instructions(offers.spelled(&server.instructions));
        let tools = server.tools.into_values().flat_map(both).collect();
        Self { inner: Arc::new(Inner { info, published, offers, tools, governance, caller }) }
    }

    /// The server's title.
    pub(crate) fn title(&self) -> &str {
        self.inner.info.server_info.title.as_deref().unwrap_or_default()
    }

    /// Every scope that opens a tool of the server.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let scopes = self.inner.published.iter().map(|(contract, _)| scope_of(contract));
        scopes.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The scope that a caller's token lacks for a tool which its policy allows it; that refusal is then on record.
    pub(crate) async fn refuse_for_scope(&self, principal: &Principal, tool: &str) -> Option<String> {
        let (policy, tool) = (self.inner.governance.policy(), self.inner.tools.get(tool)?);
        let contract = &tool.contract;
        let Verdict::Refused(Refusal::NoScope) = policy.decide(principal, contract, None) else {
            return None;
        };
        let by = principal.actor();
        let record = AuditRecord {
            policy: Some(policy.digest().to_owned()),
            ..AuditRecord::refused(contract.name, by, Value::Null, Timestamp::now(), "INSUFFICIENT_SCOPE")
        };
        let governance = &self.inner.governance;
        governance.refusals.record(&governance.store, record).await;
        Some(scope_of(contract))
    }

    /// Has it on record that the caller of this connection sent what cannot be read; why, as a code.
    pub(crate) async fn refuse_unread(&self, code: &str) {
        match &self.inner.caller {
            Caller::Fixed(principal) => self.refuse(principal, "mcp", code).await,
            // Its door has a book of its own.
            Caller::AtTheDoor => {}
        }
    }

    /// Has it on record that somebody asked for what is none of ours. By which name is not: it is free text.
    async fn refuse_unknown(&self, principal: &Principal, method: &str) {
        self.refuse(principal, method, "UNKNOWN").await;
    }

    async fn refuse(&self, principal: &Principal, method: &str, code: &str) {
        let record = AuditRecord::refused(method, principal.actor(), Value::Null, Timestamp::now(), code);
        let governance = &self.inner.governance;
        governance.refusals.record(&governance.store, record).await;
    }

    /// Who calls. A request that no door let in has no caller and gets nothing.
    fn principal(&self, context: &RequestContext<RoleServer>) -> Result<Principal, ErrorData> {
        let at_the_door = || {
            let parts = context.extensions.get::<http::request::Parts>();
            parts.and_then(|parts| parts.extensions.get::<Principal>()).cloned()
        };
        match &self.inner.caller {
            Caller::Fixed(principal) => Ok(principal.clone()),
            Caller::AtTheDoor => {
                at_the_door().ok_or_else(|| ErrorData::invalid_request("the caller is not known", None))
            }
        }
    }

    /// Which tools the caller may call, and so which offers made of them it may see.
    fn may(&self, context: &RequestContext<RoleServer>) -> Result<impl Fn(&Contract) -> bool, ErrorData> {
        let (principal, policy) = (self.principal(context)?, self.inner.governance.policy());
        Ok(move |contract: &Contract| {
            matches!(policy.decide(&principal, contract, None), Verdict::Allowed(_))
        })
    }

    pub(crate) fn offers(&self) -> &Offers {
        &self.inner.offers
    }
}

/// What the server says it can do: nothing it has none of.
fn capabilities(offers: &Offers) -> model::ServerCapabilities {
    let mut capabilities = model::ServerCapabilities::builder().enable_tools().build();
    capabilities.resources = offers.has_resources().then(model::ResourcesCapability::default);
    capabilities.prompts = offers.has_prompts().then(model::PromptsCapability::default);
    capabilities.completions = (offers.has_resources() || offers.has_prompts()).then(Map::new);
    capabilities
}

/// A tool as the list has it; other tools it mentions go by their published names too.
fn published(
    tool: &GovernedTool,
    names: ToolNames,
    offers: &Offers,
    page: Option<&'static str>,
) -> model::Tool {
    let mut definition = tool.definition.clone();
    definition.meta = page.and_then(|page| offers::meta(&json!({ "ui": { "resourceUri": page } })));
    match names {
        ToolNames::Dotted => {}
        ToolNames::Underscore => {
            definition.name = Cow::Owned(tool.contract.underscore_name());
            definition.description = definition.description.map(|text| Cow::Owned(offers.spelled(&text)));
        }
    }
    definition
}
