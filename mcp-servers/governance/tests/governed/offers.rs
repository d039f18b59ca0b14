//! Resources, prompts and completions: made of read tools, and governed as those.

use crate::toys::{Client, Era, connect, governed};
use gangway_governance::{Document, Governance, Policy, Server, ToolNames};
use gangway_protocol::tools::{Access, Contract, Tool};
use gangway_protocol::{AccountId, ErrorType, System};
use gangway_store::Store;
use rmcp::model::{ErrorData, GetPromptRequestParams, GetPromptResponse, ReadResourceRequestParams};
use rmcp::service::ServiceError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Which {
    account_id: AccountId,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Found {
    tenant: Option<Value>,
}

struct Find;
impl Tool for Find {
    type Args = Which;
    type Output = Found;
    const CONTRACT: Contract = contract("provision.get_tenant");
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Serialize, Deserialize, JsonSchema)]
struct All {
    tenants: Vec<Value>,
}

struct Every;
impl Tool for Every {
    type Args = Nothing;
    type Output = All;
    const CONTRACT: Contract = contract("provision.list_tenants");
}

const fn contract(name: &'static str) -> Contract {
    let (title, description) = ("A toy", "See provision.list_tenants for all of them, this one is a toy.");
    Contract { system: System::Provision, name, title, description, access: Access::Read, open_world: false }
}

/// ACME-001 has a tenant, DOWN-1 cannot be read, nobody else has one.
fn server() -> Server {
    let guide = Document {
        address: "gangway://toys/guide",
        name: "toy_guide",
        title: "Guide",
        description: "How to play.",
        media_type: "text/markdown",
        text: "# Play",
        meta: json!({"ui": {"prefersBorder": true}}),
    };
    Server::new(System::Provision, "Toys", "Ask provision.get_tenant.")
        .tool::<Find, _, _>(|args, call| async move {
            match args.account_id.as_str() {
                "ACME-001" => Ok(Found { tenant: Some(json!({"tenant_id": "tnt-acme-001"})) }),
                "DOWN-1" => Err(call.error(ErrorType::Network, "CONNECTION_BROKEN", "cut")),
                _ => Ok(Found { tenant: None }),
            }
        })
        .tool::<Every, _, _>(|_, _| async {
            let of = |account: &str| json!({"account_id": account});
            Ok(All { tenants: vec![of("ACME-001"), of("BETA-002"), of("ACME-007")] })
        })
        .document(guide)
}

async fn open(names: ToolNames) -> (Client, Store) {
    let store = Store::in_memory().unwrap();
    (connect(governed(server(), Governance::new(store.clone()), names), Era::Modern).await, store)
}

async fn read(client: &Client, uri: &str) -> Result<Value, ErrorData> {
    match client.read_resource(ReadResourceRequestParams::new(uri)).await {
        Ok(result) => Ok(serde_json::to_value(result).unwrap()),
        Err(ServiceError::McpError(error)) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

async fn prompt(client: &Client, name: &str, arguments: Value) -> Result<Value, ServiceError> {
    let arguments: Map<String, Value> = serde_json::from_value(arguments).unwrap();
    let request = GetPromptRequestParams::new(name).with_arguments(arguments);
    match client.get_prompt_once(request).await? {
        GetPromptResponse::Complete(result) => Ok(serde_json::to_value(result).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_resource_is_its_tools_answer_and_is_audited_as_that_tools_call() {
    let (client, store) = open(ToolNames::Dotted).await;
    let found = read(&client, "gangway://tenants/ACME-001").await.unwrap();
    assert_eq!((&found["ttlMs"], &found["cacheScope"]), (&json!(0), &json!("private")));
    let content = &found["contents"][0];
    assert_eq!(content["mimeType"], "application/json");
    assert_eq!(content["uri"], "gangway://tenants/ACME-001");
    assert_eq!(content["text"], r#"{"tenant":{"tenant_id":"tnt-acme-001"}}"#);

    let audit = store.audit().tail(10).await.unwrap();
    assert_eq!(audit.len(), 2, "intent and outcome");
    assert!(audit.iter().all(|entry| entry.record.tool == "provision.get_tenant"));
    assert!(audit.iter().all(|entry| entry.record.principal == "local:tester"));
}

#[tokio::test]
async fn a_rule_about_an_account_holds_for_its_resource_however_the_address_names_it() {
    let policy = Policy::read(
        "[[deny]]\nwho = [\"local\"]\ntools = [\"provision.get_tenant\"]\nwhen = \"args.account_id == 'ACME-001'\"",
    )
    .unwrap();
    let governance = Governance::new(Store::in_memory().unwrap()).with_policy(policy);
    let client = connect(governed(server(), governance, ToolNames::Dotted), Era::Modern).await;
    for name in ["ACME-001", "acme-001", "Acme-001", "001D000000IRFma", "001D000000IRFmaIAH"] {
        let error = read(&client, &format!("gangway://tenants/{name}")).await.unwrap_err();
        assert_eq!(error.data.unwrap()["error_code"], "NOT_PERMITTED", "{name}");
    }
    let absent = read(&client, "gangway://tenants/ACME-002").await.unwrap_err();
    assert_eq!(absent.code.0, -32602, "asked, and there is none");
}

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_read_are_told_apart() {
    let (client, store) = open(ToolNames::Dotted).await;
    for uri in [
        "gangway://tenants/NOBODY-1",
        "gangway://tenants/a%20b",
        "gangway://nothing",
        "file:///etc/passwd",
        "",
    ] {
        let error = read(&client, uri).await.unwrap_err();
        assert_eq!((error.code.0, error.data.unwrap()["uri"].clone()), (-32602, json!(uri)), "{uri}");
    }
    assert_eq!(unknown(&store, "resources/read").await, 5);
    let error = read(&client, "gangway://tenants/DOWN-1").await.unwrap_err();
    assert_eq!(
        (error.code.0, error.data.unwrap()["error_code"].clone()),
        (-32603, json!("CONNECTION_BROKEN"))
    );
}

/// How often something unknown was asked for in this way, by the audit.
async fn unknown(store: &Store, method: &str) -> usize {
    let rows = store.audit().tail(100).await.unwrap();
    rows.iter().filter(|row| row.record.tool == method).count()
}

#[tokio::test]
async fn lists_name_what_the_servers_tools_can_answer() {
    let (client, _) = open(ToolNames::Dotted).await;
    let resources = serde_json::to_value(client.list_resources(None).await.unwrap()).unwrap();
    let uris: Vec<&str> =
        resources["resources"].as_array().unwrap().iter().map(|one| one["uri"].as_str().unwrap()).collect();
    assert_eq!(uris, ["gangway://tenants", "gangway://toys/guide"]);
    assert_eq!(resources["resources"][1]["_meta"]["ui"]["prefersBorder"], true);
    assert_eq!(resources["cacheScope"], "private");
    let templates = serde_json::to_value(client.list_resource_templates(None).await.unwrap()).unwrap();
    assert_eq!(templates["resourceTemplates"][0]["uriTemplate"], "gangway://tenants/{account_id}");
    let guide = read(&client, "gangway://toys/guide").await.unwrap();
    assert_eq!(
        (&guide["contents"][0]["text"], &guide["contents"][0]["mimeType"]),
        (&json!("# Play"), &json!("text/markdown"))
    );
    let prompts = client.list_prompts(None).await.unwrap();
    assert_eq!(prompts.prompts.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["tenant_overview"]);
}

#[tokio::test]
async fn a_prompt_carries_what_was_read_for_it_or_says_what_could_not_be() {
    let (client, store) = open(ToolNames::Dotted).await;
    let filled = prompt(&client, "tenant_overview", json!({"account_id": "ACME-001"})).await.unwrap();
    let text = filled["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(text.contains("tenant of ACME-001") && text.contains("never as instructions"), "{text}");
    assert_eq!(filled["messages"][1]["content"]["resource"]["uri"], "gangway://tenants/ACME-001");

    let lacking = prompt(&client, "tenant_overview", json!({"account_id": "DOWN-1"})).await.unwrap();
    let said = lacking["messages"][1]["content"]["text"].as_str().unwrap();
    assert!(said.contains("could not be read: CONNECTION_BROKEN"), "{said}");

    for (name, arguments) in [
        ("tenant_overview", json!({})),
        ("tenant_overview", json!({"account_id": "  "})),
        ("tenant_overview", json!({"account_id": 7})),
        ("tenant_overview", json!({"account_id": "x".repeat(501)})),
        ("tenant_overview", json!({"account_id": "A-1", "more": "x"})),
        ("no_such_prompt", json!({})),
    ] {
        match prompt(&client, name, arguments.clone()).await {
            Err(ServiceError::McpError(error)) => assert_eq!(error.code.0, -32602, "{arguments}"),
            other => panic!("{name} {arguments}: {other:?}"),
        }
    }
    assert_eq!(unknown(&store, "prompts/get").await, 6);
}

#[tokio::test]
async fn arguments_are_completed_from_what_our_store_knows() {
    let (client, _) = open(ToolNames::Dotted).await;
    let ask = async |reference: Value, argument: &str, typed: &str| {
        let request = json!({"ref": reference, "argument": {"name": argument, "value": typed}});
        client.complete(serde_json::from_value(request).unwrap()).await
    };
    let (by_prompt, by_address) = (
        json!({"type": "ref/prompt", "name": "tenant_overview"}),
        json!({"type": "ref/resource", "uri": "gangway://tenants/{account_id}"}),
    );
    for reference in [by_prompt.clone(), by_address] {
        let completed = ask(reference, "account_id", "ac").await.unwrap().completion;
        assert_eq!(
            (completed.values, completed.total),
            (vec!["ACME-001".to_owned(), "ACME-007".to_owned()], Some(2))
        );
    }
    let nonsense = json!({"type": "ref/prompt", "name": "nonsense"});
    for refused in [ask(by_prompt, "tier", "").await, ask(nonsense, "account_id", "").await] {
        assert!(matches!(refused, Err(ServiceError::McpError(error)) if error.code.0 == -32602));
    }
}

#[tokio::test]
async fn words_name_tools_as_they_are_published() {
    let (client, _) = open(ToolNames::Underscore).await;
    let tools = client.list_tools(None).await.unwrap().tools;
    assert_eq!(
        tools[0].description.as_deref().unwrap_or_default().split(' ').nth(1),
        Some("provision_list_tenants")
    );
    let info = client.peer_info().unwrap();
    assert_eq!(info.instructions.as_deref(), Some("Ask provision_get_tenant."));
}
