//! Logs and traces of the whole program: lines on standard error, and spans to an OpenTelemetry collector when one is named.
//!
//! One tracer: every span of ours, and one span in OpenTelemetry's GenAI form for each call to a model. Whatever is asked
//! for, only our own code is heard below warnings, and no event and no text of a prompt or an answer becomes part of a
//! span: other libraries log whole messages, with grants, mails and tokens in them.

mod export;
mod model_call;

pub use model_call::trace as trace_model_call;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::io::IsTerminal as _;
use std::time::Duration;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Name of our tracer, and of the service unless `OTEL_SERVICE_NAME` says otherwise.
const NAME: &str = "gangway";
/// Longest wait for the collector when the program ends.
const FAREWELL: Duration = Duration::from_secs(3);

/// What has to be ended with the program.
pub struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Begins to log, and to trace where the environment names a collector.
    pub fn begin() -> Self {
        let wanted =
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,gangway=info"));
        // Standard output belongs to results and to MCP.
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .with_filter(wanted.and(filter_fn(is_discreet)));
        let exported = export::provider();
        let provider = exported.as_ref().ok().and_then(Option::as_ref);
        let spans = provider.map(|provider| {
            opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
            opentelemetry::global::set_tracer_provider(provider.clone());
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer(NAME))
                .with_location(false)
                .with_threads(false)
                .with_filter(filter_fn(|metadata| metadata.is_span() && is_ours(metadata)))
        });
        tracing_subscriber::registry().with(lines).with(spans).init();
        if let Err(error) = &exported {
            tracing::warn!("traces are not exported: {error}");
        }
        Self(exported.ok().flatten())
    }

    /// Sends what is left.
    pub fn end(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(FAREWELL)
        {
            tracing::warn!("the last traces were not exported: {error}");
        }
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with(NAME)
}

/// Whether a line may be written, whatever `RUST_LOG` asks for.
fn is_discreet(metadata: &Metadata<'_>) -> bool {
    let most = match metadata.target().split("::").next() {
        Some(library) if library.starts_with(NAME) => return true,
        // The one logs the answers of a model it cannot read, as errors.
        Some("async_openai") => return false,
        // The other shows messages it did not expect, as warnings.
        Some("rmcp") => Level::ERROR,
        _ => Level::WARN,
    };
    *metadata.level() <= most
}
