//! The OpenAPI 3.1 document: from the endpoints' values and types to JSON. Pure; it invents nothing.

use super::endpoint::{Header, Need, Route, is_nothing};
use crate::serve::Problem;
use axum::http::{Method, StatusCode};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// What an endpoint answers with when all is well.
pub struct Content {
    /// Its media type.
    pub media: &'static str,
    /// Its schema.
    pub schema: Value,
}

impl Content {
    /// Text of some kind.
    pub fn text(media: &'static str) -> Self {
        Self { media, schema: json!({ "type": "string" }) }
    }

    /// Any JSON object.
    pub fn object() -> Self {
        Self { media: "application/json", schema: json!({ "type": "object" }) }
    }
}

/// An endpoint as the document tells it.
pub struct Operation {
    route: Route,
    content: Content,
    parameters: Vec<Value>,
    body: Option<Value>,
}

/// Answers share their types; requests are small and stand where they are used, so that the same type, taken and given,
/// may differ in what is required.
pub fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.with(|settings| settings.definitions_path = "/components/schemas".into()).into_generator()
}

/// Schema of an answer.
pub fn output_schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn input_schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let inline = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    inline.into_generator().into_root_schema_for::<T>().to_value()
}

impl Operation {
    /// The description of an endpoint with these types.
    pub fn of<P: JsonSchema, Q: JsonSchema, B: JsonSchema + 'static>(route: Route, content: Content) -> Self {
        let mut parameters = parameters(&input_schema::<P>(), "path");
        parameters.extend(parameters_of_query::<Q>());
        parameters.extend(route.headers.iter().map(in_header));
        let body = (!is_nothing::<B>()).then(input_schema::<B>);
        Self { route, content, parameters, body }
    }

    fn to_json(&self) -> Value {
        let route = &self.route;
        let mut operation = json!({
            "operationId": route.id,
            "summary": route.summary,
            "parameters": self.parameters,
            "responses": self.responses(),
        });
        if let Some(body) = &self.body {
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": body } } });
        }
        match route.action {
            Some(action) => {
                let says = format!("For a key with one of these roles: {}.", action.permitted_to());
                operation["description"] = Value::from(says);
                operation["security"] = json!([{ "key": [] }]);
            }
            None => operation["security"] = json!([]),
        }
        operation
    }

    fn responses(&self) -> Value {
        let mut responses = Map::new();
        let content = json!({ self.content.media: { "schema": self.content.schema } });
        let success = json!({ "description": "Done as asked.", "content": content });
        for status in [Some(self.route.success), self.route.or_success].into_iter().flatten() {
            responses.insert(status.as_u16().to_string(), success.clone());
        }
        let guarded = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
        let always =
            [StatusCode::BAD_REQUEST, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE];
        let with_body = [
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ];
        let mut refusals: Vec<StatusCode> = always.to_vec();
        if self.route.action.is_some() {
            refusals.extend(guarded);
        }
        if self.body.is_some() {
            refusals.extend(with_body);
        }
        if self.route.path.contains('{') {
            refusals.push(StatusCode::NOT_FOUND);
        }
        refusals.extend(self.route.refusals);
        if self.route.action.is_none() {
            responses.insert("default".to_owned(), problem("Refused."));
        }
        for status in refusals {
            let said = status.canonical_reason().unwrap_or("Refused");
            responses.insert(status.as_u16().to_string(), problem(said));
        }
        Value::Object(responses)
    }
}

fn problem(description: &str) -> Value {
    let reference = json!({ "$ref": "#/components/schemas/Problem" });
    json!({ "description": description, "content": { "application/problem+json": { "schema": reference } } })
}

fn parameters_of_query<Q: JsonSchema>() -> Vec<Value> {
    parameters(&input_schema::<Q>(), "query")
}

fn parameters(schema: &Value, place: &str) -> Vec<Value> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|known| known == name));
    properties
        .iter()
        .map(|(name, schema)| {
            json!({ "name": name, "in": place, "required": is_required(name), "schema": not_null(schema) })
        })
        .collect()
}

/// What is optional in a query is left out, never null: a query knows only text.
fn not_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(kinds) = schema.get_mut("type").and_then(Value::as_array_mut) {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
    }
    schema
}

fn in_header(header: &Header) -> Value {
    json!({
        "name": header.name, "in": "header", "required": header.need == Need::Must,
        "description": header.says,
        "schema": { "type": "string", "pattern": header.pattern },
    })
}

/// The whole document.
pub fn document(operations: &[Operation], generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<Problem>();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let path = paths.entry(operation.route.path).or_insert_with(|| json!({}));
        path[Method::from(operation.route.method).as_str().to_lowercase()] = operation.to_json();
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Gangway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Onboarding of enterprise customers: runs, approvals, tasks, and what was done by whom.",
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer", "description": "Made with: gangway keys create" },
            },
        },
    })
}
