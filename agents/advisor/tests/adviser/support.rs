//! A model that says what a test wants, a record of its calls in memory, and a clock that stands still.

use futures::future::BoxFuture;
use gangway_advisor::{
    Adviser, Finish, Ledger, Model, ModelAnswer, ModelError, ModelRequest, Question, Settings,
};
use gangway_protocol::{Advice, Decision, Facts, LlmCall, Spent};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// What the model does next.
pub enum Next {
    Says(Value),
    Text(&'static str),
    Refuses,
    IsCutOff,
    Fails(ModelError),
    NeverAnswers,
    /// A good answer, with what it says it took.
    Takes(Value, (u64, u64)),
}

#[derive(Default)]
pub struct Scripted {
    pub next: Mutex<VecDeque<Next>>,
    /// Everything it was asked, request by request.
    pub asked: Mutex<Vec<String>>,
}

impl Model for Scripted {
    fn provider(&self) -> &str {
        "scripted"
    }

    fn name(&self) -> &str {
        "toy"
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelAnswer, ModelError>> {
        let turns: Vec<&str> = request.turns().map(|(_, text)| text).collect();
        self.asked.lock().unwrap().push(turns.join("\n"));
        let next = self.next.lock().unwrap().pop_front().unwrap_or(Next::NeverAnswers);
        Box::pin(async move {
            let mut answer = ModelAnswer {
                content: None,
                refusal: None,
                finish: Finish::Done,
                model: None,
                usage: Some((100, 50)),
            };
            match next {
                Next::Says(value) => answer.content = Some(value.to_string()),
                Next::Text(text) => answer.content = Some(text.to_owned()),
                Next::Refuses => answer.refusal = Some("I would rather not.".to_owned()),
                Next::IsCutOff => answer.finish = Finish::CutOff("length".to_owned()),
                Next::Takes(value, usage) => {
                    (answer.content, answer.usage) = (Some(value.to_string()), Some(usage));
                }
                Next::Fails(error) => return Err(error),
                Next::NeverAnswers => std::future::pending().await,
            }
            Ok(answer)
        })
    }
}

/// What the record of calls never comes to an end with.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Hangs {
    #[default]
    Nowhere,
    Reading,
    Recording,
}

#[derive(Default)]
pub struct Kept {
    pub calls: Mutex<Vec<LlmCall>>,
    pub before: Spent,
    pub hangs: Hangs,
}

impl Ledger for Kept {
    fn spent_on_day(&self, _at: Timestamp) -> BoxFuture<'_, Option<Spent>> {
        Box::pin(async {
            if self.hangs == Hangs::Reading {
                std::future::pending::<()>().await;
            }
            Some(self.before)
        })
    }

    fn record(&self, call: LlmCall) -> BoxFuture<'_, ()> {
        self.calls.lock().unwrap().push(call);
        Box::pin(async {
            if self.hangs == Hangs::Recording {
                std::future::pending::<()>().await;
            }
        })
    }
}

pub struct Room {
    pub model: Arc<Scripted>,
    pub ledger: Arc<Kept>,
    pub adviser: Adviser,
}

impl Room {
    pub fn new(script: impl IntoIterator<Item = Next>) -> Self {
        Self::with(script, Settings::default(), Kept::default())
    }

    pub fn with(script: impl IntoIterator<Item = Next>, settings: Settings, ledger: Kept) -> Self {
        let model =
            Arc::new(Scripted { next: Mutex::new(script.into_iter().collect()), ..Scripted::default() });
        let ledger = Arc::new(ledger);
        let now: Timestamp = "2026-03-04T10:00:00Z".parse().unwrap();
        let adviser = Adviser::new(
            Arc::clone(&model) as Arc<dyn Model>,
            settings,
            Arc::clone(&ledger) as Arc<dyn Ledger>,
            Arc::new(move || now),
        );
        Self { model, ledger, adviser: adviser.unwrap() }
    }

    pub async fn advise(&self) -> Advice {
        let (facts, decision) = (facts(), decision());
        self.adviser.advise(Question { run_id: None, facts: &facts, decision: &decision }).await.advice
    }

    pub fn times_asked(&self) -> usize {
        self.model.asked.lock().unwrap().len()
    }

    pub fn verdicts(&self) -> Vec<&'static str> {
        self.ledger.calls.lock().unwrap().iter().map(|call| call.verdict.name()).collect()
    }
}

pub fn facts() -> Facts {
    serde_json::from_value(json!({
        "account_id": "ACME-001",
        "account": {"id": "0018Z00003ACMEQAA2", "name": "ACME Corp", "owner_id": "0058Z000001OWNERAA"},
        "owner": {"name": "Sarah Johnson", "email": "sarah.johnson@northwind.example"},
        "opportunity": {"id": "0068Z000001OPPACME", "stage": "Negotiation", "amount": {"minor": 15_000_000, "currency": "USD"}},
        "contract": {"id": "CLM-CTR-001", "tier": "Enterprise",
                     "signatories": [{"name": "John Smith", "email": "john.smith@acme.example"}]},
        "invoices": [{"id": "INV-2026-001", "status": "OPEN", "due_date": "2025-12-21",
                      "total": {"minor": 15_000_000, "currency": "USD"}}]
    }))
    .unwrap()
}

pub fn decision() -> Decision {
    let finding = |rule: &str, severity: &str, owner: &str, message: &str, resolution: &str| {
        json!({"rule": rule, "domain": "opportunity", "severity": severity, "message": message, "owner": owner,
               "resolution": resolution, "evidence": {"field": "opportunity.stage", "value": "Negotiation"}})
    };
    serde_json::from_value(json!({
        "outcome": "BLOCK", "risk_level": "high",
        "violations": [finding("OPP-002", "violation", "Sales Ops", "The opportunity's stage is \"Negotiation\", not Closed Won.",
                               "Close the opportunity as won in Salesforce before onboarding")],
        "warnings": [finding("INV-101", "warning", "Finance", "Invoice INV-2026-001 was due on 2025-12-21 and 150,000.00 USD of it is unpaid.",
                             "Collect the overdue amount")],
        "api_errors": [], "rule_set": {"id": "builtin", "version": "1", "digest": "sha256:0"},
        "facts_digest": "sha256:0", "as_of": "2026-01-15"
    }))
    .unwrap()
}

/// An answer that adds nothing but words.
pub fn honest() -> Value {
    json!({
        "summary": "[ACCOUNT] is blocked because the opportunity is still in negotiation. Invoice [INVOICE_1] of [AMOUNT_1] is overdue as well.",
        "risk": {"level": "high", "business_impact": "The deal of [AMOUNT_1] waits for the records.",
                 "resolution_time": "3 to 5 business days"},
        "actions": [{"id": "A1", "owner": "Sales Ops", "wording": "Set the opportunity to Closed Won in Salesforce once it is signed."}],
        "errors": []
    })
}
