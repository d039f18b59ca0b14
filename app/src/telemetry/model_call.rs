//! The record of a call to a model, as a span of OpenTelemetry's GenAI conventions. What was said is not part of it: it
//! stands in the store, masked, where `gangway llm show` finds it.

use super::NAME;
use gangway_protocol::{CallPurpose, CallVerdict, LlmCall, TraceParent};
use opentelemetry::trace::{Span as _, SpanBuilder, SpanKind, Status, Tracer as _};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use std::time::{Duration, SystemTime};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Hands the call over as a span of its run's trace, else below the current span. Nothing happens when nothing is exported.
pub fn trace(call: &LlmCall, of_run: Option<&TraceParent>) {
    // The process has one tracer provider, as it has one subscriber; there is none to be passed along.
    let tracer = opentelemetry::global::tracer(NAME);
    let began = SystemTime::from(call.at);
    let name = format!("chat {}", call.model);
    let builder = SpanBuilder::from_name(name)
        .with_kind(SpanKind::Client)
        .with_start_time(began)
        .with_attributes(attributes(call));
    let parent = of_run.map_or_else(|| tracing::Span::current().context(), gangway_governance::trace::remote);
    let mut span = tracer.build_with_context(builder, &parent);
    if let Some(why) = error_type(call.verdict) {
        span.set_attribute(KeyValue::new("error.type", why));
        span.set_status(Status::error(call.why.clone().unwrap_or_default()));
    }
    span.end_with_timestamp(began + Duration::from_millis(call.duration_ms));
}

fn attributes(call: &LlmCall) -> Vec<KeyValue> {
    let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
    let mut attributes = vec![
        KeyValue::new("gen_ai.operation.name", "chat"),
        KeyValue::new("gen_ai.provider.name", call.provider.clone()),
        KeyValue::new("gen_ai.request.model", call.model.clone()),
        KeyValue::new("gen_ai.output.type", "json"),
        KeyValue::new("gen_ai.usage.input_tokens", count(call.input_tokens)),
        KeyValue::new("gen_ai.usage.output_tokens", count(call.output_tokens)),
        KeyValue::new("gangway.prompt.name", call.prompt.name.clone()),
        KeyValue::new("gangway.prompt.digest", call.prompt.digest.clone()),
        KeyValue::new("gangway.request.digest", call.request_digest.clone()),
        KeyValue::new("gangway.call.purpose", purpose(call.purpose)),
        KeyValue::new("gangway.call.verdict", call.verdict.name()),
        KeyValue::new("gangway.call.cost_micro_usd", count(call.cost_micro_usd)),
    ];
    let run = call.run_id.as_ref().map(|run| KeyValue::new("gangway.run.id", run.to_string()));
    let model = call.response_model.clone().map(|model| KeyValue::new("gen_ai.response.model", model));
    let finish = call.finish_reason.clone().map(|reason| {
        let reasons = Value::Array(Array::String(vec![StringValue::from(reason)]));
        KeyValue::new("gen_ai.response.finish_reasons", reasons)
    });
    attributes.extend([run, model, finish].into_iter().flatten());
    attributes
}

fn purpose(purpose: CallPurpose) -> &'static str {
    match purpose {
        CallPurpose::Ask => "ask",
        CallPurpose::Retry => "retry",
        CallPurpose::Repair => "repair",
    }
}

/// What the conventions call an error: no answer. An answer of no use is an answer.
fn error_type(verdict: CallVerdict) -> Option<&'static str> {
    match verdict {
        CallVerdict::TooLate => Some("timeout"),
        CallVerdict::Failed => Some("_OTHER"),
        CallVerdict::Valid | CallVerdict::Invalid | CallVerdict::Refused | CallVerdict::CutOff => None,
    }
}
