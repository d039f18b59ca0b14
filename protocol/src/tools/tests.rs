//! What must hold for every tool contract, whatever it does.

use super::describe_all;
use serde_json::Value;
use std::collections::BTreeSet;

fn text<'a>(tool: &'a Value, field: &str) -> &'a str {
    tool.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn every_tool_has_words_hints_and_object_schemas() {
    for tool in describe_all() {
        let name = text(&tool, "name");
        assert!(!text(&tool, "title").is_empty() && text(&tool, "description").len() > 40, "{name}");
        for schema in ["inputSchema", "outputSchema"] {
            assert_eq!(
                tool.pointer(&format!("/{schema}/type")),
                Some(&Value::from("object")),
                "{name} {schema}"
            );
        }
        assert_eq!(tool.pointer("/inputSchema/additionalProperties"), Some(&Value::Bool(false)), "{name}");
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(
                tool.pointer(&format!("/annotations/{hint}")).is_some_and(Value::is_boolean),
                "{name} {hint}"
            );
        }
    }
}

#[test]
fn every_write_takes_an_idempotency_key() {
    for tool in describe_all() {
        let reads = tool.pointer("/annotations/readOnlyHint") == Some(&Value::Bool(true));
        let required =
            tool.pointer("/inputSchema/required").and_then(Value::as_array).cloned().unwrap_or_default();
        let has_key =
            ["idempotency_key", "dedup_key"].iter().any(|key| required.contains(&Value::from(*key)));
        assert_eq!(!reads, has_key, "{}", text(&tool, "name"));
    }
}

#[test]
fn names_stay_unique_and_legal_for_every_host() {
    let tools = describe_all();
    let mut seen = BTreeSet::new();
    for tool in &tools {
        let name = text(tool, "name").replace('.', "_");
        let legal = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        assert!(legal, "{name}");
        assert!(seen.insert(name.clone()), "{name} twice");
    }
    assert_eq!(tools.len(), 39);
}

#[test]
fn schemas_reference_nothing_outside_themselves() {
    fn walk(value: &Value, bad: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(Value::as_str)
                    && !reference.starts_with("#/")
                {
                    bad.push(reference.to_owned());
                }
                map.values().for_each(|inner| walk(inner, bad));
            }
            Value::Array(items) => items.iter().for_each(|inner| walk(inner, bad)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut bad = Vec::new();
    describe_all().iter().for_each(|tool| walk(tool, &mut bad));
    assert_eq!(bad, Vec::<String>::new());
}
