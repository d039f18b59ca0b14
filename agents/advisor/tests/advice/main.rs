//! Advice on decisions of every kind, as people read it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use gangway_advisor::advise;
use gangway_protocol::advice::Priority;
use gangway_protocol::{Advice, ApiError, Decision, ErrorType, Facts, RecordKind, System};
use serde_json::{Value, json};

fn facts() -> Facts {
    serde_json::from_value(json!({
        "account_id": "ACME-001",
        "account": {"name": "ACME Corp"},
        "owner": {"name": "Sarah Johnson", "email": "sarah.johnson@northwind.example"},
        "opportunity": {"amount": {"minor": 15_000_000, "currency": "USD"}},
        "contract": {"tier": "Enterprise", "signatories": [{"name": "John Smith", "email": "john.smith@acme.example"}]}
    }))
    .unwrap()
}

fn finding(rule: &str, severity: &str, owner: &str, resolution: &str, message: &str) -> Value {
    json!({
        "rule": rule, "domain": "invoice", "severity": severity, "message": message, "owner": owner,
        "resolution": resolution, "evidence": {"field": "f", "value": null}
    })
}

fn decision(
    outcome: &str,
    risk_level: &str,
    violations: &[Value],
    warnings: &[Value],
    api_errors: &[ApiError],
) -> Decision {
    serde_json::from_value(json!({
        "outcome": outcome, "risk_level": risk_level, "violations": violations, "warnings": warnings,
        "api_errors": api_errors, "rule_set": {"id": "builtin", "version": "1", "digest": "sha256:0"},
        "facts_digest": "sha256:0", "as_of": "2026-01-15"
    }))
    .unwrap()
}

fn stage() -> Value {
    let resolution = "Close the opportunity as won in Salesforce before onboarding";
    finding(
        "OPP-002",
        "violation",
        "Sales Ops",
        resolution,
        "The opportunity's stage is \"Negotiation\", not Closed Won.",
    )
}

fn unsigned() -> Value {
    let message = "The contract's status is \"SENT\": it is neither executed nor signed.";
    finding("CON-002", "violation", "Legal", "Have the contract signed by everybody", message)
}

fn overdue() -> Value {
    let message = "Invoice INV-1 was due on 2025-12-21 and 25,000.00 USD of it is unpaid.";
    finding("INV-101", "warning", "Finance", "Collect the overdue amount", message)
}

fn unpaid(rule: &str) -> Value {
    finding(
        rule,
        "warning",
        "Finance",
        "Agree on when it will be paid",
        "Less than 50 % of invoice INV-1 is paid.",
    )
}

fn expired_session() -> ApiError {
    ApiError::new(
        System::Salesforce,
        ErrorType::Authentication,
        "get_onboarding_bundle",
        "INVALID_SESSION_ID",
        "m",
    )
    .with_status(401)
    .hiding(&[RecordKind::Account])
}

fn quota() -> ApiError {
    ApiError::new(System::Netsuite, ErrorType::RateLimit, "get_invoices", "CONCURRENCY_LIMIT_EXCEEDED", "m")
}

fn block() -> Advice {
    advise(&facts(), &decision("BLOCK", "high", &[stage(), unsigned()], &[overdue()], &[]))
}

#[test]
fn a_proceed_reads_well() {
    insta::assert_json_snapshot!(advise(&facts(), &decision("PROCEED", "low", &[], &[], &[])));
}

#[test]
fn an_escalation_reads_well() {
    let warnings = [overdue(), unpaid("INV-103"), unpaid("INV-105")];
    insta::assert_json_snapshot!(advise(&facts(), &decision("ESCALATE", "low", &[], &warnings, &[])));
}

#[test]
fn a_block_reads_well() {
    insta::assert_json_snapshot!(block());
}

#[test]
fn a_block_by_failed_systems_reads_well() {
    let decision = decision("BLOCK", "critical", &[unsigned()], &[], &[expired_session(), quota()]);
    insta::assert_json_snapshot!(advise(&facts(), &decision));
}

#[test]
fn the_same_action_is_said_once_with_every_reason() {
    let warnings = [unpaid("INV-103"), unpaid("INV-105"), unpaid("INV-103")];
    let advice = advise(&facts(), &decision("ESCALATE", "low", &[], &warnings, &[]));
    let of_finance: Vec<_> = advice.actions.iter().filter(|action| action.owner == "Finance").collect();
    assert_eq!(of_finance.len(), 1);
    assert_eq!(of_finance[0].because, "INV-103, INV-105");
}

#[test]
fn the_same_words_of_two_owners_are_two_actions() {
    let other = finding("INV-105", "warning", "CS", "Agree on when it will be paid", "m");
    let advice = advise(&facts(), &decision("ESCALATE", "low", &[], &[unpaid("INV-103"), other], &[]));
    let owners: Vec<&str> = advice.actions.iter().map(|action| action.owner.as_str()).collect();
    assert_eq!(owners, ["CS", "Finance", "CS"], "the approval, then the two");
}

#[test]
fn an_action_of_a_violation_and_a_warning_keeps_the_higher_priority() {
    let mut violation = unpaid("INV-001");
    violation["severity"] = "violation".into();
    let advice = advise(&facts(), &decision("BLOCK", "high", &[violation], &[unpaid("INV-103")], &[]));
    assert_eq!(advice.actions[0].priority, Priority::High);
    assert_eq!(advice.actions[0].because, "INV-001, INV-103");
    assert_eq!(advice.actions.len(), 2);
}

#[test]
fn failed_systems_come_first_then_violations_then_warnings() {
    let decision = decision("BLOCK", "critical", &[stage()], &[overdue()], &[expired_session()]);
    let order: Vec<(Priority, String)> = advise(&facts(), &decision)
        .actions
        .into_iter()
        .map(|action| (action.priority, action.because))
        .collect();
    let expected = [
        (Priority::Urgent, "INVALID_SESSION_ID"),
        (Priority::High, "OPP-002"),
        (Priority::Normal, "INV-101"),
        (Priority::Normal, "BLOCK"),
    ];
    assert_eq!(order, expected.map(|(priority, because)| (priority, because.to_owned())));
}

#[test]
fn mending_takes_as_long_as_the_slowest_part() {
    let of = |risk: &str, violations: &[Value], warnings: &[Value], types: &[ErrorType]| {
        let errors: Vec<ApiError> =
            types.iter().map(|t| ApiError::new(System::Clm, *t, "get_contract", "X", "m")).collect();
        let outcome = match (errors.len() + violations.len(), warnings.len()) {
            (0, 0) => "PROCEED",
            (0, _) => "ESCALATE",
            _ => "BLOCK",
        };
        advise(&facts(), &decision(outcome, risk, violations, warnings, &errors)).resolution_time
    };
    assert_eq!(of("low", &[], &[], &[]), "Nothing to resolve");
    assert_eq!(of("low", &[], &[overdue()], &[]), "Within 1 business day");
    assert_eq!(of("medium", &[], &[overdue()], &[]), "1 to 2 business days");
    assert_eq!(of("high", &[stage()], &[], &[]), "3 to 5 business days");
    assert_eq!(of("critical", &[stage()], &[], &[]), "1 to 2 weeks");
    let alone = |error_type| of("critical", &[], &[], &[error_type]);
    for (error_type, time) in [
        (ErrorType::RateLimit, "About an hour"),
        (ErrorType::Network, "About an hour"),
        (ErrorType::Timeout, "About an hour"),
        (ErrorType::Authentication, "1 to 4 hours"),
        (ErrorType::ServerError, "1 to 4 hours"),
        (ErrorType::Authorization, "Within 1 business day"),
        (ErrorType::Validation, "1 to 2 business days"),
        (ErrorType::NotFound, "1 to 2 business days"),
    ] {
        assert_eq!(alone(error_type), time, "{error_type:?}");
    }
    let both = [ErrorType::Authorization, ErrorType::RateLimit];
    assert_eq!(of("critical", &[], &[], &both), "Within 1 business day");
    assert_eq!(of("critical", &[], &[overdue()], &[ErrorType::RateLimit]), "Within 1 business day");
    assert_eq!(of("critical", &[stage()], &[], &[ErrorType::RateLimit]), "3 to 5 business days");
}

#[test]
fn the_impact_follows_from_the_risk_and_names_the_deal() {
    let of = |facts: &Facts, outcome: &str, risk: &str| {
        advise(facts, &decision(outcome, risk, &[], &[overdue()], &[])).business_impact
    };
    let mut impacts: Vec<String> = [
        ("PROCEED", "low"),
        ("ESCALATE", "low"),
        ("ESCALATE", "medium"),
        ("BLOCK", "high"),
        ("BLOCK", "critical"),
    ]
    .map(|(outcome, risk)| of(&facts(), outcome, risk))
    .to_vec();
    impacts.push(advise(&facts(), &decision("BLOCK", "critical", &[], &[], &[quota()])).business_impact);
    assert!(impacts.iter().all(|impact| impact.contains("a deal of 150,000.00 USD")), "{impacts:#?}");
    impacts.sort();
    impacts.dedup();
    assert_eq!(impacts.len(), 6, "{impacts:#?}");
    for minor in [0, -5] {
        let mut facts = facts();
        facts.opportunity.as_mut().unwrap().amount.as_mut().unwrap().minor = minor;
        assert!(of(&facts, "ESCALATE", "low").contains(": the deal waits"), "{minor}");
    }
}

#[test]
fn known_codes_are_read_and_others_fall_back_to_their_type() {
    let meaning = |system, error_type, code: &str| {
        let error = ApiError::new(system, error_type, "get", code, "m");
        advise(&facts(), &decision("BLOCK", "critical", &[], &[], &[error])).error_readings.remove(0).meaning
    };
    for (system, error_type, code, expected) in [
        (
            System::Salesforce,
            ErrorType::Authentication,
            "INVALID_SESSION_ID",
            "Salesforce no longer accepts our session",
        ),
        (
            System::Salesforce,
            ErrorType::Authorization,
            "INSUFFICIENT_ACCESS",
            "Salesforce knows the integration's user but does not let it see",
        ),
        (
            System::Salesforce,
            ErrorType::RateLimit,
            "REQUEST_LIMIT_EXCEEDED",
            "Salesforce has had as many API calls",
        ),
        (
            System::Clm,
            ErrorType::Authentication,
            "USER_AUTHENTICATION_FAILED",
            "DocuSign did not recognise the integration's user",
        ),
        (System::Netsuite, ErrorType::Authentication, "INVALID_LOGIN", "NetSuite refused our login"),
        (
            System::Netsuite,
            ErrorType::RateLimit,
            "CONCURRENCY_LIMIT_EXCEEDED",
            "NetSuite had too many of our calls",
        ),
        (System::Netsuite, ErrorType::Timeout, "ODD_CODE", "NetSuite did not answer in time."),
        (System::Clm, ErrorType::Network, "CONNECT_FAILED", "DocuSign could not be reached"),
    ] {
        let meaning = meaning(system, error_type, code);
        assert!(meaning.starts_with(expected) && meaning.ends_with('.'), "{code}: {meaning}");
    }
}

#[test]
fn readings_stand_in_the_order_of_the_errors() {
    let advice = advise(&facts(), &decision("BLOCK", "critical", &[], &[], &[quota(), expired_session()]));
    let codes: Vec<&str> = advice.error_readings.iter().map(|reading| reading.error_code.as_str()).collect();
    assert_eq!(codes, ["CONCURRENCY_LIMIT_EXCEEDED", "INVALID_SESSION_ID"]);
    assert_eq!(advice.error_readings[1].owner, "IT/DevOps");
    assert_eq!(advice.error_readings[1].resolution, "Re-authenticate and refresh the integration's token");
}

#[test]
fn advice_repeats_no_person_and_bounds_vendor_text() {
    let mut facts = facts();
    facts.account.as_mut().unwrap().name = Some(format!("jo@acme.example {}", "Corp ".repeat(500)));
    let mut error = quota();
    error.error_code = format!("jo@acme.example {}", "X ".repeat(500));
    error.resolution = format!("write to jo@acme.example {}", "X ".repeat(500));
    error.owner = format!("jo@acme.example {}", "X ".repeat(500));
    let long = finding(
        "INV-101",
        "warning",
        "Finance",
        &"long ".repeat(500),
        &format!("jo@acme.example {}", "m ".repeat(500)),
    );
    let advice = advise(&facts, &decision("BLOCK", "critical", &[], &[long], &[error]));
    let text = serde_json::to_string(&advice).unwrap();
    for personal in ["jo@acme", "Sarah", "John", "sarah.johnson", "john.smith"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
    assert!(text.len() < 4_000, "{} bytes", text.len());
}

#[test]
fn an_account_without_a_name_is_called_by_its_id() {
    for name in [None, Some(" ".to_owned())] {
        let mut facts = facts();
        facts.account.as_mut().unwrap().name = name;
        facts.contract = None;
        let advice = advise(&facts, &decision("PROCEED", "low", &[], &[], &[]));
        assert!(advice.summary.starts_with("ACME-001 can be onboarded"), "{}", advice.summary);
        assert!(advice.summary.contains("Its tenant is made next"), "{}", advice.summary);
    }
}

#[test]
fn the_same_decision_gives_the_same_advice() {
    assert_eq!(block(), block());
}
