//! What a server offers besides tools: resources a host attaches to a conversation, prompts a person picks, and the
//! values it may suggest for their arguments.
//!
//! Each is made of read tools: a resource is a tool's answer under an address, a prompt is words around resources. So
//! whoever may not call the tool may not read it this way either, and what is recorded is the tool's call.

mod completions;
mod prompts;
mod resources;

pub use completions::{COMPLETIONS, Completion};
pub use prompts::{Argument, PROMPTS, Prompt};
pub use resources::{RESOURCES, Resource};

use serde_json::{Value, json};

/// Every resource, prompt and completion as JSON, for reviewers.
#[must_use]
pub fn describe_all() -> Value {
    let resource = |resource: &Resource| {
        json!({
            "uri": resource.address, "name": resource.name, "title": resource.title,
            "description": resource.description, "tool": resource.tool,
        })
    };
    let argument = |argument: &Argument| json!({ "name": argument.name, "description": argument.description, "required": argument.required });
    let prompt = |prompt: &Prompt| {
        json!({
            "name": prompt.name, "title": prompt.title, "description": prompt.description,
            "arguments": prompt.arguments.iter().map(argument).collect::<Vec<_>>(),
            "tool": prompt.tool, "resources": prompt.resources, "text": prompt.text,
        })
    };
    json!({
        "resources": RESOURCES.iter().map(resource).collect::<Vec<_>>(),
        "prompts": PROMPTS.iter().map(prompt).collect::<Vec<_>>(),
        "completions": COMPLETIONS.iter().map(|completion| json!({
            "argument": completion.argument, "tool": completion.tool,
            "values": format!("{}[].{}", completion.list, completion.field),
        })).collect::<Vec<_>>(),
    })
}

/// The resource of a name.
#[must_use]
pub fn resource(name: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.name == name)
}

#[cfg(test)]
mod tests;
