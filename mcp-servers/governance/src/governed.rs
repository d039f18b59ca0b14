//! The MCP face of a server: lists what its caller may call, passes calls to the pipeline, says no to everything else.
//!
//! Both protocol eras are served; rmcp tells them apart. Prompts, resources and completions are not offered, and are
//! refused rather than answered with empty lists, because the capabilities do not declare them.

use crate::access::policy::scope_of;
use crate::access::{Principal, Refusal, Verdict};
use crate::governance::Governance;
use crate::pipeline;
use crate::pipeline::confirm::Host;
use crate::server::Server;
use crate::tool::GovernedTool;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::redact::scrub;
use gangway_protocol::tools::Contract;
use jiff::Timestamp;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{self, ErrorData};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// How long a client may keep the tool list. It changes with a release, and with the policy.
const LIST_TTL_MS: u64 = 60_000;

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
        let published = server.tools.values().map(|tool| (tool.contract, published(tool, names))).collect();
        let both = |tool: Arc<GovernedTool>| {
            let dotted = (tool.contract.name.to_owned(), Arc::clone(&tool));
            [(tool.contract.underscore_name(), tool), dotted]
        };
        let identity =
            model::Implementation::new(&server.name, env!("CARGO_PKG_VERSION")).with_title(&server.title);
        let capabilities = model::ServerCapabilities::builder().enable_tools().build();
        let info = model::ServerConfig::new(capabilities)
            .with_server_info(identity)
            .with_instructions(&server.instructions);
        let tools = server.tools.into_values().flat_map(both).collect();
        Self { inner: Arc::new(Inner { info, published, tools, governance, caller }) }
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
        let by = principal.name();
        let record = AuditRecord {
            policy: Some(policy.digest().to_owned()),
            ..AuditRecord::refused(contract.name, by, Value::Null, Timestamp::now(), "INSUFFICIENT_SCOPE")
        };
        pipeline::record_later(&self.inner.governance, record).await;
        Some(scope_of(contract))
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
}

fn published(tool: &GovernedTool, names: ToolNames) -> model::Tool {
    let mut definition = tool.definition.clone();
    match names {
        ToolNames::Dotted => {}
        ToolNames::Underscore => definition.name = Cow::Owned(tool.contract.underscore_name()),
    }
    definition
}

/// Whether the host shows forms in the multi-round way, and what it brings back from one.
fn host(request: &model::CallToolRequestParams, context: &RequestContext<RoleServer>) -> Host {
    let is_modern = context
        .protocol_version()
        .is_some_and(|version| version.as_str() >= model::ProtocolVersion::V_2026_07_28.as_str());
    let elicits = context.client_capabilities().and_then(|capabilities| capabilities.elicitation);
    // A capability that names no mode means forms.
    let shows_forms = elicits.is_some_and(|modes| modes.form.is_some() || modes.url.is_none());
    Host {
        shows_forms: is_modern && shows_forms,
        responses: request.input_responses.clone(),
        state: request.request_state.clone(),
    }
}

impl ServerHandler for Governed {
    fn get_info(&self) -> model::ServerConfig {
        self.inner.info.clone()
    }

    async fn list_tools(
        &self,
        request: Option<model::PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<model::ListToolsResult, ErrorData> {
        if request.is_some_and(|request| request.cursor.is_some()) {
            return Err(ErrorData::invalid_params(
                "the tool list has one page; there is no such cursor",
                None,
            ));
        }
        let (principal, policy) = (self.principal(&context)?, self.inner.governance.policy());
        let may_be_called =
            |contract| matches!(policy.decide(&principal, contract, None), Verdict::Allowed(_));
        let tools = self.inner.published.iter().filter(|(contract, _)| may_be_called(contract));
        let tools = tools.map(|(_, tool)| tool.clone()).collect();
        // What a caller may see depends on who it is, so no shared cache may keep it.
        Ok(model::ListToolsResult::with_all_items(tools)
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(model::CacheScope::Private))
    }

    async fn call_tool(
        &self,
        request: model::CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<model::CallToolResponse, ErrorData> {
        let Some(tool) = self.inner.tools.get(request.name.as_ref()) else {
            let text = format!("unknown tool: {}", scrub(&request.name, 100));
            return Err(ErrorData::invalid_params(text, None));
        };
        let host = host(&request, &context);
        let incoming = pipeline::Incoming {
            host,
            tool: Arc::clone(tool),
            principal: self.principal(&context)?,
            meta: context.meta,
            arguments: request.arguments.unwrap_or_default(),
            cancelled: context.ct,
        };
        Ok(pipeline::answer(Arc::clone(&self.inner.governance), incoming).await)
    }

    fn get_tool(&self, name: &str) -> Option<model::Tool> {
        self.inner.tools.get(name).map(|tool| tool.definition.clone())
    }

    async fn complete(
        &self,
        _request: model::CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<model::CompleteResult, ErrorData> {
        Err(ErrorData::method_not_found::<model::CompleteRequestMethod>())
    }

    async fn list_prompts(
        &self,
        _request: Option<model::PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<model::ListPromptsResult, ErrorData> {
        Err(ErrorData::method_not_found::<model::ListPromptsRequestMethod>())
    }

    async fn list_resources(
        &self,
        _request: Option<model::PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<model::ListResourcesResult, ErrorData> {
        Err(ErrorData::method_not_found::<model::ListResourcesRequestMethod>())
    }

    async fn list_resource_templates(
        &self,
        _request: Option<model::PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<model::ListResourceTemplatesResult, ErrorData> {
        Err(ErrorData::method_not_found::<model::ListResourceTemplatesRequestMethod>())
    }
}
