//! Three tools that do what their `mode` argument says, and a bench that serves them to a client over a byte pipe.

use gangway_governance::{Call, Governance, Governed, Policy, Principal, Reach, Server, ToolNames};
use gangway_protocol::audit::AuditEntry;
use gangway_protocol::redact::Personal;
use gangway_protocol::tools::{Access, Contract, Rerun, Tool};
use gangway_protocol::{AccountId, ApiError, ErrorType, IdempotencyKey, System};
use gangway_store::Store;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientConfig, ClientRequest, ProtocolVersion,
    RequestMetaObject, ServerResult,
};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt as _, PeerRequestOptions, RoleClient, RunningService, ServiceError,
    ServiceExt as _,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::Semaphore;

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct ReadArgs {
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    pub person: Option<Personal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anything: Option<Value>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct WriteArgs {
    #[serde(default)]
    pub mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-redact" = "secret"))]
    pub grant: Option<String>,
    pub idempotency_key: IdempotencyKey,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    #[schemars(length(max = 20))]
    pub said: String,
    pub run_id: Option<String>,
    pub number: u32,
}

pub struct Peek;
impl Tool for Peek {
    type Args = ReadArgs;
    type Output = Outcome;
    const CONTRACT: Contract = contract("tasks.peek", Access::Read);
}

pub struct Poke;
impl Tool for Poke {
    type Args = WriteArgs;
    type Output = Outcome;
    const CONTRACT: Contract = contract("tasks.poke", write(Rerun::Harmless));
}

pub struct Fire;
impl Tool for Fire {
    type Args = WriteArgs;
    type Output = Outcome;
    const CONTRACT: Contract = contract("tasks.fire_once", write(Rerun::Unsafe));
}

const fn write(rerun: Rerun) -> Access {
    Access::Write { key: "idempotency_key", destructive: false, rerun }
}

const fn contract(name: &'static str, access: Access) -> Contract {
    let (title, description) = ("A toy", "Does what its mode says and nothing else, at most once per call.");
    Contract { system: System::Tasks, name, title, description, access, open_world: false }
}

/// What the handlers share with the test.
pub struct Toys {
    pub runs: AtomicU32,
    /// A handler in mode `gate` waits for a permit.
    pub gate: Semaphore,
}

impl Toys {
    async fn act(&self, mode: &str, call: Call) -> Result<Outcome, ApiError> {
        let number = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        match mode {
            "panic" => panic!("secret words of a panic"),
            "never" => future::pending().await,
            "gate" => {
                call.progress.tell("waiting at the gate");
                self.gate.acquire().await.unwrap().forget();
            }
            "wrong" => {
                return Ok(Outcome { said: "x".repeat(21), run_id: None, number });
            }
            "missing" => return Err(call.error(ErrorType::NotFound, "NO_SUCH_THING", "not there")),
            "broken" => return Err(call.error(ErrorType::Network, "CONNECTION_BROKEN", "cut")),
            "broken once" if number == 1 => {
                return Err(call.error(ErrorType::Network, "CONNECTION_BROKEN", "cut"));
            }
            _ => {}
        }
        Ok(Outcome { said: mode.to_owned(), run_id: call.run_id.map(String::from), number })
    }
}

pub fn toy_server(toys: &Arc<Toys>) -> Server {
    let (peek, poke, fire) = (Arc::clone(toys), Arc::clone(toys), Arc::clone(toys));
    Server::new(System::Tasks, "Toys", "For tests.")
        .tool::<Peek, _, _>(move |args, call| {
            let toys = Arc::clone(&peek);
            async move { toys.act(&args.mode, call).await }
        })
        .tool::<Poke, _, _>(move |args, call| {
            let toys = Arc::clone(&poke);
            async move { toys.act(&args.mode, call).await }
        })
        .tool::<Fire, _, _>(move |args, call| {
            let toys = Arc::clone(&fire);
            async move { toys.act(&args.mode, call).await }
        })
}

pub fn toys() -> Arc<Toys> {
    Arc::new(Toys { runs: AtomicU32::new(0), gate: Semaphore::new(0) })
}

pub fn governed(server: Server, governance: Governance, names: ToolNames) -> Governed {
    governed_by(tester(), server, Arc::new(governance), names)
}

fn governed_by(caller: Principal, server: Server, governance: Arc<Governance>, names: ToolNames) -> Governed {
    Governed::new(server, governance, caller, names)
}

/// Who calls unless a test says otherwise.
pub fn tester() -> Principal {
    Principal::local("tester", Reach::Writes).unwrap()
}

#[derive(Clone, Copy)]
pub enum Era {
    Legacy,
    Modern,
}

pub type Client = RunningService<RoleClient, ClientConfig>;

/// Opens a session over a byte pipe.
pub async fn connect(governed: Governed, era: Era) -> Client {
    let (near, far) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move { governed.serve(far).await.unwrap().waiting().await });
    let lifecycle = match era {
        Era::Legacy => ClientLifecycleMode::Initialize,
        Era::Modern => {
            ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
        }
    };
    ClientConfig::default().serve_with_lifecycle(near, lifecycle).await.unwrap()
}

/// A served toy box.
pub struct Bench {
    pub client: Client,
    pub store: Store,
    pub toys: Arc<Toys>,
    pub governance: Arc<Governance>,
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(|governance| governance).await
    }

    pub async fn with(adjust: impl FnOnce(Governance) -> Governance) -> Self {
        Self::over(Store::in_memory().unwrap(), adjust).await
    }

    pub async fn over(store: Store, adjust: impl FnOnce(Governance) -> Governance) -> Self {
        let toys = toys();
        let governance = Arc::new(adjust(Governance::new(store.clone())));
        let governed = governed_by(tester(), toy_server(&toys), Arc::clone(&governance), ToolNames::Dotted);
        Self { client: connect(governed, Era::Modern).await, store, toys, governance }
    }

    /// Somebody else at the same toys and store.
    pub async fn beside(&self, caller: Principal) -> Self {
        let (store, toys) = (self.store.clone(), Arc::clone(&self.toys));
        let who = r#"who = ["agent:coordinator", "agent:finance-agent", "role:admin"]"#;
        let policy = Policy::read(&format!("[[allow]]\n{who}\ntools = [\"tasks.*\"]\n")).unwrap();
        let governance = Arc::new(Governance::new(store.clone()).with_policy(policy));
        let governed = governed_by(caller, toy_server(&toys), Arc::clone(&governance), ToolNames::Dotted);
        Self { client: connect(governed, Era::Modern).await, store, toys, governance }
    }

    pub fn runs(&self) -> u32 {
        self.toys.runs.load(Ordering::SeqCst)
    }

    pub async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        call(&self.client, tool, arguments, RequestMetaObject::new()).await.unwrap()
    }

    /// Every audit record so far. The store keeps the order of what is queued, so an awaited read sees it all.
    pub async fn audit(&self) -> Vec<AuditEntry> {
        self.store.audit().tail(1_000).await.unwrap()
    }
}

pub async fn call(
    client: &Client,
    tool: &'static str,
    arguments: Value,
    meta: RequestMetaObject,
) -> Result<CallToolResult, ServiceError> {
    let mut params = CallToolRequestParams::new(tool);
    if let Value::Object(map) = arguments {
        params = params.with_arguments(map);
    }
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
    let options = PeerRequestOptions::no_options().with_meta(meta);
    match client.send_cancellable_request(request, options).await?.await_response().await? {
        ServerResult::CallToolResult(result) => Ok(result),
        other => panic!("not a tool result: {other:?}"),
    }
}

/// The structured content of a success, checked against its text copy.
pub fn success(result: &CallToolResult) -> Value {
    assert_eq!(result.is_error, Some(false), "{result:?}");
    let structured = result.structured_content.clone().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text(result)).unwrap(), structured);
    structured
}

/// The error of a failure, which carries no structured content.
pub fn error(result: &CallToolResult) -> ApiError {
    assert_eq!(result.is_error, Some(true), "{result:?}");
    assert_eq!(result.structured_content, None);
    serde_json::from_str(&text(result)).unwrap()
}

pub fn code(result: &CallToolResult) -> String {
    error(result).error_code
}

fn text(result: &CallToolResult) -> String {
    result.content.first().unwrap().as_text().unwrap().text.clone()
}

pub fn keyed(mode: &str, key: &str) -> Value {
    json!({"mode": mode, "idempotency_key": key})
}
