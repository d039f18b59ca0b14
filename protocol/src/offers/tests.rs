//! What must hold for every resource, prompt and completion.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

use super::{COMPLETIONS, PROMPTS, RESOURCES, resource};
use crate::tools::describe_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The contract of a tool.
fn tool(name: &str) -> Value {
    describe_all().into_iter().find(|tool| tool["name"] == name).unwrap()
}

fn reads_with(name: &str, arguments: &[&str]) {
    let tool = tool(name);
    assert_eq!(tool["annotations"]["readOnlyHint"], json!(true), "{name}");
    let known = tool["inputSchema"]["properties"].as_object().unwrap();
    for argument in arguments {
        assert!(known.contains_key(*argument), "{name} knows no {argument}");
    }
    for required in tool["inputSchema"]["required"].as_array().into_iter().flatten() {
        assert!(arguments.contains(&required.as_str().unwrap()), "{name} needs {required}");
    }
}

#[test]
fn every_resource_is_a_read_that_its_address_suffices_for() {
    for resource in RESOURCES {
        reads_with(resource.tool, &resource.variables().collect::<Vec<_>>());
        if let Some(field) = resource.absent_if_null {
            assert!(
                tool(resource.tool)["outputSchema"]["properties"].get(field).is_some(),
                "{}",
                resource.name
            );
        }
    }
}

#[test]
fn every_prompt_reads_what_its_arguments_suffice_for_and_uses_them_all() {
    for prompt in PROMPTS {
        tool(prompt.tool);
        let given: Vec<&str> = prompt.arguments.iter().map(|argument| argument.name).collect();
        for name in prompt.resources {
            assert!(resource(name).unwrap().variables().all(|variable| given.contains(&variable)), "{name}");
        }
        for argument in given {
            assert!(prompt.text.contains(&format!("{{{argument}}}")), "{} {argument}", prompt.name);
        }
        for word in prompt.text.split_whitespace().filter(|word| word.contains('.') && word.contains('_')) {
            let named = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            assert!(describe_all().iter().any(|tool| tool["name"] == named), "{} names {named}", prompt.name);
        }
    }
}

#[test]
fn every_completion_comes_from_a_read() {
    for completion in COMPLETIONS {
        reads_with(completion.tool, &completion.limit.map(|_| "limit").into_iter().collect::<Vec<_>>());
        assert!(tool(completion.tool)["outputSchema"]["properties"].get(completion.list).is_some());
    }
}

#[test]
fn names_and_addresses_are_unique_and_legal_for_every_host() {
    let mut seen = BTreeSet::new();
    for name in RESOURCES.iter().map(|resource| resource.name).chain(PROMPTS.iter().map(|prompt| prompt.name))
    {
        let is_legal = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(is_legal && seen.insert(name), "{name}");
    }
    for (index, resource) in RESOURCES.iter().enumerate() {
        let filled = resource.address_with(|_| Some("x-1")).unwrap();
        let first = RESOURCES.iter().position(|other| other.arguments_of(&filled).is_some());
        assert_eq!(first, Some(index), "{filled} is another resource's address too");
    }
}

#[test]
fn an_address_gives_the_arguments_it_was_made_of() {
    let run = resource("run").unwrap();
    assert_eq!(run.address_with(|name| (name == "run_id").then_some("r-1")).unwrap(), "gangway://runs/r-1");
    assert_eq!(Value::from(run.arguments_of("gangway://runs/r-1").unwrap()), json!({"run_id": "r-1"}));
    for other in
        ["gangway://runs/", "gangway://runs", "gangway://runs/a/b", "gangway://tenants/a", "", "runs/a"]
    {
        assert_eq!(run.arguments_of(other), None, "{other}");
    }
}
