//! What the facts offer to an expression: names and kinds, read off the schema of [`Facts`] itself, so that a field
//! added there is offered here without a second list to keep.

use gangway_protocol::Facts;
use gangway_protocol::redact::MARK;
use schemars::schema_for;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// The day judged by, beside the facts.
pub(crate) const AS_OF: &str = "as_of";
/// Deeper than any record of the facts; a schema that refers to itself ends here.
const MAX_REFERENCES: usize = 12;

/// The kind of a value, as far as it is known before any facts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Not known.
    Any,
    /// True or false.
    Truth,
    /// A whole number.
    Number,
    /// Text.
    Text,
    /// Text that names or addresses a person.
    Personal,
    /// A list.
    List(Box<Shape>),
    /// A record and its fields.
    Record(BTreeMap<String, Shape>),
}

/// One path an expression may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldOffered {
    /// The path; `[]` stands for an element of a list.
    pub path: String,
    /// What stands there.
    pub kind: &'static str,
}

impl Shape {
    /// What every case offers: the facts, and the day it is judged by.
    #[must_use]
    pub fn of_facts() -> Self {
        let schema = schema_for!(Facts).to_value();
        let definitions = schema.get("$defs").and_then(Json::as_object).cloned().unwrap_or_default();
        match read(&schema, &definitions, MAX_REFERENCES) {
            Self::Record(mut fields) => {
                fields.insert(AS_OF.to_owned(), Self::Text);
                Self::Record(fields)
            }
            other => other,
        }
    }

    /// Every path, in order.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldOffered> {
        let mut fields = Vec::new();
        self.collect("", &mut fields);
        fields
    }

    fn collect(&self, path: &str, fields: &mut Vec<FieldOffered>) {
        if !path.is_empty() && !path.ends_with("[]") {
            fields.push(FieldOffered { path: path.to_owned(), kind: self.word() });
        }
        match self {
            Self::List(element) if matches!(**element, Self::Record(_)) => {
                element.collect(&format!("{path}[]"), fields);
            }
            Self::Record(inner) => {
                for (name, shape) in inner {
                    let inside = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    shape.collect(&inside, fields);
                }
            }
            Self::Any | Self::Truth | Self::Number | Self::Text | Self::Personal | Self::List(_) => {}
        }
    }

    /// The kind as a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Truth => "true or false",
            Self::Number => "number",
            Self::Text => "text",
            Self::Personal => "personal text",
            Self::List(_) => "list",
            Self::Record(_) => "record",
        }
    }

    /// The field of a record; none when it has no such field, anything when it is not known to be a record.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        match self {
            Self::Any => Some(Self::Any),
            Self::Record(fields) => fields.get(name).cloned(),
            Self::Truth | Self::Number | Self::Text | Self::Personal | Self::List(_) => None,
        }
    }

    /// Whether values of the two may be compared.
    pub(super) fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Text | Self::Personal, Self::Text | Self::Personal) => true,
            (Self::List(a), Self::List(b)) => a.fits(b),
            (Self::Truth, Self::Truth) | (Self::Number, Self::Number) => true,
            _ => false,
        }
    }

    /// Whether it may be a truth; anything may.
    pub(super) fn may_be_truth(&self) -> bool {
        self.fits(&Self::Truth)
    }
}

fn read(schema: &Json, definitions: &Map<String, Json>, references: usize) -> Shape {
    if references == 0 {
        return Shape::Any;
    }
    let inside = |schema: &Json| read(schema, definitions, references - 1);
    if let Some(name) = schema.get("$ref").and_then(Json::as_str) {
        let name = name.trim_start_matches("#/$defs/");
        return definitions.get(name).map_or(Shape::Any, inside);
    }
    if let Some(variants) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Json::as_array) {
        let mut shapes = variants.iter().filter(|variant| kind(variant) != Some("null")).map(inside);
        let first = shapes.next().unwrap_or(Shape::Any);
        return if shapes.all(|other| other == first) { first } else { Shape::Any };
    }
    match kind(schema) {
        Some("string") if schema.get(MARK).is_some() => Shape::Personal,
        Some("string") => Shape::Text,
        Some("integer") => Shape::Number,
        Some("boolean") => Shape::Truth,
        Some("array") => Shape::List(Box::new(schema.get("items").map_or(Shape::Any, inside))),
        Some("object") => {
            let fields = schema.get("properties").and_then(Json::as_object);
            let fields = fields.into_iter().flatten().map(|(name, field)| (name.clone(), inside(field)));
            Shape::Record(fields.collect())
        }
        _ => Shape::Any,
    }
}

/// The schema's type; of `["string", "null"]` the one that is not null.
fn kind(schema: &Json) -> Option<&str> {
    match schema.get("type")? {
        Json::String(kind) => Some(kind.as_str()),
        Json::Array(kinds) => kinds.iter().filter_map(Json::as_str).find(|kind| *kind != "null"),
        _ => None,
    }
}
