//! Resources, prompts and completions of a server, made of its read tools.
//!
//! Reading one is calling its tool: the same stages, the same permission, the same audit. What a server offers follows
//! from the tools it has; the tables are `protocol`'s. The only things read without a tool are documents, which are part
//! of the published definition like a tool's description.

mod completing;
mod document;
mod prompting;
mod reading;

pub(crate) use completing::complete;
pub use document::Document;
pub(crate) use document::meta;
pub(crate) use prompting::get;
pub(crate) use reading::read;

use crate::governed::ToolNames;
use crate::tool::GovernedTool;
use futures::future::BoxFuture;
use gangway_protocol::offers::{PROMPTS, Prompt, RESOURCES, Resource};
use gangway_protocol::tools::Contract;
use rmcp::model::{self, CallToolResult};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What carries out a read: the pipeline, for the caller of this request.
pub(crate) trait Reads: Sync {
    /// Calls a read tool of the server; none if it has no such tool.
    fn call(&self, tool: &str, arguments: Map<String, Value>) -> BoxFuture<'_, Option<CallToolResult>>;
}

/// The offers of one server, worked out once.
pub(crate) struct Offers {
    /// With the tool whose answer it is.
    resources: Vec<(Contract, &'static Resource)>,
    /// With the tool it is about.
    prompts: Vec<(Contract, &'static Prompt)>,
    documents: Vec<Document>,
    /// Dotted and published name of every tool, where they differ.
    spellings: Vec<(&'static str, String)>,
}

impl Offers {
    pub(crate) fn of(
        tools: &BTreeMap<&'static str, Arc<GovernedTool>>,
        documents: Vec<Document>,
        names: ToolNames,
    ) -> Self {
        let spellings = match names {
            ToolNames::Dotted => Vec::new(),
            ToolNames::Underscore => {
                tools.values().map(|tool| (tool.contract.name, tool.contract.underscore_name())).collect()
            }
        };
        let contract = |name: &str| tools.get(name).map(|tool| tool.contract);
        let resources = RESOURCES.iter().filter_map(|resource| Some((contract(resource.tool)?, resource)));
        let prompts = PROMPTS.iter().filter_map(|prompt| Some((contract(prompt.tool)?, prompt)));
        Self { resources: resources.collect(), prompts: prompts.collect(), documents, spellings }
    }

    pub(crate) fn has_resources(&self) -> bool {
        !self.resources.is_empty() || !self.documents.is_empty()
    }

    pub(crate) fn has_prompts(&self) -> bool {
        !self.prompts.is_empty()
    }

    /// The tool that the resource at an address is made of.
    pub(crate) fn tool_at(&self, uri: &str) -> Option<&'static str> {
        let (tool, _) = self.resources.iter().find(|(_, resource)| resource.arguments_of(uri).is_some())?;
        Some(tool.name)
    }

    /// The tool that a prompt is made of.
    pub(crate) fn tool_of_prompt(&self, name: &str) -> Option<&'static str> {
        Some(self.prompts.iter().find(|(_, prompt)| prompt.name == name)?.0.name)
    }

    /// Text with tools named as they are published.
    pub(crate) fn spelled(&self, text: &str) -> String {
        self.spellings
            .iter()
            .fold(text.to_owned(), |text, (dotted, published)| text.replace(dotted, published))
    }

    /// `resources/list`, for somebody who may call some of the tools.
    pub(crate) fn resources(&self, may: impl Fn(&Contract) -> bool) -> Vec<model::Resource> {
        let fixed = self.resources.iter().filter(|(tool, resource)| !resource.is_family() && may(tool));
        let fixed = fixed.map(|(_, resource)| {
            model::Resource::new(resource.address, resource.name)
                .with_title(resource.title)
                .with_description(resource.description)
                .with_mime_type(JSON)
        });
        fixed.chain(self.documents.iter().map(Document::listed)).collect()
    }

    /// `resources/templates/list`, likewise.
    pub(crate) fn templates(&self, may: impl Fn(&Contract) -> bool) -> Vec<model::ResourceTemplate> {
        let families = self.resources.iter().filter(|(tool, resource)| resource.is_family() && may(tool));
        let listed = families.map(|(_, resource)| {
            model::ResourceTemplate::new(resource.address, resource.name)
                .with_title(resource.title)
                .with_description(resource.description)
                .with_mime_type(JSON)
        });
        listed.collect()
    }

    /// `prompts/list`, likewise.
    pub(crate) fn prompts(&self, may: impl Fn(&Contract) -> bool) -> Vec<model::Prompt> {
        let listed = self.prompts.iter().filter(|(tool, _)| may(tool)).map(|(_, prompt)| {
            let arguments = prompt.arguments.iter().map(|argument| {
                model::PromptArgument::new(argument.name)
                    .with_description(argument.description)
                    .with_required(argument.required)
            });
            model::Prompt::new(prompt.name, Some(prompt.description), Some(arguments.collect()))
                .with_title(prompt.title)
        });
        listed.collect()
    }
}

/// The media type of a tool's answer.
const JSON: &str = "application/json";
