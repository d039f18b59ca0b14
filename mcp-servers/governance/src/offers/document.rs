//! Documents: fixed texts a server publishes at an address, such as a guide for models or the page of an MCP App.

use rmcp::model;
use serde_json::Value;

/// A fixed text under an address.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its URI.
    pub address: &'static str,
    /// Unique name.
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// What it is, for models and people.
    pub description: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// The text itself.
    pub text: &'static str,
    /// What a host has to know to show it; null for nothing.
    pub meta: Value,
}

impl Document {
    pub(super) fn listed(&self) -> model::Resource {
        let resource = model::Resource::new(self.address, self.name)
            .with_title(self.title)
            .with_description(self.description)
            .with_mime_type(self.media_type);
        match meta(&self.meta) {
            Some(meta) => resource.with_meta(meta),
            None => resource,
        }
    }

    pub(super) fn contents(&self) -> model::ResourceContents {
        let contents = model::ResourceContents::text(self.text, self.address).with_mime_type(self.media_type);
        match meta(&self.meta) {
            Some(meta) => contents.with_meta(meta),
            None => contents,
        }
    }
}

/// Metadata as the protocol has it; none for null.
pub(crate) fn meta(value: &Value) -> Option<model::MetaObject> {
    let fields = value.as_object()?.clone();
    let mut meta = model::MetaObject::default();
    meta.0.extend(fields);
    Some(meta)
}
