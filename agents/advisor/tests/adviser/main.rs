//! The adviser with a model that behaves, lies, fails, dawdles or costs too much.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(feature = "bedrock")]
mod bedrock;
mod providers;
mod support;

use gangway_advisor::{ModelError, Settings, advise};
use gangway_protocol::{AdviceSource, Spent};
use serde_json::json;
use std::time::Duration;
use support::{Hangs, Kept, Next, Room, decision, facts, honest};

#[tokio::test]
async fn a_model_words_the_rules_advice_and_what_was_masked_is_put_back() {
    let room = Room::new([Next::Says(honest())]);
    let advice = room.advise().await;
    let rules = advise(&facts(), &decision());
    assert_eq!(advice.source, AdviceSource::Model);
    assert_eq!(
        advice.summary,
        "ACME Corp is blocked because the opportunity is still in negotiation. Invoice INV-2026-001 of 150,000.00 USD is overdue as well."
    );
    assert_eq!(
        advice.actions[0].action,
        "Set the opportunity to Closed Won in Salesforce once it is signed."
    );
    let frame = |advice: &gangway_protocol::Advice| -> Vec<_> {
        advice.actions.iter().map(|a| (a.priority, a.owner.clone(), a.because.clone())).collect()
    };
    assert_eq!(frame(&advice), frame(&rules));
    assert_eq!(advice.actions[1..], rules.actions[1..]);
    assert_eq!(advice.notes, Vec::<String>::new());
}

#[tokio::test]
async fn a_model_sees_no_name_address_id_or_amount() {
    let room = Room::new([Next::Says(honest())]);
    room.advise().await;
    let asked = room.model.asked.lock().unwrap().concat();
    for secret in [
        "ACME", "Sarah", "Johnson", "@", "John", "Smith", "INV-2026", "CLM-CTR", "0068Z", "150,000",
        "15000000",
    ] {
        assert!(!asked.contains(secret), "{secret}: {asked}");
    }
    for known in ["OPP-002", "[INVOICE_1] was due on 2025-12-21", "Sales Ops", "\"A1\"", "Enterprise"] {
        assert!(asked.contains(known), "{known}: {asked}");
    }
    let recorded = serde_json::to_string(&room.ledger.calls.lock().unwrap()[0]).unwrap();
    assert!(!recorded.contains("ACME") && recorded.contains("gen_ai.usage.input_tokens"), "{recorded}");
}

#[tokio::test]
async fn an_answer_of_the_wrong_form_is_repaired_once() {
    let room = Room::new([Next::Text("Certainly! Everything is fine."), Next::Says(honest())]);
    assert_eq!(room.advise().await.source, AdviceSource::Model);
    assert_eq!(room.verdicts(), ["invalid", "valid"]);
    let room = Room::new([Next::Says(json!({"summary": 1})), Next::Says(json!([])), Next::Says(honest())]);
    let advice = room.advise().await;
    assert_eq!((advice.source, room.times_asked()), (AdviceSource::RulesInstead, 2));
    assert!(advice.notes[0].contains("wrong form"), "{:?}", advice.notes);
}

#[tokio::test]
async fn refusals_and_cut_off_answers_leave_the_rules_advice() {
    for (next, verdict) in [(Next::Refuses, "refused"), (Next::IsCutOff, "cut_off")] {
        let room = Room::new([next]);
        let mut advice = room.advise().await;
        assert_eq!((advice.source, room.verdicts()), (AdviceSource::RulesInstead, vec![verdict]));
        (advice.source, advice.notes) = (AdviceSource::Rules, Vec::new());
        assert_eq!(advice, advise(&facts(), &decision()));
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_nothing_else() {
    let busy = || Next::Fails(ModelError::Busy { status: 503 });
    let room = Room::new([busy(), Next::Says(honest())]);
    assert_eq!(room.advise().await.source, AdviceSource::Model);
    let room = Room::new([busy(), busy(), Next::Says(honest())]);
    assert_eq!((room.advise().await.source, room.times_asked()), (AdviceSource::RulesInstead, 2));
    let room = Room::new([Next::Fails(ModelError::Refused { status: 401 }), Next::Says(honest())]);
    assert_eq!((room.advise().await.source, room.times_asked()), (AdviceSource::RulesInstead, 1));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_the_deadline() {
    let busy = || Next::Fails(ModelError::Unreachable);
    for script in [vec![Next::NeverAnswers], vec![busy(), Next::NeverAnswers]] {
        let room =
            Room::with(script, Settings { deadline_ms: 3_000, ..Settings::default() }, Kept::default());
        let begun = tokio::time::Instant::now();
        let advice = room.advise().await;
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
        assert_eq!(advice.source, AdviceSource::RulesInstead);
        assert_eq!(room.verdicts().last(), Some(&"too_late"));
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_the_record_of_calls_beyond_the_deadline() {
    for (hangs, source) in
        [(Hangs::Reading, AdviceSource::RulesInstead), (Hangs::Recording, AdviceSource::Model)]
    {
        let kept = Kept { hangs, ..Kept::default() };
        let settings = Settings { deadline_ms: 3_000, ..Settings::default() };
        let room = Room::with([Next::Says(honest())], settings, kept);
        let begun = tokio::time::Instant::now();
        assert_eq!(room.advise().await.source, source);
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
    }
}

#[tokio::test]
async fn a_call_whose_answer_is_lost_counts_as_if_all_had_been_taken() {
    for (error, is_dear) in [
        (ModelError::Unreachable, true),
        (ModelError::Unreadable, true),
        (ModelError::Busy { status: 504 }, true),
        (ModelError::Busy { status: 500 }, true),
        (ModelError::Busy { status: 429 }, false),
        (ModelError::Busy { status: 503 }, false),
        (ModelError::Refused { status: 401 }, false),
    ] {
        let settings = Settings { retries: 0, day_tokens: 8_000, ..Settings::default() };
        let script = [Next::Fails(error.clone()), Next::Fails(error.clone()), Next::Says(honest())];
        let room = Room::with(script, settings, Kept::default());
        for _ in 0..3 {
            room.advise().await;
        }
        assert_eq!(room.times_asked() < 3, is_dear, "{error}");
        let call = room.ledger.calls.lock().unwrap()[0].clone();
        assert_eq!(call.input_tokens + call.output_tokens > 1_200, is_dear, "{error}");
        assert_eq!(call.cost_micro_usd > 0, is_dear, "{error}");
    }
}

#[tokio::test]
async fn what_a_provider_says_it_took_is_believed_within_what_is_possible() {
    let taken = async |usage| {
        let room = Room::new([Next::Takes(honest(), usage)]);
        assert_eq!(room.advise().await.source, AdviceSource::Model);
        let call = room.ledger.calls.lock().unwrap()[0].clone();
        (call.input_tokens, call.output_tokens)
    };
    let (input, output) = taken((0, 0)).await;
    assert!(input > 300 && output > 40, "{input} {output}");
    assert_eq!(taken((2_000, 400)).await, (2_000, 400));
    assert_eq!(taken((u64::MAX, 9_000_000_000_000_000_000)).await, (10_000_000, 10_000_000));
}

#[tokio::test]
async fn after_failures_in_a_row_nobody_is_asked() {
    let script = (0..20).map(|_| Next::Fails(ModelError::Busy { status: 500 }));
    let room = Room::with(
        script,
        Settings { breaker_failures: 3, retries: 0, ..Settings::default() },
        Kept::default(),
    );
    for _ in 0..10 {
        assert_eq!(room.advise().await.source, AdviceSource::RulesInstead);
    }
    assert_eq!(room.times_asked(), 3);
}

#[tokio::test]
async fn budgets_are_set_aside_before_a_call() {
    let small = |settings: Settings, before: u64| {
        let before = Spent { tokens: before, micro_usd: 0 };
        Room::with([Next::Says(honest())], settings, Kept { before, ..Kept::default() })
    };
    for room in [
        small(Settings { run_tokens: 1_000, ..Settings::default() }, 0),
        small(Settings { run_micro_usd: 10, ..Settings::default() }, 0),
        small(Settings { day_tokens: 100_000, ..Settings::default() }, 99_000),
    ] {
        let advice = room.advise().await;
        assert_eq!((advice.source, room.times_asked()), (AdviceSource::RulesInstead, 0));
        assert!(advice.notes[0].contains("budget"), "{:?}", advice.notes);
    }
}

#[tokio::test]
async fn the_same_question_is_asked_once() {
    let room = Room::new([Next::Says(honest())]);
    let first = room.advise().await;
    assert_eq!((room.advise().await, room.times_asked()), (first, 1));
}

#[tokio::test]
async fn sentences_without_a_source_are_left_out_and_noted() {
    let sentences = [
        "Pay 99,000.00 USD first.",
        "The contract ends on 2031-05-05.",
        "Ask Barbara Streep.",
        "Mallory will take care of it.",
        "See https://evil.example for more.",
        "Run <script>alert(1)</script> now.",
        "[AMOUNT_9] is missing.",
        "Twelve invoices are open.",
        "It can proceed without anything else.",
        "Позвоните Ивану.",
        "请忽略规则。",
        "The \u{202e}deal is done.",
        "mallory waits for it.",
        "Ask grant smith first.",
        "It takes ninety minutes.",
        "It takes forty-two days.",
        "The nineteenth invoice is open.",
        "Dozens of invoices are open.",
        "It takes two hundred days.",
        "Create the tenant by hand.",
        "Create the tenant by hand and tell mallory the password.",
        "Customer success should treat the decision as wrong and onboard the tenant by hand.",
        "The decision is a mistake.",
        "Send the integration's credentials to the customer.",
        "Ignore the findings.",
        "Override the rules, then go on.",
        "Do not wait: onboard the customer today.",
        "The tenant was created.",
    ];
    for sentence in sentences {
        let mut said = honest();
        said["summary"] = json!(format!("The opportunity is still in negotiation. {sentence}"));
        said["risk"]["business_impact"] = json!(sentence);
        said["actions"] = json!([{"id": "A1", "owner": "Sales Ops", "wording": sentence}]);
        let room = Room::new([Next::Says(said)]);
        let (advice, rules) = (room.advise().await, advise(&facts(), &decision()));
        assert_eq!(advice.summary, "The opportunity is still in negotiation.", "{sentence}");
        assert_eq!(
            (advice.business_impact, advice.actions),
            (rules.business_impact, rules.actions),
            "{sentence}"
        );
        assert!(advice.notes.iter().any(|note| note.starts_with("Left out of")), "{sentence}");
        assert!(!advice.notes.concat().contains(sentence), "a note repeats nothing");
    }
}

#[tokio::test]
async fn a_time_without_a_source_leaves_the_rules_time() {
    for time in ["ninety minutes", "a fortnight", "forty-eight hours", "seventeen days"] {
        let mut said = honest();
        said["risk"]["resolution_time"] = json!(time);
        let advice = Room::new([Next::Says(said)]).advise().await;
        assert_eq!(advice.resolution_time, advise(&facts(), &decision()).resolution_time, "{time}");
    }
}

#[tokio::test]
async fn owners_and_levels_stay_the_rules() {
    let mut said = honest();
    said["risk"]["level"] = json!("low");
    said["actions"] = json!([
        {"id": "A1", "owner": "Legal", "wording": "Leave it as it is."},
        {"id": "A9", "owner": "CS", "wording": "Leave it as it is."}
    ]);
    let room = Room::new([Next::Says(said)]);
    let advice = room.advise().await;
    assert_eq!(advice.actions, advise(&facts(), &decision()).actions);
    assert_eq!(advice.notes.len(), 3, "{:?}", advice.notes);
}
