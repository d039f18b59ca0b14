//! The way of spans to a collector: OTLP over HTTP, as the standard variables name it (`OTEL_EXPORTER_OTLP_ENDPOINT`,
//! `…_HEADERS`, `…_TIMEOUT`, `OTEL_SERVICE_NAME`). Without an endpoint nothing is exported.

use super::NAME;
use anyhow::{Context as _, Result};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::sync::Mutex;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// What switches the export on; either is enough.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
/// Longest time one batch takes to send.
const SEND_DEADLINE: Duration = Duration::from_secs(10);

/// What makes spans and sends them in batches, on a thread of its own; none when no collector is named.
pub(super) fn provider() -> Result<Option<SdkTracerProvider>> {
    let is_set = |name: &str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    let is_disabled =
        std::env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    if is_disabled || !ENDPOINTS.into_iter().any(is_set) {
        return Ok(None);
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Sender::new()?)
        .build()
        .context("the collector's address cannot be used")?;
    let mut resource = Resource::builder();
    if !is_set("OTEL_SERVICE_NAME") {
        resource = resource.with_service_name(NAME);
    }
    Ok(Some(
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build(),
    ))
}

/// Sends on a runtime of its own: the last spans go out when the program's has ended.
#[derive(Debug)]
struct Sender {
    http: reqwest::Client,
    runtime: Mutex<Runtime>,
}

impl Sender {
    fn new() -> Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(SEND_DEADLINE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("cannot make an HTTP client")?;
        let runtime = Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
        Ok(Self { http, runtime: Mutex::new(runtime) })
    }
}

#[async_trait::async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // The batch thread waits for this and does nothing else, so it may block.
        let runtime = self.runtime.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        runtime.block_on(async {
            let answer = self.http.execute(request.try_into()?).await?;
            let status = answer.status();
            Ok(Response::builder().status(status).body(answer.bytes().await?)?)
        })
    }
}
