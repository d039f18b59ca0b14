//! Stage: arguments against the tool's input schema, results against its output schema (JSON Schema 2020-12).
//!
//! Schemas are compiled when first checked against – most tools of a process are never called – and resolve nothing
//! outside themselves. Messages name the path and the rule that was broken and never repeat a value: an argument may be
//! a person's address or a secret.

use crate::call::Call;
use crate::ours::Ours;
use gangway_protocol::ApiError;
use gangway_protocol::tools::{self, Tool};
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value};
use std::sync::OnceLock;

/// Largest arguments accepted, in bytes of text and structure. A mail body is the largest thing a tool takes.
pub const MAX_ARGUMENT_BYTES: usize = 1 << 20;
/// Deepest nesting accepted. Our own arguments nest three levels.
pub const MAX_ARGUMENT_DEPTH: usize = 32;
/// Problems named in one message; a caller mends the first few and asks again.
const PROBLEMS_NAMED: usize = 3;

/// A tool's two schemas, as text for publishing and compiled for checking.
pub(crate) struct Schemas {
    pub(crate) input: Value,
    pub(crate) output: Value,
    check_input: OnceLock<Check>,
    check_output: OnceLock<Check>,
}

/// A schema that does not compile is a defect of ours; its tool refuses every call instead of checking nothing.
type Check = Result<Validator, String>;

impl Schemas {
    pub(crate) fn of<T: Tool>() -> Self {
        let (input, output) = (tools::input_schema::<T>(), tools::output_schema::<T>());
        Self { input, output, check_input: OnceLock::new(), check_output: OnceLock::new() }
    }

    /// Refuses arguments that are too large or too deep.
    pub(crate) fn check_size(&self, arguments: &Value, call: &Call) -> Result<(), ApiError> {
        let refuse = |text: &str| call.mistake("INVALID_ARGUMENTS", text);
        match measure(arguments, 0) {
            Size::TooDeep => {
                Err(refuse(&format!("the arguments nest deeper than {MAX_ARGUMENT_DEPTH} levels")))
            }
            Size::Bytes(bytes) if bytes > MAX_ARGUMENT_BYTES => {
                Err(refuse(&format!("the arguments are larger than {MAX_ARGUMENT_BYTES} bytes")))
            }
            Size::Bytes(_) => Ok(()),
        }
    }

    /// Refuses arguments that are too large, too deep or break the schema.
    pub(crate) fn check_arguments(&self, arguments: &Value, call: &Call) -> Result<(), ApiError> {
        self.check_size(arguments, call)?;
        let refuse = |text: &str| call.mistake("INVALID_ARGUMENTS", text);
        match self.check_input.get_or_init(|| compile(&self.input)) {
            Ok(validator) => problems(validator, arguments).map_or(Ok(()), |text| Err(refuse(&text))),
            Err(defect) => Err(broken(call, defect)),
        }
    }

    /// Which of these arguments do not fit their own place in the schema.
    pub(crate) fn misfits(&self, arguments: &Value) -> Vec<String> {
        let Ok(validator) = self.check_input.get_or_init(|| compile(&self.input)) else { return Vec::new() };
        let paths = validator.iter_errors(arguments).map(|error| error.instance_path().to_string());
        paths.filter_map(|path| path.split('/').nth(1).map(ToOwned::to_owned)).collect()
    }

    /// Refuses a result that breaks the schema: our own defect, never the caller's.
    pub(crate) fn check_result(&self, result: &Value, call: &Call) -> Result<(), ApiError> {
        match self.check_output.get_or_init(|| compile(&self.output)) {
            Ok(validator) => problems(validator, result).map_or(Ok(()), |text| {
                let text = format!("the tool's result breaks its own schema: {text}");
                Err(call.failure(Ours::InvalidResult, &text))
            }),
            Err(defect) => Err(broken(call, defect)),
        }
    }
}

/// Says why arguments that fit the schema still could not be read, without the value.
pub(crate) fn unreadable(
    error: &serde_path_to_error::Error<serde_json::Error>,
    schemas: &Schemas,
    call: &Call,
) -> ApiError {
    let path = error.path().to_string();
    let top = path.split(['.', '[']).next().unwrap_or_default();
    let text = if is_open(top, &schemas.input) {
        format!("{path}: {}", error.inner())
    } else {
        format!("{path}: not a valid value")
    };
    call.mistake("INVALID_ARGUMENTS", &text)
}

/// Whether an argument's value may be shown: the audit's own rule, asked with a probe.
fn is_open(argument: &str, schema: &Value) -> bool {
    let probe = Map::from_iter([(argument.to_owned(), Value::Bool(true))]);
    gangway_protocol::redact::redact(&probe, schema).get(argument) == Some(&Value::Bool(true))
}

fn compile(schema: &Value) -> Check {
    jsonschema::options().with_draft(Draft::Draft202012).build(schema).map_err(|error| error.to_string())
}

fn broken(call: &Call, defect: &str) -> ApiError {
    let text = format!("the tool's schema does not compile: {defect}");
    call.failure(Ours::BrokenContract, &text)
}

fn problems(validator: &Validator, instance: &Value) -> Option<String> {
    if validator.is_valid(instance) {
        return None;
    }
    let named = validator.iter_errors(instance).take(PROBLEMS_NAMED).map(|error| {
        let path = error.instance_path().as_str();
        format!("{}: {}", if path.is_empty() { "/" } else { path }, error.masked())
    });
    Some(named.collect::<Vec<_>>().join("; "))
}

pub(crate) enum Size {
    Bytes(usize),
    TooDeep,
}

/// Size without writing the JSON out. Recursion ends at the depth limit, so hostile nesting cannot overflow the stack.
pub(crate) fn measure(value: &Value, depth: usize) -> Size {
    if depth > MAX_ARGUMENT_DEPTH {
        return Size::TooDeep;
    }
    let mut bytes: usize = 1;
    let mut add = |inner: Size, name: usize| match inner {
        Size::Bytes(more) => {
            bytes = bytes.saturating_add(more).saturating_add(name);
            true
        }
        Size::TooDeep => false,
    };
    let fits = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => add(Size::Bytes(8), 0),
        Value::String(text) => add(Size::Bytes(text.len()), 2),
        Value::Array(items) => items.iter().all(|item| add(measure(item, depth + 1), 1)),
        Value::Object(map) => map.iter().all(|(name, item)| add(measure(item, depth + 1), name.len() + 4)),
    };
    if fits { Size::Bytes(bytes) } else { Size::TooDeep }
}
