//! The document says what the routes are, and nothing else routes.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::described;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let each = |(path, methods): (&String, _)| {
        let methods: &Value = methods;
        let named = |(method, operation)| (format!("{method} {path}"), operation);
        methods.as_object().unwrap().iter().map(named).collect::<Vec<_>>()
    };
    paths.iter().flat_map(each).collect()
}

#[test]
fn the_document_names_every_endpoint_of_the_api_who_may_and_how_it_refuses() {
    let (_, document) = described();
    let listed: Vec<String> = operations(&document)
        .into_iter()
        .filter(|(name, _)| name.contains(" /api/"))
        .map(|(name, operation)| {
            let statuses: Vec<&str> =
                operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            let who = operation["description"].as_str().unwrap_or("Open.");
            format!(
                "{name}: {} {}",
                statuses.join(" "),
                who.trim_start_matches("For a key with one of these roles: ")
            )
        })
        .collect();
    let expected = "\
get /api/approvals: 200 400 401 403 500 503 viewer, cs, approver, auditor, admin.
get /api/approvals/{approval_id}: 200 400 401 403 404 500 503 viewer, cs, approver, auditor, admin.
post /api/approvals/{approval_id}/decision: 200 400 401 403 404 408 409 413 415 422 500 503 approver, admin.
get /api/audit: 200 400 401 403 500 503 auditor, admin.
get /api/events: 200 400 401 403 500 503 viewer, cs, approver, auditor, admin.
get /api/openapi.json: 200 400 500 503 default Open.
get /api/outbox: 200 400 401 403 500 503 viewer, cs, approver, auditor, admin.
post /api/outbox/{message_id}/retry: 200 400 401 403 404 408 409 413 415 422 500 503 cs, admin.
post /api/outbox/{message_id}/settle: 200 400 401 403 404 408 409 413 415 422 500 503 cs, admin.
get /api/runs: 200 400 401 403 500 503 viewer, cs, approver, auditor, admin.
post /api/runs: 202 400 401 403 404 408 409 413 415 422 500 503 cs, admin.
get /api/runs/{run_id}: 200 400 401 403 404 500 503 viewer, cs, approver, auditor, admin.
get /api/runs/{run_id}/reports/{file}: 200 400 401 403 404 500 503 cs, approver, admin.
post /api/runs/{run_id}/retry: 202 400 401 403 404 409 500 503 cs, admin.
get /api/tasks: 200 400 401 403 500 503 viewer, cs, approver, auditor, admin.
post /api/tasks/{task_id}/status: 200 400 401 403 404 408 409 413 415 422 429 500 503 cs, admin.
get /api/tenants: 200 400 401 403 500 503 viewer, cs, approver, auditor, admin.";
    assert_eq!(listed.join("\n"), expected);
}

#[test]
fn the_document_says_what_an_event_holds_how_it_is_signed_and_how_it_is_met() {
    let (_, document) = described();
    let webhook = &document["paths"]["/webhook/onboarding"]["post"];
    let body = &webhook["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["required"], serde_json::json!(["account_id"]));
    for field in ["account_id", "opportunity_id", "correlation_id"] {
        assert!(body["properties"][field]["description"].is_string(), "{field}: {body}");
    }
    assert!(body["properties"].get("trace").is_none(), "that is a header");
    let parameters = webhook["parameters"].as_array().unwrap().iter();
    let headers: Vec<&str> = parameters
        .filter(|parameter| parameter["in"] == "header")
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert_eq!(headers, ["webhook-id", "webhook-timestamp", "webhook-signature", "X-Hub-Signature-256"]);
    let statuses = |described: &Value| {
        let statuses = described["responses"].as_object().unwrap().keys();
        statuses.map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(statuses(webhook), "200 202 400 401 404 408 409 413 415 422 429 500 503 default");
    let of_salesforce = &document["paths"]["/webhook/salesforce"]["post"];
    assert_eq!(statuses(of_salesforce), "200 400 401 404 408 409 413 415 422 429 500 503 default");
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
    let (_, document) = described();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    let named = operations(&document);
    let ids: BTreeSet<&str> =
        named.iter().map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), named.len());
}

#[test]
fn no_route_of_the_api_is_made_beside_the_document() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/api");
    let call = [".rou", "te("].concat();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // The builder, and the document's own route, which it describes by hand.
        let expected = match name.as_str() {
            "endpoint.rs" => 1,
            "mod.rs" => 1,
            _ => 0,
        };
        assert_eq!(std::fs::read_to_string(&path).unwrap().matches(&call).count(), expected, "{name}");
    }
}

/// Paths that are routed in a folder, its own folders included.
fn routed(folder: &Path, found: &mut BTreeSet<String>) {
    let call = [".rou", "te(\""].concat();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            routed(&path, found);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            found.extend(
                text.split(&call).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned),
            );
        }
    }
}

#[test]
fn every_route_of_the_service_is_in_the_document() {
    let (_, document) = described();
    let mut found = BTreeSet::new();
    routed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve"), &mut found);
    assert!(found.contains("/webhook/onboarding"), "{found:?}");
    let missing: Vec<&String> = found.iter().filter(|path| document["paths"].get(path).is_none()).collect();
    assert!(missing.is_empty(), "describe them in elsewhere.rs: {missing:?}");
}
