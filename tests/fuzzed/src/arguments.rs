//! Tool arguments: size, schema, idempotency key and reading of every tool there is, up to its handler.
//!
//! Input: one byte that says which tool, then the arguments as JSON. What reaches a handler is held against the published
//! schema by a validator of its own, and refusals must not repeat what is personal.

use crate::assert_is_readable;
use futures::FutureExt as _;
use gangway_governance::pipeline::admit;
use gangway_governance::pipeline::schema::{MAX_ARGUMENT_BYTES, MAX_ARGUMENT_DEPTH};
use gangway_governance::tool::GovernedTool;
use gangway_governance::{Call, Confirmation, Principal, Progress};
use gangway_protocol::redact::redact;
use gangway_protocol::tools::{
    self, Access, Contract, Tool, approvals, clm, netsuite, notify, onboarding, provision, salesforce, tasks,
};
use gangway_protocol::{Agent, ApiError, ErrorType, TraceParent};
use jsonschema::Validator;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::sync::OnceLock;

/// Stands at the head of a personal value, to be looked for where it must not be.
const CANARY: &str = "Zq9-";

thread_local! {
    /// The arguments that the handler which ran last was given, as it saw them.
    static REACHED: RefCell<Option<Value>> = const { RefCell::new(None) };
}

/// A tool whose handler only writes down what reached it.
struct Tried {
    tool: GovernedTool,
    contract: Contract,
    schema: Value,
    validator: Validator,
}

impl Tried {
    fn of<T: Tool>() -> Self {
        let schema = tools::input_schema::<T>();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let tool = GovernedTool::new::<T, (), _, _, _>(
            |_, _| Ok(()),
            |(), args: T::Args, call: Call| {
                let seen = serde_json::to_value(&args).unwrap();
                let again: T::Args = serde_json::from_value(seen.clone()).unwrap();
                assert_eq!(serde_json::to_value(&again).unwrap(), seen, "arguments change when written");
                REACHED.set(Some(seen));
                async move { Err(call.error(ErrorType::NotFound, "TRIED", "reached")) }
            },
        );
        Self { tool, contract: T::CONTRACT, schema, validator }
    }

    fn call(&self) -> Call {
        Call {
            system: self.contract.system,
            operation: self.contract.operation(),
            principal: Principal::agent(Agent::Coordinator),
            run_id: None,
            correlation_id: None,
            trace: TraceParent::beginning(1),
            key: None,
            confirmation: Confirmation::default(),
            progress: Progress::default(),
        }
    }
}

fn tried() -> &'static [Tried] {
    static TRIED: OnceLock<Vec<Tried>> = OnceLock::new();
    TRIED.get_or_init(|| {
        let tried = all();
        let names: Vec<&str> = tried.iter().map(|tried| tried.contract.name).collect();
        let known: Vec<&str> = tools::known().iter().map(|known| known.contract.name).collect();
        assert_eq!(names, known, "every tool is tried");
        tried
    })
}

fn all() -> Vec<Tried> {
    vec![
        Tried::of::<salesforce::GetAccount>(),
        Tried::of::<salesforce::GetUser>(),
        Tried::of::<salesforce::GetOpportunity>(),
        Tried::of::<salesforce::GetContract>(),
        Tried::of::<salesforce::GetOnboardingBundle>(),
        Tried::of::<salesforce::GetAccounts>(),
        Tried::of::<salesforce::ListClosedWon>(),
        Tried::of::<salesforce::UpdateOnboardingStatus>(),
        Tried::of::<clm::GetContract>(),
        Tried::of::<clm::GetContracts>(),
        Tried::of::<clm::ListPendingSignatures>(),
        Tried::of::<clm::SendReminder>(),
        Tried::of::<netsuite::GetInvoice>(),
        Tried::of::<netsuite::GetInvoices>(),
        Tried::of::<netsuite::GetExchangeRate>(),
        Tried::of::<provision::CreateTenant>(),
        Tried::of::<provision::SuspendTenant>(),
        Tried::of::<provision::GetTenant>(),
        Tried::of::<provision::ListTenants>(),
        Tried::of::<tasks::CreateChecklist>(),
        Tried::of::<tasks::UpdateStatus>(),
        Tried::of::<tasks::List>(),
        Tried::of::<tasks::GetOverdue>(),
        Tried::of::<tasks::GetNextActions>(),
        Tried::of::<tasks::GetProgress>(),
        Tried::of::<notify::PostMessage>(),
        Tried::of::<notify::SendEmail>(),
        Tried::of::<notify::Page>(),
        Tried::of::<onboarding::StartRun>(),
        Tried::of::<onboarding::RequestRun>(),
        Tried::of::<onboarding::GetRun>(),
        Tried::of::<onboarding::ListRuns>(),
        Tried::of::<onboarding::ListBlocked>(),
        Tried::of::<onboarding::Explain>(),
        Tried::of::<approvals::ListApprovals>(),
        Tried::of::<approvals::DecideApproval>(),
        Tried::of::<onboarding::ContractAssess>(),
        Tried::of::<onboarding::FinanceAssess>(),
        Tried::of::<onboarding::Sweep>(),
    ]
}

/// Tries one input.
pub fn check(input: &[u8]) {
    let Some((which, arguments)) = input.split_first() else { return };
    let Ok(arguments) = serde_json::from_slice::<Map<String, Value>>(arguments) else { return };
    let Some(tried) = tried().get(usize::from(*which) % tried().len()) else { return };
    match admitted(tried, &Value::Object(arguments.clone())) {
        Ok(()) => {}
        Err(refusal) => assert_is_a_refusal(&refusal),
    }
    let kept = redact(&arguments, &tried.schema);
    let marked = marked(arguments, &kept);
    if let Err(refusal) = admitted(tried, &marked) {
        assert!(!refusal.message.contains(CANARY), "a refusal repeats what is personal: {}", refusal.message);
    }
}

/// Lets a call in as far as its handler, and holds what got there against what was published.
fn admitted(tried: &Tried, arguments: &Value) -> Result<(), ApiError> {
    REACHED.set(None);
    let (call, run) = admit(&tried.tool, tried.call(), arguments)?;
    assert_eq!(REACHED.take(), None, "the handler ran before anything was recorded");
    let ended = run.now_or_never().expect("this handler waits for nothing");
    assert_eq!(ended.map_err(|error| error.error_code), Err("TRIED".to_owned()));
    let seen = REACHED.take().expect("the handler was run");
    let name = tried.contract.name;
    assert!(
        tried.validator.is_valid(arguments),
        "{name}: arguments that break the schema reached the handler"
    );
    assert!(depth(arguments) <= MAX_ARGUMENT_DEPTH, "{name}: nested too deep");
    assert!(arguments.to_string().len() <= 8 * MAX_ARGUMENT_BYTES, "{name}: too large");
    let known = tried.schema["properties"].as_object().unwrap();
    let unknown: Vec<&String> =
        arguments.as_object().unwrap().keys().filter(|name| !known.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "{name}: {unknown:?} are no arguments");
    match tried.contract.access {
        Access::Read => assert_eq!(call.key, None),
        Access::Write { key, .. } => {
            let key_of_call = call.key.expect("a write has a key");
            assert_eq!(arguments[key].as_str(), Some(key_of_call.as_str()));
            assert_eq!(seen[key], arguments[key]);
        }
    }
    Ok(())
}

fn assert_is_a_refusal(refusal: &ApiError) {
    assert_eq!(
        (refusal.error_type, refusal.error_code.as_str()),
        (ErrorType::Validation, "INVALID_ARGUMENTS")
    );
    assert!(!refusal.retryable);
    assert_is_readable(&refusal.message);
}

/// The arguments with the canary at the head of every text that the audit would not keep.
fn marked(mut arguments: Map<String, Value>, kept: &Map<String, Value>) -> Value {
    for (name, value) in &mut arguments {
        let mark = kept.get(name).and_then(Value::as_str);
        let is_closed = matches!(mark, Some("[personal]" | "[secret]" | "[unknown]"));
        if let (Value::String(text), true) = (value, is_closed) {
            text.insert_str(0, CANARY);
        }
    }
    Value::Object(arguments)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(|item| 1 + depth(item)).max().unwrap_or(0),
        Value::Object(map) => map.values().map(|item| 1 + depth(item)).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
