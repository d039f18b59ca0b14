//! What governance adds to a call: the wrapped call against the bare handler, side by side in one run.
//!
//! Twice: a read over a store in memory, so that no fsync is measured (its writer thread competes for the same cores, as
//! it does in production), and a write over a store on disk, whose intent and outcome are each waited for until they are
//! committed with full sync. It judges nothing: goals (50 µs and 5 ms, p99) and figures stand in the room's README.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark prints its figure and may stop"
)]

use gangway_governance::limits::settings::CallerSettings;
use gangway_governance::limits::{LimitSettings, Limits};
use gangway_governance::{Governance, Governed, Principal, Reach, Server, ToolNames};
use gangway_protocol::tools::{Access, Contract, Rerun, Tool};
use gangway_protocol::{AccountId, IdempotencyKey, System};
use gangway_store::Store;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{CallToolRequestParams, CallToolResponse, ClientConfig, RequestId};
use rmcp::service::{Peer, RequestContext, RoleServer, RunningService, serve_directly};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

const WARM_UP: usize = 2_000;
/// The goal of 400 runs a second makes about this many calls a second. Back to back, one caller would outrun the audit's
/// writer and the figure would be its queue's.
const CALLS_PER_SECOND: u32 = 5_000;
const CALLS: usize = 20_000;
/// Each waits for the disk twice, so one follows the other.
const COMMITTED_CALLS: usize = 3_000;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    account_id: AccountId,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct WriteArgs {
    account_id: AccountId,
    idempotency_key: IdempotencyKey,
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

struct Write;

impl Tool for Write {
    type Args = WriteArgs;
    type Output = Output;
    const CONTRACT: Contract = Contract {
        system: System::Salesforce,
        name: "salesforce.write",
        title: "Write",
        description: "Does nothing and gives a fixed answer of about one kilobyte.",
        access: Access::Write { key: "idempotency_key", destructive: false, rerun: Rerun::Harmless },
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

/// Two tools behind governance over a store, called without a transport.
struct Rig {
    governed: Governed,
    peer: Peer<RoleServer>,
    _session: RunningService<RoleServer, Governed>,
    answer: Arc<Output>,
}

/// How long one call took bare and governed.
type Pair = (Duration, Duration);

impl Rig {
    fn over(store: Store) -> Self {
        let answer = Arc::new(output());
        let (read, write) = (Arc::clone(&answer), Arc::clone(&answer));
        let server = Server::new(System::Salesforce, "Bench", "Bench.")
            .tool::<Read, _, _>(move |_args, _call| {
                let answer = Arc::clone(&read);
                async move { Ok(Output::clone(&answer)) }
            })
            .tool::<Write, _, _>(move |_args, _call| {
                let answer = Arc::clone(&write);
                async move { Ok(Output::clone(&answer)) }
            });
        let principal = Principal::local("bench", Reach::Writes).unwrap();
        // A bucket like any caller's, but never empty: a refusal is not what is measured.
        let rate = Some(1_000_000);
        let callers = CallerSettings { per_second: rate, burst: rate, ..CallerSettings::default() };
        let limits = Limits::new(&LimitSettings { callers, ..LimitSettings::default() });
        let governance = Arc::new(Governance::new(store).with_limits(limits));
        let governed = Governed::new(server, governance, principal, ToolNames::Dotted);
        let (near, _far) = tokio::io::duplex(64);
        let session =
            serve_directly::<RoleServer, _, _, _, _>(governed.clone(), near, Some(ClientConfig::default()));
        Self { governed, peer: session.peer().clone(), _session: session, answer }
    }

    /// One call both ways. The bare one decodes the arguments, runs the handler and writes structured content and text,
    /// as any server must.
    async fn call<A: DeserializeOwned>(&self, tool: &'static str, arguments: Map<String, Value>) -> Pair {
        let given = arguments.clone();
        let began = Instant::now();
        let args: A = serde_json::from_value(given.into()).unwrap();
        let value = serde_json::to_value(Output::clone(&self.answer)).unwrap();
        let text = value.to_string();
        let bare = began.elapsed();
        drop(std::hint::black_box((args, value, text)));

        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        let context = RequestContext::new(RequestId::Number(1), self.peer.clone());
        let began = Instant::now();
        let result = self.governed.call_tool(request, context).await.unwrap();
        let governed = began.elapsed();
        let CallToolResponse::Complete(result) = result else { panic!("no result") };
        assert_eq!(result.is_error, Some(false), "{result:?}");
        (bare, governed)
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn percentiles(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    (at(0.50), at(0.99))
}

fn print(what: &str, pairs: Vec<Pair>) {
    let (bare, governed): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let ((bare_p50, bare_p99), (p50, p99)) = (percentiles(bare), percentiles(governed));
    println!("{what}, microseconds");
    println!("  bare handler   p50 {bare_p50:8.1}   p99 {bare_p99:8.1}");
    println!("  governed       p50 {p50:8.1}   p99 {p99:8.1}");
    println!("  added          p50 {:8.1}   p99 {:8.1}", p50 - bare_p50, p99 - bare_p99);
}

async fn reads_in_memory() {
    let rig = Rig::over(Store::in_memory().unwrap());
    let mut pairs = Vec::with_capacity(CALLS);
    let pace = Duration::from_secs(1) / CALLS_PER_SECOND;
    let mut next = Instant::now();
    for call in 0..WARM_UP + CALLS {
        while Instant::now() < next {
            tokio::task::yield_now().await;
        }
        next += pace;
        let pair = rig.call::<Args>("salesforce.read", object(json!({"account_id": "ACME-001"}))).await;
        if call >= WARM_UP {
            pairs.push(pair);
        }
    }
    print(&format!("read, no fsync, {CALLS} at {CALLS_PER_SECOND} a second"), pairs);
}

async fn writes_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::over(Store::open(folder.path()).unwrap());
    let mut pairs = Vec::with_capacity(COMMITTED_CALLS);
    for call in 0..COMMITTED_CALLS + 100 {
        let key = format!("run-1/write-{call}");
        let arguments = object(json!({"account_id": "ACME-001", "idempotency_key": key}));
        let pair = rig.call::<WriteArgs>("salesforce.write", arguments).await;
        if call >= 100 {
            pairs.push(pair);
        }
    }
    print(
        &format!("write, intent and outcome committed with full sync, {COMMITTED_CALLS} one by one"),
        pairs,
    );
}

#[tokio::main]
async fn main() {
    // On a worker thread, where a server's calls run too; the main thread would pay a switch for every call.
    tokio::spawn(async {
        reads_in_memory().await;
        writes_on_disk().await;
    })
    .await
    .unwrap();
}
