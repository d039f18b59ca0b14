//! One agent's tools: checks the list, calls the right server, gives the typed result or the taxonomy's error.

use crate::allow::may_call;
use crate::connection::Connection;
use crate::decode;
use gangway_protocol::tools::{META_CORRELATION_ID, META_REPLAYED, META_RUN_ID, Tool};
use gangway_protocol::trace::TRACEPARENT;
use gangway_protocol::{Agent, ApiError, CorrelationId, ErrorType, RunId, System, TraceParent};
use rmcp::model::{CallToolRequestParams, RequestMetaObject};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a call belongs to and how long it may take.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The run, when it belongs to one.
    pub run_id: Option<RunId>,
    /// The correlation id, when there is one.
    pub correlation_id: Option<CorrelationId>,
    /// The trace, when there is one.
    pub trace: Option<TraceParent>,
    /// How long one call may take, connecting included.
    pub deadline: Duration,
}

impl Scope {
    /// A scope that ties calls to nothing, with a deadline.
    #[must_use]
    pub fn of_no_run(deadline: Duration) -> Self {
        Self { run_id: None, correlation_id: None, trace: None, deadline }
    }

    /// A run's scope.
    #[must_use]
    pub fn of_run(run_id: RunId, correlation_id: CorrelationId, deadline: Duration) -> Self {
        Self { run_id: Some(run_id), correlation_id: Some(correlation_id), trace: None, deadline }
    }

    /// The same scope within a trace.
    #[must_use]
    pub fn within(self, trace: Option<TraceParent>) -> Self {
        Self { trace, ..self }
    }

    /// What travels in `_meta`.
    fn meta(&self) -> RequestMetaObject {
        let mut meta = RequestMetaObject::new();
        if let Some(run_id) = &self.run_id {
            meta.0.0.insert(META_RUN_ID.to_owned(), Value::from(run_id.as_str()));
        }
        if let Some(correlation_id) = &self.correlation_id {
            meta.0.0.insert(META_CORRELATION_ID.to_owned(), Value::from(correlation_id.as_str()));
        }
        if let Some(trace) = &self.trace {
            meta.0.0.insert(TRACEPARENT.to_owned(), Value::from(trace.as_str()));
        }
        meta
    }
}

/// A tool's result, and whether it is news.
#[derive(Debug, Clone)]
pub struct Answered<T> {
    /// The result.
    pub output: T,
    /// An earlier call with the same idempotency key had this answer; nothing happened now.
    pub replayed: bool,
}

/// An agent's way to its servers. Cheap to clone.
#[derive(Clone)]
pub struct Toolbelt {
    agent: Agent,
    connections: BTreeMap<System, Connection>,
}

impl Toolbelt {
    /// A belt without servers.
    #[must_use]
    pub fn new(agent: Agent) -> Self {
        Self { agent, connections: BTreeMap::new() }
    }

    /// The same belt, reaching `system` over `connection`.
    #[must_use]
    pub fn with(mut self, system: System, connection: Connection) -> Self {
        self.connections.insert(system, connection);
        self
    }

    /// Calls tool `T`.
    ///
    /// # Errors
    /// The server's own error; `TOOL_NOT_ALLOWED` or `NO_CONNECTION` before anything is sent; a network or timeout
    /// error when the server cannot be reached or does not answer; `UNREADABLE_ANSWER` when it answers nonsense.
    pub async fn call<T: Tool>(&self, scope: &Scope, args: &T::Args) -> Result<T::Output, ApiError> {
        self.call_noting_repeats::<T>(scope, args).await.map(|answered| answered.output)
    }

    /// Calls tool `T` and says whether its answer is that of an earlier call with the same idempotency key.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn call_noting_repeats<T: Tool>(
        &self,
        scope: &Scope,
        args: &T::Args,
    ) -> Result<Answered<T::Output>, ApiError> {
        let contract = T::CONTRACT;
        let failed = |kind, code: &str, text: &str| {
            ApiError::new(contract.system, kind, contract.operation(), code, text)
        };
        if !may_call(self.agent, contract.name) {
            let text = format!("{} may not call {}", self.agent.name(), contract.name);
            return Err(failed(ErrorType::Authorization, "TOOL_NOT_ALLOWED", &text).unsent());
        }
        let Some(connection) = self.connections.get(&contract.system) else {
            let text = format!("no server is configured for {}", contract.system);
            return Err(failed(ErrorType::Network, "NO_CONNECTION", &text).unsent());
        };
        let arguments = match serde_json::to_value(args) {
            Ok(Value::Object(arguments)) => arguments,
            Ok(_) | Err(_) => {
                let text = "the arguments are no JSON object";
                return Err(failed(ErrorType::Validation, "INVALID_ARGUMENTS", text).unsent());
            }
        };
        let params = CallToolRequestParams::new(contract.name).with_arguments(arguments);
        let result = connection.call::<T>(params, scope.meta(), scope.deadline).await.map_err(|failure| {
            let error = failed(failure.kind, failure.code, &failure.text);
            if failure.unsent { error.unsent() } else { error }
        })?;
        let replayed =
            result.meta.as_ref().and_then(|meta| meta.0.get(META_REPLAYED)) == Some(&Value::Bool(true));
        decode::output::<T>(result).map(|output| Answered { output, replayed })
    }
}
