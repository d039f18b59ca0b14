//! Tools are pinned: what a server in another process says a tool is must be what this release was built with.
//!
//! A server's words end up before models, and its schemas decide what is sent; neither may change behind our back. A tool
//! that differs, or of which there are several, is refused and told about once a listing; the others work. A server in this process is this release.

use gangway_protocol::System;
use gangway_protocol::canonical;
use gangway_protocol::tools::{Contract, Tool, describe};
use rmcp::model;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A tool that is not what it was pinned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The server.
    pub system: System,
    /// The tool.
    pub tool: &'static str,
    /// Digest of the definition this release was built with.
    pub pinned: String,
    /// Digest of what the server says; none if it does not offer the tool, or offers several by its name.
    pub found: Option<String>,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { system, tool, .. } = self;
        match self.found {
            Some(_) => write!(
                f,
                "the {system} server's definition of {tool} is not the one this release was built with"
            ),
            None => write!(f, "the {system} server does not offer {tool} to this caller, or more than once"),
        }
    }
}

/// Told of each drift.
pub type OnDrift = Arc<dyn Fn(&Drift) + Send + Sync>;

/// What tools are pinned to, worked out when first needed.
#[derive(Default)]
pub(crate) struct Pins(Mutex<BTreeMap<&'static str, String>>);

impl Pins {
    fn of<T: Tool>(&self) -> String {
        let mut pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let described = || {
            let mut described = describe::<T>();
            if let Some(fields) = described.as_object_mut() {
                fields.remove("name");
            }
            digest(&described)
        };
        pins.entry(T::CONTRACT.name).or_insert_with(described).clone()
    }
}

/// What a server offered when it was last asked.
pub(crate) struct Offered {
    /// By name; none where several tools have the name, for which of them a call would reach is the server's secret.
    digests: BTreeMap<String, Option<String>>,
    told: Mutex<BTreeSet<&'static str>>,
}

impl Offered {
    pub(crate) fn of(tools: &[model::Tool]) -> Self {
        let mut digests = BTreeMap::new();
        for tool in tools {
            let digest = digest(&definition(tool));
            digests.entry(tool.name.to_string()).and_modify(|found| *found = None).or_insert(Some(digest));
        }
        Self { digests, told: Mutex::default() }
    }

    /// Lets a call of `T` pass if the tool is what it is pinned to.
    pub(crate) fn check<T: Tool>(&self, pins: &Pins, on_drift: Option<&OnDrift>) -> Result<(), Drift> {
        let contract = T::CONTRACT;
        let (pinned, found) = (pins.of::<T>(), self.found(&contract));
        if found == Some(&pinned) {
            return Ok(());
        }
        let drift = Drift { system: contract.system, tool: contract.name, pinned, found: found.cloned() };
        let is_new = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(contract.name);
        if let Some(tell) = on_drift.filter(|_| is_new) {
            tell(&drift);
        }
        Err(drift)
    }

    /// By either spelling; a server that offers both is ambiguous and offers neither.
    fn found(&self, contract: &Contract) -> Option<&String> {
        match (self.digests.get(contract.name), self.digests.get(&contract.underscore_name())) {
            (Some(digest), None) | (None, Some(digest)) => digest.as_ref(),
            (None, None) | (Some(_), Some(_)) => None,
        }
    }
}

/// A definition as [`describe`] writes it, without the name it was found by.
fn definition(tool: &model::Tool) -> Value {
    let mut annotations = json!(tool.annotations);
    if let Some(hints) = annotations.as_object_mut() {
        // The title stands twice for hosts that look here.
        if hints.get("title") == Some(&json!(tool.title)) {
            hints.remove("title");
        }
    }
    json!({
        "title": tool.title,
        "description": tool.description,
        "annotations": annotations,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
    })
}

fn digest(definition: &Value) -> String {
    canonical::digest(definition).unwrap_or_else(|_| "unreadable".to_owned())
}
