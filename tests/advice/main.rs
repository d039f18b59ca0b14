//! What a model is told, and what a lying one can change: nothing personal, and nothing. What people then read has nothing
//! active in it.
//!
//! In one process, with the real rules, messages and reports, and a model that says what an attacker wants.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod canaries;
mod orders;
mod reading;

use canaries::{canary, holds};
use futures::future::BoxFuture;
use gangway_advisor::{
    Adviser, Finish, Ledger, Model, ModelAnswer, ModelError, ModelRequest, Question, Settings, advise,
};
use gangway_coordinator::Settings as Letterhead;
use gangway_decision::{RuleSet, decide};
use gangway_protocol::redact::{Email, Personal};
use gangway_protocol::{Advice, ApiError, Decision, ErrorType, Facts, LlmCall, Spent, System};
use jiff::Timestamp;
use orders::{ORDERS, WRAPPERS, plant, plant_judged};
use reading::{nothing_active, rendered, texts};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Of how many evaluations the messages and reports of one are rendered; no divisor of the number of scenarios.
const RENDERED_EVERY: usize = 31;

/// Answers with one text everywhere, keeps what it was asked.
#[derive(Default)]
struct Liar {
    says: Mutex<String>,
    asked: Mutex<Vec<String>>,
}

impl Model for Liar {
    fn provider(&self) -> &str {
        "liar"
    }

    fn name(&self) -> &str {
        "liar"
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelAnswer, ModelError>> {
        let turns: Vec<&str> = request.turns().map(|(_, text)| text).collect();
        self.asked.lock().unwrap().push(turns.join("\n"));
        let lie = self.says.lock().unwrap().clone();
        let actions: Vec<_> =
            (1..9).map(|n| json!({"id": format!("A{n}"), "owner": "CS", "wording": lie})).collect();
        let errors: Vec<_> = (1..4).map(|n| json!({"id": format!("E{n}"), "meaning": lie})).collect();
        let answer = json!({"summary": lie, "actions": actions, "errors": errors,
            "risk": {"level": "low", "business_impact": lie, "resolution_time": "now"}});
        let content = Some(answer.to_string());
        Box::pin(async move {
            Ok(ModelAnswer {
                content,
                refusal: None,
                finish: Finish::Done,
                model: None,
                usage: Some((10, 10)),
            })
        })
    }
}

#[derive(Default)]
struct Kept(Mutex<Vec<LlmCall>>);

impl Ledger for Kept {
    fn spent_on_day(&self, _at: Timestamp) -> BoxFuture<'_, Option<Spent>> {
        Box::pin(async { Some(Spent::default()) })
    }

    fn record(&self, call: LlmCall) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(call);
        Box::pin(async {})
    }
}

fn adviser(model: &Arc<Liar>, ledger: &Arc<Kept>) -> Adviser {
    let settings = Settings {
        cache_entries: 0,
        day_tokens: u64::MAX,
        day_micro_usd: u64::MAX,
        run_tokens: u64::MAX,
        run_micro_usd: u64::MAX,
        ..Settings::default()
    };
    let (model, ledger) = (Arc::clone(model) as Arc<dyn Model>, Arc::clone(ledger) as Arc<dyn Ledger>);
    Adviser::new(model, settings, ledger, Arc::new(|| Timestamp::UNIX_EPOCH)).unwrap()
}

/// The scenarios' facts and days.
fn scenarios() -> Vec<(Facts, jiff::civil::Date)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../agents/coordinator/decision/scenarios");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path| {
        let scenario: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        (
            serde_json::from_value(scenario["facts"].clone()).unwrap(),
            scenario["as_of"].as_str().unwrap().parse().unwrap(),
        )
    };
    paths.iter().map(read).collect()
}

/// A decision without what names its input: the digest, and the vendors' words where they are quoted.
fn core(mut decision: Decision) -> Decision {
    decision.facts_digest.clear();
    for error in &mut decision.api_errors {
        error.message.clear();
        error.error_code.clear();
    }
    for finding in decision.violations.iter_mut().chain(&mut decision.warnings) {
        finding.message.clear();
        finding.evidence.value = None;
        // `invoices[INV-1].status` names the invoice by its own text.
        let field = &finding.evidence.field;
        let named = field.split_once('[').zip(field.rsplit_once(']'));
        finding.evidence.field =
            named.map_or(field.clone(), |((list, _), (_, part))| format!("{list}{part}"));
    }
    decision
}

fn frame(advice: &Advice) -> Vec<String> {
    advice.actions.iter().map(|a| format!("{:?} {} {}", a.priority, a.owner, a.because)).collect()
}

#[tokio::test]
async fn neither_planted_orders_nor_a_lying_model_change_a_decision_or_whose_turn_it_is() {
    let (model, ledger) = (Arc::new(Liar::default()), Arc::new(Kept::default()));
    let adviser = adviser(&model, &ledger);
    let scenarios = scenarios();
    let rules = RuleSet::builtin();
    let sender = Email::parse("customer.success@northwind.example").unwrap();
    let letterhead = Letterhead::new("Northwind Cloud", "Northwind", sender);
    let (mut evaluations, mut read) = (0, 0);
    for round in 0.. {
        // Every order in every wrapper, before the first comes again.
        let (order, wrapper) =
            (ORDERS[round % ORDERS.len()], WRAPPERS[round / ORDERS.len() % WRAPPERS.len()]);
        let lie = wrapper.replace("{}", order);
        (*model.says.lock().unwrap()).clone_from(&lie);
        for (clean, as_of) in &scenarios {
            let (mut neutral, mut planted) = (clean.clone(), clean.clone());
            plant(&mut planted, &format!("{lie} {round}"));
            // Where rules judge a text, an order is a text like any other unknown one.
            if round % 2 == 1 {
                plant_judged(&mut neutral, "unheard of");
                plant_judged(&mut planted, &format!("{lie} {round}"));
            }
            let expected = decide(&neutral, &rules, *as_of);
            let decision = decide(&planted, &rules, *as_of);
            assert_eq!(core(decision.clone()), core(expected), "{lie}");
            let rules_say = advise(&planted, &decision);
            let before = decision.clone();
            let question = Question { run_id: None, facts: &planted, decision: &decision };
            let advice = adviser.advise(question).await.advice;
            assert_eq!(decision, before);
            assert_eq!(frame(&advice), frame(&rules_say));
            for (text, known) in texts(&advice).into_iter().zip(texts(&rules_say)) {
                let is_active = ["<", "://", "javascript:", "](", "@", "\u{202e}", "\u{200b}", "`"]
                    .iter()
                    .any(|part| text.contains(part));
                assert!(text == known || !is_active, "{text}");
            }
            evaluations += 1;
            if evaluations % RENDERED_EVERY == 0 {
                let texts = rendered(&planted, &decision, &advice, &letterhead);
                texts.iter().for_each(nothing_active);
                read += texts.len();
            }
        }
        if evaluations >= 10_000 {
            break;
        }
    }
    assert!(read > 500, "{read}");
}

#[tokio::test]
async fn of_ten_thousand_planted_canaries_none_reaches_a_model_or_the_record_of_calls() {
    let (model, ledger) = (Arc::new(Liar::default()), Arc::new(Kept::default()));
    let adviser = adviser(&model, &ledger);
    "The deal waits.".clone_into(&mut model.says.lock().unwrap());
    let (scenarios, rules) = (scenarios(), RuleSet::builtin());
    let mut number = 0;
    while number < 10_000 {
        let (facts, as_of) = &scenarios[number % scenarios.len()];
        let mut facts = facts.clone();
        let first = number;
        let mut next = || {
            number += 1;
            canary(number)
        };
        // A text is shown up to 80 characters: what is planted must fit.
        plant(&mut facts, &format!("{}, {}", next(), next()));
        // The owner's name, which the vendor's error repeats in part.
        let owner = next();
        let mentioned = owner.split(' ').next_back().unwrap_or_default().to_owned();
        if let Some(known) = &mut facts.owner {
            known.name = Some(Personal(owner));
        }
        // Where rules do judge, too: what they quote goes into findings.
        if let Some(opportunity) = &mut facts.opportunity {
            opportunity.stage = Some(format!("On hold, ask {}", next()));
        }
        if let Some(contract) = &mut facts.contract {
            contract.status = Some(next());
            contract.tier = Some(format!("as {} said", next()));
        }
        for invoice in &mut facts.invoices {
            invoice.id = Some(next());
            invoice.status = Some(format!("see {}", next()));
        }
        let said = format!("User {} told {mentioned} to use {}.", next(), next());
        let mut error = ApiError::new(System::Clm, ErrorType::Validation, "get_contract", &next(), "");
        error.message = said;
        facts.api_errors.push(error);
        let decision = decide(&facts, &rules, *as_of);
        adviser.advise(Question { run_id: None, facts: &facts, decision: &decision }).await;
        let asked = std::mem::take(&mut *model.asked.lock().unwrap()).concat();
        let kept = serde_json::to_string(&std::mem::take(&mut *ledger.0.lock().unwrap())).unwrap();
        assert!(asked.contains("findings"), "the model was asked");
        for planted in (first + 1..=number).map(canary) {
            for said in [&asked, &kept] {
                assert!(!holds(said, &planted), "{planted}: {said}");
            }
        }
    }
}
