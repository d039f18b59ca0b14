//! What MCP asks of a server, answered: lists hold what the caller may call or read, calls go to the pipeline.
//!
//! A server without prompts or resources refuses what is asked of them rather than answer with empty lists.

use super::Governed;
use crate::offers;
use crate::pipeline;
use crate::pipeline::confirm::Host;
use crate::progress;
use crate::trace;
use gangway_protocol::redact::scrub;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{self, ErrorData};
use rmcp::service::{RequestContext, RoleServer};
use std::sync::Arc;

/// How long a client may keep the tool list. It changes with a release, and with the policy.
const LIST_TTL_MS: u64 = 60_000;

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
            self.refuse_unknown(&self.principal(&context)?, "tools/call").await;
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

    /// What rmcp could not read as any request it knows: an unknown method, or a known one with other parameters.
    async fn on_custom_request(
        &self,
        request: model::CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<model::CustomResult, ErrorData> {
        self.refuse_unknown(&self.principal(&context)?, "mcp").await;
        let params = request.params.unwrap_or_default();
        if request.method != <model::CallToolRequestMethod as model::ConstString>::VALUE {
            return Err(ErrorData::new(
                model::ErrorCode::METHOD_NOT_FOUND,
                scrub(&request.method, 100),
                None,
            ));
        }
        let is_object = params.get("arguments").is_none_or(serde_json::Value::is_object);
        let text = if is_object {
            "a call's params hold name, a text, and arguments, an object"
        } else {
            "arguments must be an object with a field per argument, as the tool's inputSchema says"
        };
        Err(ErrorData::invalid_params(text, None))
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
        let principal = self.principal(&context)?;
        let found = offers::get(self.offers(), &request.name, &arguments, &self.reader(context)?).await;
        if found.as_ref().is_err_and(is_unknown) {
            self.refuse_unknown(&principal, "prompts/get").await;
        }
        Ok(found?.into())
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
        let principal = self.principal(&context)?;
        let found = offers::read(self.offers(), &request.uri, &self.reader(context)?).await;
        if found.as_ref().is_err_and(is_unknown) {
            self.refuse_unknown(&principal, "resources/read").await;
        }
        let contents = found?;
        // Facts change under us: nothing read is kept by a client.
        Ok(model::ReadResourceResult::new(vec![contents])
            .with_ttl_ms(0)
            .with_cache_scope(model::CacheScope::Private)
            .into())
    }
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

/// Whether what was asked for is none of ours, or cannot be with such arguments.
fn is_unknown(error: &ErrorData) -> bool {
    [model::ErrorCode::INVALID_PARAMS, model::ErrorCode::RESOURCE_NOT_FOUND].contains(&error.code)
}

/// Our lists have one page each.
fn only_page(request: Option<model::PaginatedRequestParams>) -> Result<(), ErrorData> {
    if request.is_some_and(|request| request.cursor.is_some()) {
        return Err(ErrorData::invalid_params("the list has one page; there is no such cursor", None));
    }
    Ok(())
}
