//! A toy MCP server that answers for every system: fixed answers by tool, replaceable, every call remembered.
//!
//! Only the workflow is under test here. Real servers against the real simulator are the whole system's tests.

use gangway_protocol::tools::META_REPLAYED;
use gangway_protocol::{ApiError, ErrorType, System};
use rmcp::handler::server::ServerHandler;
use rmcp::model::{self, CallToolResult, ContentBlock, ErrorData};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

/// What a tool answers.
#[derive(Clone)]
pub enum Answer {
    Value(Value),
    /// The answer of an earlier call with the same key.
    Repeated(Value),
    Error(ApiError),
}

/// One call, as it came in.
#[derive(Clone, Debug)]
pub struct Seen {
    pub tool: String,
    pub arguments: Map<String, Value>,
}

#[derive(Clone, Default)]
pub struct Vendors {
    answers: Arc<Mutex<HashMap<String, Answer>>>,
    next: Arc<Mutex<HashMap<String, VecDeque<Answer>>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

pub fn failure(system: System, error_type: ErrorType, code: &str) -> Answer {
    Answer::Error(ApiError::new(system, error_type, "some_operation", code, "it failed"))
}

impl Vendors {
    pub fn answering(self, tool: &str, answer: Answer) -> Self {
        self.answers.lock().unwrap().insert(tool.to_owned(), answer);
        self
    }

    /// Answers one call so, before what it answers otherwise; several are used up in order.
    pub fn next(&self, tool: &str, answer: Answer) {
        self.next.lock().unwrap().entry(tool.to_owned()).or_default().push_back(answer);
    }

    pub fn calls_of(&self, tool: &str) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.tool == tool).cloned().collect()
    }

    pub fn writes(&self) -> usize {
        let is_read = |tool: &str| tool.contains(".get_") || tool.contains(".list");
        self.seen.lock().unwrap().iter().filter(|seen| !is_read(&seen.tool)).count()
    }

    fn answer(&self, tool: &str, arguments: &Map<String, Value>) -> Answer {
        if let Some(answer) = self.next.lock().unwrap().get_mut(tool).and_then(VecDeque::pop_front) {
            return answer;
        }
        let replaced = self.answers.lock().unwrap().get(tool).cloned();
        replaced.unwrap_or_else(|| Answer::Value(usual(tool, arguments)))
    }
}

/// A healthy Enterprise account: everything checks out, everything works.
fn usual(tool: &str, arguments: &Map<String, Value>) -> Value {
    let account = arguments.get("account_id").cloned().unwrap_or(json!("ACME-001"));
    match tool {
        "salesforce.get_onboarding_bundle" => bundle(),
        "clm.get_contract" => json!({"contract": contract()}),
        "netsuite.get_invoices" => json!({"invoices": [invoice("PAID", 0)]}),
        "provision.create_tenant" => json!({"created": true, "tenant": tenant("run-1")}),
        "tasks.create_checklist" => json!({"created": true, "tasks": [task("T003"), task("T004")]}),
        "tasks.update_status" => json!({"task": task("T003")}),
        "notify.post_message" | "notify.send_email" => {
            json!({"message_id": "m-1", "status": "sent", "reference": "ref-1"})
        }
        "salesforce.update_onboarding_status" => json!({"account_id": account, "status": "provisioned"}),
        other => panic!("no answer is prepared for {other}"),
    }
}

pub fn bundle() -> Value {
    json!({
        "business_id": "ACME-001",
        "account": {"id": "0018Z00003ACMEQ", "name": "ACME Corp", "is_deleted": false, "billing_country": "United States",
                    "industry": "Technology", "owner_id": "0058Z000001OWNER"},
        "owner": {"id": "0058Z000001OWNER", "name": "Sarah Johnson", "email": "sarah.johnson@northwind.example",
                  "is_active": true, "profile_id": "00e8Z", "title": "CSM", "department": "CS", "manager_id": "0058Z2"},
        "opportunity": {"id": "0068Z", "account_id": "0018Z00003ACMEQ", "stage": "Closed Won",
                        "amount": {"minor": 15_000_000, "currency": "USD"}, "close_date": "2026-01-05", "contract_id": "8008Z"},
        "contract": null, "errors": []})
}

pub fn contract() -> Value {
    json!({
        "id": "CLM-CTR-001", "account_id": "ACME-001", "status": "EXECUTED", "effective_date": "2026-01-01",
        "expiry_date": "2026-12-31", "salesforce_contract_id": "8008Z", "tier": "Enterprise",
        "signatories": [{"name": "John Smith", "email": "john.smith@acme.example", "side": "customer", "signed": true}]})
}

pub fn invoice(status: &str, remaining: i64) -> Value {
    json!({
        "id": "INV-1", "account_id": "ACME-001", "contract_id": "CLM-CTR-001", "status": status,
        "total": {"minor": 15_000_000, "currency": "USD"}, "amount_remaining": {"minor": remaining, "currency": "USD"},
        "invoice_date": "2026-01-01", "due_date": "2026-01-31"})
}

pub fn tenant(run_id: &str) -> Value {
    json!({
        "tenant_id": "tnt-acme-001", "account_id": "ACME-001", "tier": "Enterprise", "state": "active",
        "login_url": "https://acme-001.northwind.example/login",
        "entitlements": {"users": 100, "storage_gb": 500, "api_calls_per_hour": 10_000, "features": ["analytics"]},
        "api_key_id": "key-1", "run_id": run_id, "created_at": "2026-03-04T10:00:00Z"})
}

pub fn task(code: &str) -> Value {
    json!({
        "task_id": format!("tnt-acme-001:{code}"), "code": code, "tenant_id": "tnt-acme-001", "account_id": "ACME-001",
        "title": "t", "category": "automated", "owner": "system", "status": "pending", "due_date": "2026-03-04",
        "after": [], "created_on": "2026-03-04", "contacts": {"cs": "cs@northwind.example"}})
}

impl ServerHandler for Vendors {
    async fn call_tool(
        &self,
        request: model::CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<model::CallToolResponse, ErrorData> {
        let tool = request.name.to_string();
        let arguments = request.arguments.unwrap_or_default();
        let answer = self.answer(&tool, &arguments);
        self.seen.lock().unwrap().push(Seen { tool, arguments });
        let result = match answer {
            Answer::Value(value) => CallToolResult::structured(value),
            Answer::Repeated(value) => {
                let mut result = CallToolResult::structured(value);
                let mut meta = model::MetaObject::default();
                meta.0.insert(META_REPLAYED.to_owned(), Value::Bool(true));
                result.meta = Some(meta);
                result
            }
            Answer::Error(error) => {
                CallToolResult::error(vec![ContentBlock::text(serde_json::to_string(&error).unwrap())])
            }
        };
        Ok(result.into())
    }
}
