//! The MCP face of a server: lists what its caller may call or read, passes calls to the pipeline, says no to the rest.
//!
//! Both protocol eras are served; rmcp tells them apart. A server without prompts or resources does not declare them,
//! and refuses them rather than answer with empty lists.

use crate::access::policy::scope_of;
use crate::access::{Principal, Refusal, Verdict};
use crate::governance::Governance;
use crate::offers::{self, Offers, Reads};
use crate::pipeline;
use crate::pipeline::confirm::Host;
use crate::progress::{self, Progress};
use crate::server::Server;
use crate::tool::GovernedTool;
use crate::trace;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_protocol::TraceParent;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::redact::scrub;
use gangway_protocol::tools::Contract;
use jiff::Timestamp;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{self, ErrorData};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// How long a client may keep the tool list. It changes with a release, and with the policy.
const LIST_TTL_MS: u64 = 60_000;

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

    /// Which tools the caller may call, and so which offers made of them it may see.
    fn may(&self, context: &RequestContext<RoleServer>) -> Result<impl Fn(&Contract) -> bool, ErrorData> {
        let (principal, policy) = (self.principal(context)?, self.inner.governance.policy());
        Ok(move |contract: &Contract| {
            matches!(policy.decide(&principal, contract, None), Verdict::Allowed(_))
        })
    }

    fn offers(&self) -> &Offers {
        &self.inner.offers
    }

    fn reader(&self, context: RequestContext<RoleServer>) -> Result<Reader<'_>, ErrorData> {
        let principal = self.principal(&context)?;
        let trace = trace::of(&context.meta, &context.extensions);
        Ok(Reader { inner: &self.inner, principal, meta: context.meta, cancelled: context.ct, trace })
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
        only_page(request)?;
        let may_be_called = self.may(&context)?;
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
        let trace = trace::of(&context.meta, &context.extensions);
        let token = context.meta.get_progress_token();
        let principal = self.principal(&context)?;
        let answer = |progress| {
            let incoming = pipeline::Incoming {
                progress,
                trace,
                host,
                tool: Arc::clone(tool),
                principal,
                meta: context.meta,
                arguments: request.arguments.unwrap_or_default(),
                cancelled: context.ct,
            };
            pipeline::answer(Arc::clone(&self.inner.governance), incoming)
        };
        Ok(progress::told(token.map(|token| (token, &context.peer)), answer).await)
    }

    fn get_tool(&self, name: &str) -> Option<model::Tool> {
        self.inner.tools.get(name).map(|tool| tool.definition.clone())
    }

    async fn complete(
        &self,
        request: model::CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<model::CompleteResult, ErrorData> {
        if !self.offers().has_prompts() && !self.offers().has_resources() {
            return Err(ErrorData::method_not_found::<model::CompleteRequestMethod>());
        }
        let completion = offers::complete(self.offers(), &request, &self.reader(context)?).await?;
        Ok(model::CompleteResult::new(completion))
    }

    async fn list_prompts(
        &self,
        request: Option<model::PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<model::ListPromptsResult, ErrorData> {
        if !self.offers().has_prompts() {
            return Err(ErrorData::method_not_found::<model::ListPromptsRequestMethod>());
        }
        only_page(request)?;
        Ok(model::ListPromptsResult::with_all_items(self.offers().prompts(self.may(&context)?))
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(model::CacheScope::Private))
    }

    async fn get_prompt(
        &self,
        request: model::GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<model::GetPromptResponse, ErrorData> {
        if !self.offers().has_prompts() {
            return Err(ErrorData::method_not_found::<model::GetPromptRequestMethod>());
        }
        let arguments = request.arguments.unwrap_or_default();
        let prompt = offers::get(self.offers(), &request.name, &arguments, &self.reader(context)?).await?;
        Ok(prompt.into())
    }

    async fn list_resources(
        &self,
        request: Option<model::PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<model::ListResourcesResult, ErrorData> {
        if !self.offers().has_resources() {
            return Err(ErrorData::method_not_found::<model::ListResourcesRequestMethod>());
        }
        only_page(request)?;
        Ok(model::ListResourcesResult::with_all_items(self.offers().resources(self.may(&context)?))
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(model::CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        request: Option<model::PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<model::ListResourceTemplatesResult, ErrorData> {
        if !self.offers().has_resources() {
            return Err(ErrorData::method_not_found::<model::ListResourceTemplatesRequestMethod>());
        }
        only_page(request)?;
        Ok(model::ListResourceTemplatesResult::with_all_items(self.offers().templates(self.may(&context)?))
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(model::CacheScope::Private))
    }

    async fn read_resource(
        &self,
        request: model::ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<model::ReadResourceResponse, ErrorData> {
        if !self.offers().has_resources() {
            return Err(ErrorData::method_not_found::<model::ReadResourceRequestMethod>());
        }
        let contents = offers::read(self.offers(), &request.uri, &self.reader(context)?).await?;
        // Facts change under us: nothing read is kept by a client.
        Ok(model::ReadResourceResult::new(vec![contents])
            .with_ttl_ms(0)
            .with_cache_scope(model::CacheScope::Private)
            .into())
    }
}

/// Our lists have one page each.
fn only_page(request: Option<model::PaginatedRequestParams>) -> Result<(), ErrorData> {
    if request.is_some_and(|request| request.cursor.is_some()) {
        return Err(ErrorData::invalid_params("the list has one page; there is no such cursor", None));
    }
    Ok(())
}

/// Calls a server's read tools for its offers, as the caller of one request.
struct Reader<'a> {
    inner: &'a Inner,
    principal: Principal,
    meta: model::RequestMetaObject,
    cancelled: CancellationToken,
    trace: TraceParent,
}

impl Reads for Reader<'_> {
    fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
    ) -> BoxFuture<'_, Option<model::CallToolResult>> {
        let Some(tool) = self.inner.tools.get(tool).cloned() else { return async { None }.boxed() };
        let incoming = pipeline::Incoming {
            host: Host::default(),
            progress: Progress::default(),
            trace: self.trace.clone(),
            tool,
            principal: self.principal.clone(),
            meta: self.meta.clone(),
            arguments,
            cancelled: self.cancelled.clone(),
        };
        let governance = Arc::clone(&self.inner.governance);
        async move {
            match pipeline::answer(governance, incoming).await {
                model::CallToolResponse::Complete(result) => Some(result),
                // A read asks nobody and makes no task.
                _ => None,
            }
        }
        .boxed()
    }
}
