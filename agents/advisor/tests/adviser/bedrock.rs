//! Bedrock's Converse over real HTTP, against the simulated model.

use crate::providers::Lab;
use gangway_advisor::Bedrock;
use gangway_protocol::AdviceSource;
use serde_json::json;
use std::sync::Arc;

const MODEL: &str = "eu.vendor.model-v1:0";

async fn bedrock(key: Option<&'static str>) -> Lab {
    Lab::of(|simulator, http| {
        let key = key.map_or_else(|| simulator.credentials().llm.api_key, str::to_owned);
        Arc::new(Bedrock::new(&simulator.addresses().base_url, key.into(), MODEL, http))
    })
    .await
}

#[tokio::test]
async fn the_form_is_demanded_by_a_tool_and_the_call_of_it_is_worded() {
    let lab = bedrock(None).await;
    assert_eq!(lab.advise().await.source, AdviceSource::Model);
    let request = &lab.requests().await[0];
    assert_eq!((&request["model"], &request["inferenceConfig"]["maxTokens"]), (&json!(MODEL), &json!(1_200)));
    let call = &lab.calls()[0];
    assert_eq!((call.provider.as_str(), call.model.as_str()), ("aws.bedrock", MODEL));
    assert!(call.input_tokens > 0 && call.output_tokens > 0);
}

#[tokio::test]
async fn a_model_that_ignores_the_tool_is_corrected_once() {
    let lab = bedrock(None).await;
    lab.control("llm/script", &json!({"answers": ["The deal is not closed."]})).await;
    assert_eq!((lab.advise().await.source, lab.verdicts()), (AdviceSource::Model, vec!["invalid", "valid"]));
}

#[tokio::test]
async fn a_guardrail_a_wrong_key_and_a_busy_model_leave_the_rules_advice() {
    let lab = bedrock(None).await;
    lab.control("llm/script", &json!({"answers": [{"refusal": "x"}]})).await;
    assert_eq!((lab.advise().await.source, lab.verdicts()), (AdviceSource::RulesInstead, vec!["cut_off"]));
    let lab = bedrock(Some("wrong")).await;
    assert_eq!((lab.advise().await.source, lab.verdicts()), (AdviceSource::RulesInstead, vec!["failed"]));
    let why = lab.calls()[0].why.clone().unwrap();
    assert!(why.contains("403") && why.contains("check key"), "{why}");
    let lab = bedrock(None).await;
    lab.control(
        "faults",
        &json!({"vendor": "llm", "operation": "converse", "kind": "status", "status": 429}),
    )
    .await;
    assert_eq!(
        (lab.advise().await.source, lab.verdicts()),
        (AdviceSource::RulesInstead, vec!["failed", "failed"])
    );
}
