//! How a resource or prompt gets its facts: by the server's own read tools, through the pipeline, as the one who asked.

use super::{Governed, Inner};
use crate::access::Principal;
use crate::offers::Reads;
use crate::pipeline;
use crate::pipeline::confirm::Host;
use crate::progress::Progress;
use crate::trace;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_protocol::TraceParent;
use rmcp::model::{self, ErrorData};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Calls a server's read tools for its offers, as the caller of one request.
pub(super) struct Reader<'a> {
    inner: &'a Inner,
    principal: Principal,
    meta: model::RequestMetaObject,
    cancelled: CancellationToken,
    trace: TraceParent,
}

impl Governed {
    /// A reader for the caller of this request.
    pub(super) fn reader(&self, context: RequestContext<RoleServer>) -> Result<Reader<'_>, ErrorData> {
        let principal = self.principal(&context)?;
        let trace = trace::of(&context.meta, &context.extensions);
        Ok(Reader { inner: &self.inner, principal, meta: context.meta, cancelled: context.ct, trace })
    }
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
