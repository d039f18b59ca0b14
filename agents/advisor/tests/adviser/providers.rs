//! The OpenAI-compatible provider over real HTTP, against the simulated model.

use crate::support::{Kept, decision, facts};
use gangway_advisor::{Adviser, Ledger, Model, OpenAi, Question, Settings};
use gangway_protocol::{Advice, AdviceSource, LlmCall};
use gangway_simulator::{Options, Simulator};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// The simulated model, and an adviser that asks it.
pub struct Lab {
    pub simulator: Simulator,
    pub ledger: Arc<Kept>,
    adviser: Adviser,
    http: reqwest::Client,
}

impl Lab {
    pub async fn of(model: impl FnOnce(&Simulator, reqwest::Client) -> Arc<dyn Model>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let simulator = Simulator::start(Options::default()).await.unwrap();
        let ledger = Arc::new(Kept::default());
        let settings = Settings { retry_base_ms: 0, cache_entries: 0, ..Settings::default() };
        let kept = Arc::clone(&ledger) as Arc<dyn Ledger>;
        let adviser =
            Adviser::new(model(&simulator, http.clone()), settings, kept, Arc::new(|| Timestamp::UNIX_EPOCH));
        Self { simulator, ledger, adviser: adviser.unwrap(), http }
    }

    pub async fn control(&self, path: &str, body: &Value) {
        let url = format!("{}/_simulator/{path}", self.simulator.addresses().base_url);
        let request = if path == "faults" { self.http.post(url) } else { self.http.put(url) };
        assert!(request.json(body).send().await.unwrap().status().is_success());
    }

    /// What the model was asked, as it came over the wire.
    pub async fn requests(&self) -> Vec<Value> {
        let url = format!("{}/_simulator/llm/requests", self.simulator.addresses().base_url);
        let body = self.http.get(url).send().await.unwrap().bytes().await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    pub async fn advise(&self) -> Advice {
        let (facts, decision) = (facts(), decision());
        self.adviser.advise(Question { run_id: None, facts: &facts, decision: &decision }).await.advice
    }

    pub fn calls(&self) -> Vec<LlmCall> {
        self.ledger.calls.lock().unwrap().clone()
    }

    pub fn verdicts(&self) -> Vec<&'static str> {
        self.calls().iter().map(|call| call.verdict.name()).collect()
    }
}

async fn openai() -> Lab {
    Lab::of(|simulator, http| {
        let key = simulator.credentials().llm.api_key.into();
        Arc::new(OpenAi::new(&format!("{}/v1", simulator.addresses().base_url), &key, "toy", http))
    })
    .await
}

#[tokio::test]
async fn the_form_is_demanded_and_the_answer_worded() {
    let lab = openai().await;
    assert_eq!(lab.advise().await.source, AdviceSource::Model);
    let request = &lab.requests().await[0];
    assert_eq!(request["response_format"]["json_schema"]["strict"], true);
    assert_eq!((&request["model"], &request["max_tokens"]), (&json!("toy"), &json!(1_200)));
}

#[tokio::test]
async fn a_server_that_knows_no_schema_is_asked_without_one_from_then_on() {
    for (status, message) in [
        (400, "Unsupported parameter: 'response_format' of type 'json_schema'."),
        (422, "This model has no structured outputs"),
    ] {
        let lab = openai().await;
        let refusal =
            json!({"vendor": "llm", "kind": "status", "status": status, "message": message, "times": 1});
        lab.control("faults", &refusal).await;
        assert_eq!(lab.advise().await.source, AdviceSource::Model, "{message}");
        assert_eq!(lab.verdicts(), ["failed", "valid"]);
        assert_eq!(lab.advise().await.source, AdviceSource::Model);
        assert_eq!(lab.verdicts().len(), 3, "asked once");
        for request in lab.requests().await {
            assert!(request.get("response_format").is_none(), "{request}");
        }
    }
}

#[tokio::test]
async fn another_bad_request_is_not_sent_again() {
    let lab = openai().await;
    lab.control("faults", &json!({"vendor": "llm", "kind": "status", "status": 400, "message": "No."})).await;
    assert_eq!(lab.advise().await.source, AdviceSource::RulesInstead);
    assert_eq!(lab.verdicts(), ["failed"]);
}

#[tokio::test]
async fn a_server_that_ignores_the_schema_is_corrected_once() {
    let lab = openai().await;
    let prose = "Dear team, the deal is not closed yet. Kind regards";
    lab.control("llm/script", &json!({"answers": [prose]})).await;
    assert_eq!(lab.advise().await.source, AdviceSource::Model);
    assert_eq!(lab.verdicts(), ["invalid", "valid"]);
    let repair = &lab.requests().await[1]["messages"];
    assert_eq!((&repair[2]["role"], &repair[3]["role"]), (&json!("assistant"), &json!("user")));
}

#[tokio::test]
async fn refused_cut_off_and_fenced_answers_are_told_apart() {
    let fenced = "Sure!\n```json\n{\"summary\": \"The opportunity is still in negotiation.\", \"actions\": [], \"errors\": [], \
                  \"risk\": {\"level\": \"high\", \"business_impact\": \"The deal waits.\", \"resolution_time\": \"1 day\"}}\n```";
    for (answer, verdict, source) in [
        (json!({"refusal": "I will not."}), "refused", AdviceSource::RulesInstead),
        (
            json!({"content": "{\"summary\": \"The", "finish_reason": "length"}),
            "cut_off",
            AdviceSource::RulesInstead,
        ),
        (json!({"content": "", "finish_reason": "content_filter"}), "cut_off", AdviceSource::RulesInstead),
        (json!(fenced), "valid", AdviceSource::Model),
    ] {
        let lab = openai().await;
        lab.control("llm/script", &json!({"answers": [answer]})).await;
        assert_eq!((lab.advise().await.source, lab.verdicts()), (source, vec![verdict]), "{answer}");
    }
}
