//! The tool contracts: name, words, access, typed arguments and typed result of every tool.
//!
//! Both ends of an MCP call are written against these types, so agent and server cannot disagree.
//! A contract says nothing about how a tool works.

pub mod approvals;
pub mod clm;
pub mod netsuite;
pub mod notify;
pub mod onboarding;
pub mod provision;
pub mod salesforce;
pub mod tasks;

use crate::System;
use crate::canonical;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Key in a call's `_meta` that carries the run id.
pub const META_RUN_ID: &str = "gangway/run_id";
/// Key in a call's `_meta` that carries the correlation id.
pub const META_CORRELATION_ID: &str = "gangway/correlation_id";

/// Key in a result's `_meta`, true when it is the first answer to the same idempotency key, given again.
pub const META_REPLAYED: &str = "gangway/replayed";

/// What happens when a write's handler runs a second time with the same key, after a crash between claim and answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rerun {
    /// Its receiver recognises the key or the state: running again is harmless.
    Harmless,
    /// The receiver cannot tell: the answer is UNKNOWN and it is not run again.
    Unsafe,
}

/// Whether a tool reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Changes nothing.
    Read,
    /// Changes something, once per key.
    Write {
        /// The argument that holds the idempotency key.
        key: &'static str,
        /// May undo or switch off something.
        destructive: bool,
        /// Whether its handler may run again.
        rerun: Rerun,
    },
}

/// What the world sees of a tool, types apart.
#[derive(Debug, Clone, Copy)]
pub struct Contract {
    /// The server it belongs to.
    pub system: System,
    /// Canonical dotted name, e.g. `salesforce.get_account`.
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// Description for models and people, with limits.
    pub description: &'static str,
    /// Read or write.
    pub access: Access,
    /// Whether it talks to a system outside Gangway.
    pub open_world: bool,
}

impl Contract {
    /// The published name without dots, for hosts that accept only `[a-zA-Z0-9_-]{1,64}`.
    #[must_use]
    pub fn underscore_name(&self) -> String {
        self.name.replace('.', "_")
    }

    /// The part after the server's name, e.g. `get_account`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, operation)| operation)
    }
}

/// A tool: its contract and the types of its arguments and result.
pub trait Tool: Send + Sync + 'static {
    /// Arguments, a JSON object.
    type Args: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// Result, a JSON object.
    type Output: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// Name, words and access.
    const CONTRACT: Contract;
}

/// JSON Schema of a tool's arguments; unknown arguments are refused.
#[must_use]
pub fn input_schema<T: Tool>() -> Value {
    let mut schema =
        schemars::SchemaGenerator::new(schemars::generate::SchemaSettings::draft2020_12().for_deserialize())
            .into_root_schema_for::<T::Args>()
            .to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("additionalProperties".to_owned(), Value::Bool(false));
        object.entry("properties").or_insert_with(|| json!({}));
    }
    schema
}

/// JSON Schema of a tool's result.
#[must_use]
pub fn output_schema<T: Tool>() -> Value {
    schemars::SchemaGenerator::new(schemars::generate::SchemaSettings::draft2020_12().for_serialize())
        .into_root_schema_for::<T::Output>()
        .to_value()
}

/// A tool's whole contract as JSON: what a host sees, and what the digest covers.
#[must_use]
pub fn describe<T: Tool>() -> Value {
    let contract = T::CONTRACT;
    let (read_only, destructive) = match contract.access {
        Access::Read => (true, false),
        Access::Write { destructive, .. } => (false, destructive),
    };
    json!({
        "name": contract.name,
        "title": contract.title,
        "description": contract.description,
        "annotations": {
            "readOnlyHint": read_only,
            "destructiveHint": destructive,
            "idempotentHint": true,
            "openWorldHint": contract.open_world,
        },
        "inputSchema": input_schema::<T>(),
        "outputSchema": output_schema::<T>(),
    })
}

/// A tool there is: its contract, and how the rest of what the world sees of it is made.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Name, words and access.
    pub contract: Contract,
    describe: fn() -> Value,
}

impl Known {
    /// The tool `T`.
    #[must_use]
    pub fn of<T: Tool>() -> Self {
        Self { contract: T::CONTRACT, describe: describe::<T> }
    }

    /// The whole contract as JSON: see [`describe`].
    #[must_use]
    pub fn describe(&self) -> Value {
        (self.describe)()
    }
}

/// Every tool, in the order of the design's table.
#[must_use]
pub fn known() -> Vec<Known> {
    [
        salesforce::known(),
        clm::known(),
        netsuite::known(),
        provision::known(),
        tasks::known(),
        notify::known(),
        onboarding::known(),
    ]
    .concat()
}

/// Every tool's contract as JSON, in the order of the design's table.
#[must_use]
pub fn describe_all() -> Vec<Value> {
    known().iter().map(Known::describe).collect()
}

/// Digest over every tool's contract, recorded on each run.
#[must_use]
pub fn contracts_digest() -> String {
    canonical::digest(&describe_all()).unwrap_or_else(|_| "unavailable".to_owned())
}

#[cfg(test)]
mod tests;
