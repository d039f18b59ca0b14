//! One tool of a server, made ready once: its published definition, its compiled schemas, its guard and its handler.
//!
//! Everything here is built when the server is built and shared from then on; a call compiles and clones nothing of it.

use crate::call::Call;
use crate::confirmation::Question;
use crate::pipeline::schema::Schemas;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_protocol::ApiError;
use gangway_protocol::tools::{Access, Contract, Tool};
use rmcp::model;
use serde::Serialize as _;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A handler's run: not begun, ends in the tool's result as JSON.
pub type Run = BoxFuture<'static, Result<Value, ApiError>>;

/// A call that was read and waits for its tool's guard, which lets it run or refuses it.
pub(crate) type Ready = Box<dyn FnOnce() -> Result<Run, ApiError> + Send>;

/// Turns checked arguments into a call that waits for its guard, or says why they cannot be read.
type Prepare =
    Box<dyn Fn(&Value, Call) -> Result<Ready, serde_path_to_error::Error<serde_json::Error>> + Send + Sync>;

/// Works out what a person is asked about a call; none when there is nothing to ask, or the arguments cannot be read.
pub(crate) type Ask =
    Box<dyn Fn(&Value, &Call) -> BoxFuture<'static, Result<Option<Question>, ApiError>> + Send + Sync>;

/// A tool behind governance.
pub struct GovernedTool {
    pub(crate) contract: Contract,
    pub(crate) schemas: Schemas,
    pub(crate) definition: model::Tool,
    /// What the person at the host is asked first; none where nobody is.
    pub(crate) ask: Option<Ask>,
    prepare: Prepare,
}

impl GovernedTool {
    /// The tool `T`, let through by `guard` and answered by `handler`, which gets what the guard proved.
    pub fn new<T, P, G, H, F>(guard: G, handler: H) -> Self
    where
        T: Tool,
        P: Send + 'static,
        G: Fn(&T::Args, &Call) -> Result<P, ApiError> + Send + Sync + 'static,
        H: Fn(P, T::Args, Call) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T::Output, ApiError>> + Send + 'static,
    {
        let schemas = Schemas::of::<T>();
        let definition = define(&T::CONTRACT, &schemas);
        let (guard, handler) = (Arc::new(guard), Arc::new(handler));
        let prepare: Prepare = Box::new(move |arguments, call| {
            let arguments: T::Args = serde_path_to_error::deserialize(arguments)?;
            let (guard, handler) = (Arc::clone(&guard), Arc::clone(&handler));
            Ok(Box::new(move || {
                let proof = guard(&arguments, &call)?;
                // The handler's own first lines run inside the future too, where a panic is contained.
                Ok(async move {
                    let unreadable = call.clone();
                    let output = handler(proof, arguments, call).await?;
                    output.serialize(serde_json::value::Serializer).map_err(|error| {
                        let text = error.to_string();
                        unreadable.error(gangway_protocol::ErrorType::ServerError, "INVALID_RESULT", &text)
                    })
                }
                .boxed())
            }))
        });
        Self { contract: T::CONTRACT, schemas, definition, ask: None, prepare }
    }

    /// The same tool, asking the person at the host what `ask` makes of the call before it runs.
    pub fn asking<T, A, F>(mut self, ask: A) -> Self
    where
        T: Tool,
        A: Fn(T::Args, Call) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Option<Question>, ApiError>> + Send + 'static,
    {
        self.ask = Some(Box::new(move |arguments, call| {
            match serde_json::from_value::<T::Args>(arguments.clone()) {
                Ok(arguments) => ask(arguments, call.clone()).boxed(),
                Err(_) => async { Ok(None) }.boxed(),
            }
        }));
        self
    }

    /// A call of this tool that waits for its guard.
    pub(crate) fn prepare(
        &self,
        arguments: &Value,
        call: Call,
    ) -> Result<Ready, serde_path_to_error::Error<serde_json::Error>> {
        (self.prepare)(arguments, call)
    }
}

/// What `tools/list` publishes, under the canonical name.
fn define(contract: &Contract, schemas: &Schemas) -> model::Tool {
    let (read_only, destructive) = match contract.access {
        Access::Read => (true, false),
        Access::Write { destructive, .. } => (false, destructive),
    };
    let hints = model::ToolAnnotations::with_title(contract.title)
        .read_only(read_only)
        .destructive(destructive)
        // Reads change nothing and writes answer a repeat of their key with the first answer.
        .idempotent(true)
        .open_world(contract.open_world);
    model::Tool::new(contract.name, contract.description, object(&schemas.input))
        .with_title(contract.title)
        .with_raw_output_schema(object(&schemas.output))
        .with_annotations(hints)
}

fn object(schema: &Value) -> Arc<Map<String, Value>> {
    Arc::new(schema.as_object().cloned().unwrap_or_default())
}
