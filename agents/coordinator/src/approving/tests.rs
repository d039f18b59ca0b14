//! Each sentence about who may decide, as a table of ballots against one docket.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Ballot, Choice, Policy, Refused, expire, reminded, reminders_due, rule, token, void};
use crate::samples;
use ed25519_dalek::SigningKey;
use gangway_protocol::{Domain, Money, Outcome, Person, Role, RunState, Tier};
use gangway_store::{Approval, ApprovalState, Docket};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-03-05T10:00:00Z")
}

fn money(text: &str, currency: &str) -> Money {
    Money::from_decimal(text, currency.to_owned().try_into().unwrap()).unwrap()
}

fn docket() -> Docket {
    let mut run = samples::escalated();
    run.request.requested_by = "rita".to_owned();
    let approval = Approval {
        approval_id: run.approval_id.clone().unwrap(),
        run_id: run.run_id.clone(),
        account_id: run.request.account_id.clone(),
        round: 1,
        facts_digest: "sha256:f".to_owned(),
        rule_set_digest: "sha256:r".to_owned(),
        effects_digest: "sha256:e".to_owned(),
        requested_by: "rita".to_owned(),
        amount: Some(money("150000", "USD")),
        domains: [Domain::Invoice, Domain::Finance].into(),
        state: ApprovalState::Pending,
        requested_at: at("2026-03-04T10:00:00Z"),
        expires_at: at("2026-03-11T10:00:00Z"),
        votes: Vec::new(),
        reminded: Vec::new(),
        decided_by: None,
        decided_at: None,
        reason: None,
        tier: Some(Tier::Starter),
    };
    Docket { approval, run, token_is_spent: false }
}

fn person(name: &str, role: Role, domains: &[Domain]) -> Person {
    Person { name: name.to_owned(), roles: [role].into(), domains: domains.iter().copied().collect() }
}

fn yes(person: Person) -> Ballot {
    let reason = "Finance has a payment plan".to_owned();
    Ballot { person, also_known_as: Vec::new(), choice: Choice::Approve, reason, tier: None }
}

fn by(name: &str) -> Ballot {
    yes(person(name, Role::Approver, &[]))
}

fn ruled(docket: &Docket, ballot: &Ballot) -> Result<Approval, Refused> {
    rule(docket, ballot, Policy::default(), now())
}

fn code(docket: &Docket, ballot: &Ballot) -> &'static str {
    ruled(docket, ballot).unwrap_err().code()
}

#[test]
fn an_approver_of_every_domain_concerned_or_an_admin_may_decide() {
    let docket = docket();
    let both = [Domain::Invoice, Domain::Finance, Domain::Contract];
    for allowed in [
        person("dana", Role::Approver, &[]),
        person("dana", Role::Approver, &both),
        person("dana", Role::Admin, &[Domain::Contract]),
    ] {
        assert_eq!(ruled(&docket, &yes(allowed)).unwrap().state, ApprovalState::Approved);
    }
    for role in [Role::Viewer, Role::Cs, Role::Auditor] {
        assert_eq!(code(&docket, &yes(person("dana", role, &[]))), "NOT_AN_APPROVER");
    }
    let half = ruled(&docket, &yes(person("dana", Role::Approver, &[Domain::Invoice])));
    assert_eq!(
        half.unwrap_err(),
        Refused::OtherDomains { name: "dana".to_owned(), missing: vec![Domain::Finance] }
    );
}

#[test]
fn whoever_asked_for_the_run_may_not_decide_under_any_name() {
    let mut docket = docket();
    assert_eq!(code(&docket, &by("Rita")), "OWN_RUN");
    let admin = yes(person("rita", Role::Admin, &[]));
    assert_eq!(code(&docket, &admin), "OWN_RUN");
    docket.approval.requested_by = "stdio: the contract was signed".to_owned();
    let over_mcp = Ballot { also_known_as: vec!["stdio".to_owned()], ..by("dana") };
    assert_eq!(code(&docket, &over_mcp), "OWN_RUN");
    assert!(ruled(&docket, &by("dana")).is_ok());
    for requested in ["mallory: x", "Mallory: x: the contract was signed"] {
        docket.approval.requested_by = requested.to_owned();
        assert_eq!(code(&docket, &by("mallory: x")), "OWN_RUN", "{requested}");
        assert!(ruled(&docket, &by("mall")).is_ok(), "{requested}");
    }
}

#[test]
fn a_decision_needs_a_reason_and_keeps_no_address() {
    let docket = docket();
    assert_eq!(code(&docket, &Ballot { reason: " \n".to_owned(), ..by("dana") }), "NO_REASON");
    let ballot = Ballot { reason: format!(" ask jo@x.example {}", "x ".repeat(600)), ..by("dana") };
    let kept = ruled(&docket, &ballot).unwrap().reason.unwrap();
    assert!(kept.starts_with("ask [mail]") && kept.chars().count() <= 501, "{kept}");
}

#[test]
fn nobody_decides_after_expiry_and_anybody_up_to_the_last_moment() {
    let docket = docket();
    let late = rule(&docket, &by("dana"), Policy::default(), docket.approval.expires_at);
    assert_eq!(late.unwrap_err().code(), "EXPIRED");
    let just = docket.approval.expires_at - jiff::SignedDuration::from_millis(1);
    assert!(rule(&docket, &by("dana"), Policy::default(), just).is_ok());
    assert!(expire(&docket, just).is_err());
    assert_eq!(expire(&docket, docket.approval.expires_at).unwrap().state, ApprovalState::Expired);
}

#[test]
fn who_comes_second_is_told_who_was_first_and_when() {
    let mut docket = docket();
    docket.approval = ruled(&docket, &by("dana")).unwrap();
    let second = ruled(&docket, &by("erin")).unwrap_err();
    assert_eq!(second.to_string(), "it was already approved by dana at 2026-03-05 10:00 UTC");
}

#[test]
fn only_an_escalated_run_that_waits_for_this_very_approval_can_be_decided() {
    let mut blocked = docket();
    blocked.run.decision.as_mut().unwrap().outcome = Outcome::Block;
    assert_eq!(code(&blocked, &yes(person("root", Role::Admin, &[]))), "NOT_ESCALATED");
    let mut parked = docket();
    parked.run.state = RunState::Parked;
    assert_eq!(code(&parked, &by("dana")), "NOT_AWAITED");
    let mut other = docket();
    other.run.approval_id = Some("apr-other".to_owned());
    assert_eq!(code(&other, &by("dana")), "NOT_AWAITED");
}

#[test]
fn a_void_approval_stays_void() {
    let mut docket = docket();
    assert!(void(&docket, "x").is_err(), "only a given one becomes void");
    docket.approval = ruled(&docket, &by("dana")).unwrap();
    docket.approval = void(&docket, "the findings changed").unwrap();
    assert_eq!(code(&docket, &by("erin")), "VOID");
}

#[test]
fn an_unknown_tier_must_be_named_and_a_known_one_cannot_be_changed() {
    let mut docket = docket();
    let named = |tier| Ballot { tier: Some(tier), ..by("dana") };
    assert_eq!(code(&docket, &named(Tier::Enterprise)), "OTHER_TIER");
    assert!(ruled(&docket, &named(Tier::Starter)).is_ok());
    docket.approval.tier = None;
    assert_eq!(code(&docket, &by("dana")), "NO_TIER");
    assert_eq!(ruled(&docket, &named(Tier::Growth)).unwrap().tier, Some(Tier::Growth));
    let no = Ballot { choice: Choice::Reject, ..by("dana") };
    assert_eq!(ruled(&docket, &no).unwrap().state, ApprovalState::Rejected, "a no needs no tier");
}

#[test]
fn a_large_deal_needs_two_different_people_and_one_no_is_final() {
    let policy = Policy { four_eyes_above: Some(money("100000", "USD")) };
    let mut docket = docket();
    docket.approval = rule(&docket, &by("dana"), policy, now()).unwrap();
    assert_eq!((docket.approval.state, docket.approval.votes.len()), (ApprovalState::Pending, 1));
    let twice = rule(&docket, &by("Dana"), policy, now()).unwrap_err();
    assert_eq!(twice.code(), "SAME_PERSON_TWICE");
    let mut with_umlaut = docket.clone();
    with_umlaut.approval.votes[0].by = "änne".to_owned();
    let twice = rule(&with_umlaut, &by("ÄNNE"), policy, now()).unwrap_err();
    assert_eq!(twice.code(), "SAME_PERSON_TWICE", "case makes no second person in any alphabet");
    let second = rule(&docket, &by("erin"), policy, now()).unwrap();
    assert_eq!(second.state, ApprovalState::Approved);
    assert_eq!(second.decided_by.as_deref(), Some("dana and erin"));
    let no = Ballot { choice: Choice::Reject, ..by("dana") };
    assert_eq!(rule(&docket, &no, policy, now()).unwrap().state, ApprovalState::Rejected);
}

#[test]
fn an_amount_that_cannot_be_seen_to_be_small_counts_as_large() {
    let policy = Policy { four_eyes_above: Some(money("100000", "USD")) };
    assert!(!policy.needs_two(Some(money("100000", "USD"))));
    assert!(policy.needs_two(Some(money("100000.01", "USD"))));
    assert!(policy.needs_two(Some(money("1", "EUR"))));
    assert!(policy.needs_two(None));
    assert!(!Policy::default().needs_two(None));
}

#[test]
fn a_value_is_for_one_approval_as_it_was_asked_for_and_used_once() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut docket = docket();
    let value = token::seal(&docket.approval, &key);
    let check = |value: &str, approval: &Approval| token::check(value, approval, &key.verifying_key());
    assert_eq!(token::claimed(&value), Some("apr-gamma-003"));
    assert_eq!(check(&value, &docket.approval), Ok(()));
    let mut newer = docket.approval.clone();
    newer.effects_digest = "sha256:other".to_owned();
    assert_eq!(check(&value, &newer), Err(Refused::TokenForged));
    let other = token::seal(&docket.approval, &SigningKey::from_bytes(&[8; 32]));
    for forged in ["", "apr-gamma-003", "apr-gamma-003.AAAA", other.as_str()] {
        assert_eq!(check(forged, &docket.approval), Err(Refused::TokenForged), "{forged}");
    }
    assert_ne!(token::spent(&value, "dana"), token::spent(&value, "erin"));
    docket.token_is_spent = true;
    assert_eq!(code(&docket, &by("dana")), "TOKEN_USED");
}

#[test]
fn a_reminder_is_due_once_at_each_level_and_never_before_the_approval_was_asked_for() {
    let mut docket = docket();
    let due = |docket: &Docket, when: &str| reminders_due(&docket.approval, &[400, 84, 24], at(when));
    assert!(due(&docket, "2026-03-07T21:59:59Z").is_empty());
    assert_eq!(due(&docket, "2026-03-07T22:00:00Z"), [84]);
    assert_eq!(due(&docket, "2026-03-10T10:00:00Z"), [84, 24]);
    docket.approval = reminded(&docket, &[84]);
    assert_eq!(due(&docket, "2026-03-10T10:00:00Z"), [24]);
    assert!(due(&docket, "2026-03-11T10:00:00Z").is_empty(), "what has expired is not reminded of");
}
