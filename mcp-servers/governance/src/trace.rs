//! The trace a call belongs to, from what brought it to every vendor request made for it.
//!
//! Between the two lie handlers and connectors that know nothing of traces, so it travels with the task that answers the
//! call, not in their arguments. A connector that begins a task of its own hands it on with [`carried`]. Spans of ours that are
//! exported belong to it too ([`remote`]). It decides nothing.

use gangway_protocol::trace::{TRACEPARENT, TraceParent};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt as _, TraceFlags, TraceState};
use rmcp::model::{Extensions, RequestMetaObject};
use serde_json::Value;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use uuid::Uuid;

tokio::task_local! {
    static CURRENT: TraceParent;
}

/// The trace of a request: what its `_meta` names, else what its HTTP headers name, else a new one.
pub(crate) fn of(meta: &RequestMetaObject, extensions: &Extensions) -> TraceParent {
    let in_meta = meta.0.get(TRACEPARENT).and_then(Value::as_str);
    let headers = extensions.get::<http::request::Parts>().map(|parts| &parts.headers);
    let in_header = headers.and_then(|headers| headers.get(TRACEPARENT)?.to_str().ok());
    let named = [in_meta, in_header].into_iter().flatten().find_map(|text| TraceParent::parse(text).ok());
    named.unwrap_or_else(|| TraceParent::beginning(Uuid::new_v4().as_u128()))
}

/// The same work as part of the trace and the span this is called in, for a task of its own.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    within(current(), work).in_current_span()
}

/// Runs work as part of a trace; of none when there is none.
pub async fn within<F: Future>(trace: Option<TraceParent>, work: F) -> F::Output {
    match trace {
        Some(trace) => CURRENT.scope(trace, work).await,
        None => work.await,
    }
}

/// The trace of the work this is called in; none outside a call.
#[must_use]
pub fn current() -> Option<TraceParent> {
    CURRENT.try_with(Clone::clone).ok()
}

/// A trace as the parent of an exported span.
#[must_use]
pub fn remote(trace: &TraceParent) -> Context {
    let (trace, parent, flags) = trace.numbers();
    let (flags, state) = (TraceFlags::new(flags), TraceState::default());
    Context::new().with_remote_span_context(SpanContext::new(trace.into(), parent.into(), flags, true, state))
}

/// Makes a span part of a trace.
pub(crate) fn join(span: &Span, trace: &TraceParent) {
    // Fails where nothing is exported, and only there does it not matter.
    let _ = span.set_parent(remote(trace));
}
