//! What a host sees: the list, both spellings, both eras, and what is not offered.

use crate::toys::{Bench, Era, connect, governed, success, toy_server, toys};
use gangway_governance::{Governance, Governed, Server, ToolNames};
use gangway_store::Store;
use rmcp::model::{
    CallToolRequestParams, CompleteRequestParams, ErrorCode, PaginatedRequestParams, Reference,
};
use rmcp::service::ServiceError;
use serde_json::{Value, json};

fn toy_box(names: ToolNames) -> Governed {
    governed(toy_server(&toys()), Governance::new(Store::in_memory().unwrap()), names)
}

fn code_of<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> ErrorCode {
    match result {
        Err(ServiceError::McpError(error)) => error.code,
        other => panic!("no protocol error: {other:?}"),
    }
}

#[tokio::test]
async fn the_list_has_one_spelling_in_one_order_with_everything_a_host_wants() {
    for (names, expected) in [
        (ToolNames::Dotted, ["tasks.fire_once", "tasks.peek", "tasks.poke"]),
        (ToolNames::Underscore, ["tasks_fire_once", "tasks_peek", "tasks_poke"]),
    ] {
        let client = connect(toy_box(names), Era::Modern).await;
        let list = client.list_tools(None).await.unwrap();
        let wire = serde_json::to_value(&list).unwrap();
        assert_eq!((wire["ttlMs"].clone(), wire["cacheScope"].clone()), (json!(60_000), json!("private")));
        let published: Vec<&str> = list.tools.iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!(published, expected);
        for tool in wire["tools"].as_array().unwrap() {
            assert_eq!(tool["title"], "A toy");
            assert!(tool["description"].is_string());
            for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
                assert!(tool["annotations"][hint].is_boolean(), "{hint}");
            }
            assert_eq!(tool["inputSchema"]["additionalProperties"], json!(false));
            assert_eq!(tool["outputSchema"]["type"], "object");
        }
        let unknown_page = Some(PaginatedRequestParams::default().with_cursor(Some("2".to_owned())));
        assert_eq!(code_of(client.list_tools(unknown_page).await), ErrorCode::INVALID_PARAMS);
    }
}

#[tokio::test]
async fn both_spellings_are_called_in_both_eras() {
    for era in [Era::Legacy, Era::Modern] {
        for names in [ToolNames::Dotted, ToolNames::Underscore] {
            let client = connect(toy_box(names), era).await;
            for name in ["tasks.peek", "tasks_peek"] {
                let result = client.call_tool(CallToolRequestParams::new(name)).await.unwrap();
                assert_eq!(success(&result)["said"], "", "{name}");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error() {
    let bench = Bench::new().await;
    for name in ["tasks.nothing", "peek", ""] {
        let result = bench.client.call_tool(CallToolRequestParams::new(name)).await;
        assert_eq!(code_of(result), ErrorCode::INVALID_PARAMS, "{name:?}");
    }
    let rows = bench.audit().await;
    let refused = rows.iter().map(|row| {
        let error = row.record.end.as_ref().and_then(|end| end.error.as_deref());
        (row.record.tool.as_str(), row.record.principal.as_str(), error)
    });
    let each = ("tools/call", "local:tester", Some("refused/UNKNOWN"));
    assert_eq!(refused.collect::<Vec<_>>(), [each; 3], "on record, without the name");
}

#[tokio::test]
async fn only_tools_are_offered() {
    for era in [Era::Legacy, Era::Modern] {
        let client = connect(toy_box(ToolNames::Dotted), era).await;
        let info = serde_json::to_value(client.peer_info().unwrap().as_ref()).unwrap();
        let capabilities: Vec<&String> = info["capabilities"].as_object().unwrap().keys().collect();
        assert_eq!(capabilities, ["tools"]);
        assert_eq!(code_of(client.list_prompts(None).await), ErrorCode::METHOD_NOT_FOUND);
        assert_eq!(code_of(client.list_resources(None).await), ErrorCode::METHOD_NOT_FOUND);
        assert_eq!(code_of(client.list_resource_templates(None).await), ErrorCode::METHOD_NOT_FOUND);
        let argument: CompleteRequestParams = serde_json::from_value(json!({
            "ref": Reference::for_prompt("any"), "argument": {"name": "a", "value": "b"}
        }))
        .unwrap();
        assert_eq!(code_of(client.complete(argument).await), ErrorCode::METHOD_NOT_FOUND);
    }
}

#[tokio::test]
async fn merged_servers_offer_all_tools_under_one_name() {
    let other = Server::new(gangway_protocol::System::Clm, "Empty", "Nothing here.");
    let merged = Server::merge(vec![other, toy_server(&toys())]);
    let governance = Governance::new(Store::in_memory().unwrap());
    let client = connect(governed(merged, governance, ToolNames::Dotted), Era::Legacy).await;
    assert_eq!(client.list_all_tools().await.unwrap().len(), 3);
    let info: Value = serde_json::to_value(client.peer_info().unwrap().as_ref()).unwrap();
    assert_eq!(info["serverInfo"]["name"], "gangway");
    assert_eq!(info["instructions"], "Nothing here.\nFor tests.");
}
