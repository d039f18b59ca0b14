//! Runs for tests: one per outcome, and one whose every text tries to break out of its message.

#![expect(clippy::unwrap_used, reason = "tests")]

use crate::run::WORKFLOW_VERSION;
use crate::settings::Settings;
use gangway_protocol::audit::AuditEntry;
use gangway_protocol::redact::Email;
use gangway_protocol::run::{RunRecord, RunRequest};
use serde_json::{Value, json};

pub fn settings() -> Settings {
    let cs = Email::parse("customer.success@northwind.example").unwrap();
    let mut settings = Settings::new("Northwind Cloud", "Northwind Ads", cs);
    settings.training_url = Some("https://academy.northwind.example/start".to_owned());
    settings.manager_address = Some(Email::parse("cs.manager@northwind.example").unwrap());
    settings
}

pub fn request(account: &str) -> RunRequest {
    serde_json::from_value(json!({
        "account_id": account, "correlation_id": "cor-0001", "trigger": "demo", "requested_by": "demo",
    }))
    .unwrap()
}

fn finding(rule: &str, severity: &str, message: &str, field: &str) -> Value {
    json!({
        "rule": rule, "domain": "opportunity", "severity": severity, "message": message,
        "evidence": {"field": field, "value": "Negotiation"}, "owner": "Sales Ops", "resolution": "Correct it.",
    })
}

fn decision(outcome: &str, risk: &str, violations: &[Value], warnings: &[Value]) -> Value {
    json!({
        "outcome": outcome, "violations": violations, "warnings": warnings, "api_errors": [], "risk_level": risk,
        "rule_set": {"id": "builtin", "version": "1", "digest": "sha256:rules"}, "facts_digest": "sha256:facts",
        "as_of": "2026-03-04",
    })
}

fn facts(account: &str, name: &str) -> Value {
    json!({
        "account_id": account,
        "account": {"id": "0018Z00003X", "name": name, "is_deleted": false, "owner_id": "0058Z"},
        "owner": {"id": "0058Z", "name": "Sarah Johnson", "email": "sarah.johnson@northwind.example", "is_active": true},
        "opportunity": {"id": "0068Z", "stage": "Closed Won", "amount": {"minor": 2500000, "currency": "USD"}},
        "contract": {"id": "CLM-CTR-003", "status": "EXECUTED", "tier": "Starter", "signatories": [
            {"name": "Sarah Johnson", "email": "sarah.johnson@northwind.example", "side": "vendor", "signed": true},
            {"name": "Alex Chen", "email": "alex.chen@gamma.example", "side": "customer", "signed": true}]},
        "invoices": [],
    })
}

fn run(account: &str, state: &str, facts: Value, decision: Value, advice: Value) -> RunRecord {
    serde_json::from_value(json!({
        "run_id": format!("run-{}", account.to_lowercase()),
        "request": request(account), "state": state,
        "created_at": "2026-03-04T10:00:00Z", "updated_at": "2026-03-04T10:00:01Z", "as_of": "2026-03-04",
        "facts": facts, "decision": decision, "advice": advice,
        "versions": {"agent": "0.1.0", "workflow": WORKFLOW_VERSION, "tool_contracts": "sha256:tools", "adviser": "rules"},
    }))
    .unwrap()
}

fn advice(summary: &str, owner: &str, action: &str) -> Value {
    json!({
        "source": "rules", "summary": summary, "business_impact": "Revenue of the deal starts later.",
        "resolution_time": "1 to 2 business days",
        "actions": [{"priority": "high", "owner": owner, "action": action, "because": "OPP-002"}],
        "error_readings": [],
    })
}

pub fn proceeding() -> RunRecord {
    let mut calm = advice("Everything checks out.", "CS", "Schedule the kickoff call.");
    calm["actions"] = json!([]);
    let decision = decision("PROCEED", "low", &[], &[]);
    run("ACME-001", "fulfilling", facts("ACME-001", "ACME Corp"), decision, calm)
}

pub fn completed() -> RunRecord {
    let mut record = proceeding();
    record.state = gangway_protocol::RunState::Completed;
    record.tenant = Some(
        serde_json::from_value(json!({
            "tenant_id": "tnt-acme-001", "account_id": "ACME-001", "tier": "Enterprise", "state": "active",
            "login_url": "https://acme-001.northwind.example/login",
            "entitlements": gangway_protocol::Tier::Enterprise.entitlements(),
            "api_key_id": "key-1", "run_id": record.run_id, "created_at": "2026-03-04T10:00:01Z",
        }))
        .unwrap(),
    );
    record.effects = serde_json::from_value(json!([
        {"label": "create_tenant", "tool": "provision.create_tenant", "status": "done", "reference": "tnt-acme-001"},
        {"label": "email_welcome", "tool": "notify.send_email", "status": "unknown"},
        {"label": "slack_success", "tool": "notify.post_message", "status": "failed", "error": {
            "system": "notify", "error_type": "not_found", "error_code": "channel_not_found", "message": "no such channel",
            "retryable": false, "resolution": "Check the id", "owner": "Data Admin", "operation": "post_message"}},
    ]))
    .unwrap();
    record
}

pub fn blocked() -> RunRecord {
    let violations =
        [finding("OPP-002", "violation", "The opportunity is not Closed Won.", "opportunity.stage")];
    let warnings =
        [finding("OPP-103", "warning", "The opportunity names no contract.", "opportunity.contract_id")];
    let decision = decision("BLOCK", "high", &violations, &warnings);
    let advice = advice("The deal is still being negotiated.", "Sales Ops", "Close the deal in Salesforce.");
    run("BETA-002", "blocked", facts("BETA-002", "Beta Industries"), decision, advice)
}

pub fn failed_calls() -> RunRecord {
    let mut record = blocked();
    let errors = json!([{
        "system": "salesforce", "error_type": "authentication", "error_code": "INVALID_SESSION_ID", "http_status": 401,
        "message": "Session expired or invalid", "retryable": false, "resolution": "Re-authenticate", "owner": "IT/DevOps",
        "operation": "get_onboarding_bundle", "hides": ["account", "owner", "opportunity"]}]);
    if let Some(decision) = &mut record.decision {
        decision.api_errors = serde_json::from_value(errors).unwrap();
    }
    if let Some(advice) = &mut record.advice {
        advice.error_readings = serde_json::from_value(json!([{
            "system": "salesforce", "error_code": "INVALID_SESSION_ID",
            "meaning": "Salesforce no longer accepts our login.", "owner": "IT/DevOps", "resolution": "Re-authenticate"}]))
        .unwrap();
    }
    record
}

pub fn escalated() -> RunRecord {
    let mut overdue = finding(
        "INV-101",
        "warning",
        "Invoice INV-2023-089 is 25 days overdue.",
        "invoices[INV-2023-089].due_date",
    );
    overdue["owner"] = json!("Finance");
    overdue["resolution"] = json!("Collect the payment or agree on a date.");
    let decision = decision("ESCALATE", "low", &[], &[overdue]);
    let advice = advice("Alex Chen's company owes one invoice.", "Finance", "Ask for the payment.");
    let mut record =
        run("GAMMA-003", "awaiting_approval", facts("GAMMA-003", "Gamma Startup"), decision, advice);
    record.approval_id = Some("apr-gamma-003".to_owned());
    record
}

/// The same once somebody has approved it, in the adviser's words for such a run.
pub fn approved() -> RunRecord {
    let (mut record, done) = (escalated(), completed());
    record.state = gangway_protocol::RunState::Completed;
    (record.tenant, record.effects) = (done.tenant, done.effects);
    if let Some(tenant) = &mut record.tenant {
        tenant.run_id = record.run_id.clone();
    }
    let mut told = advice("It needs a person's approval: 1 warning.", "Finance", "Ask for the payment.");
    told["business_impact"] = json!("A small delay: the deal waits for an approval.");
    told["actions"][0]["because"] = json!("INV-101");
    let decide = json!({"priority": "high", "owner": "CS", "action": "Approve or reject the onboarding.", "because": "ESCALATE"});
    told["actions"].as_array_mut().unwrap().push(decide);
    record.advice = serde_json::from_value(told).unwrap();
    record
}

/// Every text a vendor controls, trying to be markup.
pub const HOSTILE: &str = "<script>alert(1)</script> <!channel> *b* _i_ ~s~ `c` [x](https://evil.example) | <@U1> &amp; \u{202e}\r\n# h";

pub fn hostile() -> RunRecord {
    let mut bad = finding(HOSTILE, "warning", HOSTILE, HOSTILE);
    for key in ["owner", "resolution"] {
        bad[key] = json!(HOSTILE);
    }
    bad["evidence"]["value"] = json!(HOSTILE);
    let overdue = {
        let mut overdue = bad.clone();
        overdue["rule"] = json!("INV-101");
        overdue
    };
    let mut advice = advice(HOSTILE, HOSTILE, HOSTILE);
    for key in ["business_impact", "resolution_time"] {
        advice[key] = json!(HOSTILE);
    }
    advice["actions"][0]["because"] = json!(HOSTILE);
    advice["error_readings"] = json!([{
        "system": HOSTILE, "error_code": HOSTILE, "meaning": HOSTILE, "owner": HOSTILE, "resolution": HOSTILE}]);
    let mut decision = decision("ESCALATE", "low", std::slice::from_ref(&bad), &[overdue]);
    let error = json!({
        "system": "clm", "error_type": "server_error", "error_code": HOSTILE, "message": HOSTILE, "retryable": true,
        "resolution": HOSTILE, "owner": HOSTILE, "operation": HOSTILE});
    decision["api_errors"] = json!([error]);
    let mut record = run("EVIL-1", "awaiting_approval", facts("EVIL-1", HOSTILE), decision, advice);
    record.request.requested_by = HOSTILE.to_owned();
    record.approval_id = Some(HOSTILE.to_owned());
    record.tenant = completed().tenant.map(|mut tenant| {
        tenant.login_url = format!("https://x.example/\"><script>{HOSTILE}");
        tenant
    });
    record.effects = serde_json::from_value(json!([
        {"label": "slack_success", "tool": "notify.post_message", "status": "failed", "error": error},
        {"label": "email_success", "tool": "notify.send_email", "status": "done", "reference": HOSTILE}]))
    .unwrap();
    record
}

pub fn tool_calls() -> Vec<AuditEntry> {
    let entry = |seq: u64, moment: &str, tool: &str, end: Value| {
        json!({"seq": seq, "previous": "0", "hash": "1", "record": {
            "at": "2026-03-04T10:00:00Z", "moment": moment, "call_id": format!("call-{seq}"), "principal": "contract",
            "tool": tool, "arguments": {"account_id": "GAMMA-003"}, "end": end}})
    };
    let ok = json!({"ok": true, "replayed": false, "duration_us": 1234});
    serde_json::from_value(json!([
        entry(1, "intent", "clm.get_contract", Value::Null),
        entry(2, "outcome", "clm.get_contract", ok),
        entry(3, "refused", "provision.create_tenant", Value::Null),
    ]))
    .unwrap()
}
