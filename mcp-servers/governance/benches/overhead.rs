//! What governance adds to one read call: the wrapped call against the bare handler, side by side in one run.
//!
//! It judges nothing: the goal (≤ 50 µs p99 without fsync) and the figure stand in the room's README. The store is in
//! memory, so that no fsync is measured; its writer thread competes for the same cores, as it does in production.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its figure and may stop")]

use gangway_governance::{Governance, Governed, Principal, Reach, Server, ToolNames};
use gangway_protocol::tools::{Access, Contract, Tool};
use gangway_protocol::{AccountId, System};
use gangway_store::Store;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{CallToolRequestParams, ClientConfig, RequestId};
use rmcp::service::{RequestContext, RoleServer, serve_directly};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

const WARM_UP: usize = 2_000;
/// The goal of 400 runs a second makes about this many calls a second. Back to back, one caller would outrun the audit's
/// writer and the figure would be its queue's.
const CALLS_PER_SECOND: u32 = 5_000;
const CALLS: usize = 20_000;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    account_id: AccountId,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Line {
    id: String,
    status: String,
    minor: i64,
    currency: String,
}

/// About 1 KiB of JSON, like a gathered bundle.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Output {
    account_id: String,
    lines: Vec<Line>,
}

struct Read;

impl Tool for Read {
    type Args = Args;
    type Output = Output;
    const CONTRACT: Contract = Contract {
        system: System::Salesforce,
        name: "salesforce.read",
        title: "Read",
        description: "Gives a fixed answer of about one kilobyte.",
        access: Access::Read,
        open_world: false,
    };
}

fn output() -> Output {
    let line = |n: usize| Line {
        id: format!("INV-2026-{n:06}"),
        status: "PAID_IN_FULL".to_owned(),
        minor: 15_000_000,
        currency: "USD".to_owned(),
    };
    Output { account_id: "ACME-001".to_owned(), lines: (0..12).map(line).collect() }
}

fn arguments() -> Map<String, serde_json::Value> {
    json!({"account_id": "ACME-001"}).as_object().cloned().unwrap()
}

fn percentiles(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    (at(0.50), at(0.99))
}

#[tokio::main]
async fn main() {
    // On a worker thread, where a server's calls run too; the main thread would pay a switch for every call.
    tokio::spawn(measure()).await.unwrap();
}

async fn measure() {
    let answer = Arc::new(output());
    let handler = {
        let answer = Arc::clone(&answer);
        move |_args: Args| {
            let answer = Arc::clone(&answer);
            async move { Output::clone(&answer) }
        }
    };
    let wrapped = handler.clone();
    let server = Server::new(System::Salesforce, "Bench", "Bench.").tool::<Read, _, _>(move |args, _call| {
        let run = wrapped(args);
        async move { Ok(run.await) }
    });
    let governance = Arc::new(Governance::new(Store::in_memory().unwrap()));
    let governed = Governed::new(
        server,
        governance,
        Principal::local("bench", Reach::Writes).unwrap(),
        ToolNames::Dotted,
    );
    let (near, _far) = tokio::io::duplex(64);
    let session =
        serve_directly::<RoleServer, _, _, _, _>(governed.clone(), near, Some(ClientConfig::default()));
    let peer = session.peer().clone();

    let (mut bare, mut through) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    let pace = Duration::from_secs(1) / CALLS_PER_SECOND;
    let mut next = Instant::now();
    for call in 0..WARM_UP + CALLS {
        while Instant::now() < next {
            tokio::task::yield_now().await;
        }
        next += pace;
        // The bare path decodes the arguments, runs the handler and writes structured content and text, as any server must.
        let given = arguments();
        let began = Instant::now();
        let args: Args = serde_json::from_value(given.into()).unwrap();
        let value = serde_json::to_value(handler(args).await).unwrap();
        let text = value.to_string();
        let bare_took = began.elapsed();
        drop(std::hint::black_box((value, text)));

        let request = CallToolRequestParams::new("salesforce.read").with_arguments(arguments());
        let context = RequestContext::new(RequestId::Number(1), peer.clone());
        let began = Instant::now();
        let result = governed.call_tool(request, context).await.unwrap();
        let through_took = began.elapsed();
        drop(std::hint::black_box(result));
        if call >= WARM_UP {
            bare.push(bare_took);
            through.push(through_took);
        }
    }
    let ((bare_p50, bare_p99), (p50, p99)) = (percentiles(bare), percentiles(through));
    println!("read call, {CALLS} in one run at {CALLS_PER_SECOND} a second, microseconds");
    println!("  bare handler   p50 {bare_p50:7.1}   p99 {bare_p99:7.1}");
    println!("  governed       p50 {p50:7.1}   p99 {p99:7.1}");
    println!("  added          p50 {:7.1}   p99 {:7.1}", p50 - bare_p50, p99 - bare_p99);
}
