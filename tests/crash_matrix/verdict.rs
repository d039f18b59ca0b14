//! What must hold when everything has come to rest: nothing lost, nothing doubled, nothing decided wrongly, nothing
//! stuck without a reason. Effects are those of the simulator's ledger; what the program says of itself must fit them.

use crate::case::{Case, Path as CasePath};
use crate::disturbance::Disturbance;
use crate::house::House;
use gangway_simulator::{Effect, EffectKind, demo_accounts};
use serde_json::Value;
use std::collections::BTreeMap;

/// What was found.
pub struct Verdict {
    /// In words; empty when all is well.
    pub problems: Vec<String>,
    /// Messages whose fate a person must settle.
    pub unknown: usize,
}

/// What the program says of itself once everything has come to rest.
#[derive(Default)]
pub struct Found {
    /// Every run's record.
    pub runs: Vec<Value>,
    /// Every message.
    pub outbox: Vec<Value>,
    /// How many tenants.
    pub tenants: usize,
    /// How many tasks.
    pub tasks: usize,
    /// What `gangway audit verify` says.
    pub audit: Value,
}

/// Judges what was found by what the case demands and the vendors saw.
pub fn of(house: &House, case: &Case, found: &Found) -> Verdict {
    let mut problems = Vec::new();
    if found.audit["whole"] != true {
        problems.push(format!("the audit is broken: {}", found.audit));
    }
    lives(case, &found.runs, &mut problems);
    possessions(case, found, &mut problems);
    let unknown = messages(&found.runs, &found.outbox, &house.effects(), &mut problems);
    Verdict { problems, unknown }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Every event has its run, and every run ended as it must.
fn lives(case: &Case, records: &[Value], problems: &mut Vec<String>) {
    // Two events are two runs at most; the second may have met the first while it lived.
    let most = if case.disturbance() == Disturbance::Reorder { 2 } else { 1 };
    let least = if is_nobody(&case.account) { 0 } else { 1 };
    if !(least..=most).contains(&records.len()) {
        problems.push(format!("{} runs", records.len()));
    }
    for record in records {
        let (state, outcome) = (&record["state"], record["decision"]["outcome"].as_str());
        let failed_calls = !list(&record["decision"], "api_errors").is_empty();
        if outcome != Some(expected(case)) && !(failed_calls && outcome == Some("BLOCK")) {
            problems.push(format!("decided {outcome:?}, expected {}", expected(case)));
        }
        let fits = match (state.as_str(), outcome, case.path) {
            (Some("completed"), Some("PROCEED"), _) => true,
            (Some("completed"), Some("ESCALATE"), CasePath::Approve) => true,
            (Some("awaiting_approval"), Some("ESCALATE"), CasePath::Deliver) => true,
            (Some("blocked"), Some("ESCALATE"), path) => path == CasePath::Reject || may_expire(case),
            (Some("blocked"), Some("BLOCK"), _) => true,
            // A step whose vendor stays away is left to a person, with the reason.
            (Some("parked"), _, _) => is_disturbed(case) && record["parked_because"].is_string(),
            _ => false,
        };
        if !fits {
            let why = &record["parked_because"];
            problems.push(format!("a run decided {outcome:?} is {state} ({why})"));
        }
    }
}

/// Whether no system knows the account: it is turned away at the door, unless Salesforce could not be asked.
pub fn is_nobody(account: &str) -> bool {
    account == "MISSING-999"
}

fn expected(case: &Case) -> &'static str {
    let accounts = demo_accounts();
    let found = accounts.iter().find(|account| account.account_id == case.account);
    match found.map(|account| account.expected.as_str()) {
        Some("PROCEED") => "PROCEED",
        Some("ESCALATE") => "ESCALATE",
        _ => "BLOCK",
    }
}

fn may_expire(case: &Case) -> bool {
    matches!(case.disturbance(), Disturbance::ClockStep(step_s) if step_s > 0)
}

fn is_disturbed(case: &Case) -> bool {
    matches!(case.disturbance(), Disturbance::Vendor(..) | Disturbance::ClockStep(_))
}

/// One tenant with its tasks where a customer was taken in, and none where nobody was.
fn possessions(case: &Case, found: &Found, problems: &mut Vec<String>) {
    let Found { runs: records, tenants, tasks, .. } = found;
    let is_taken_in = records.iter().any(|record| record["state"] == "completed");
    let begun = records.iter().any(|record| record["state"] == "parked");
    let fits = match (is_taken_in, begun) {
        (true, _) => *tenants == 1 && *tasks == 14,
        (false, true) => *tenants <= 1 && *tasks <= 14,
        (false, false) => *tenants == 0 && *tasks == 0,
    };
    if !fits {
        problems.push(format!("{tenants} tenants, {tasks} tasks for {}", case.account));
    }
}

/// Every message of a run's effects arrived once, or stands in the outbox for a person; none arrived twice.
fn messages(records: &[Value], outbox: &[Value], ledger: &[Effect], problems: &mut Vec<String>) -> usize {
    let arrived = arrivals(ledger);
    for (key, times) in &arrived {
        if *times > 1 {
            problems.push(format!("{key} arrived {times} times"));
        }
    }
    let count = |state: &str| outbox.iter().filter(|message| message["state"] == state).count();
    let unknown = count("unknown");
    for state in ["queued", "sending", "dead"] {
        if count(state) > 0 {
            problems.push(format!("{} messages are {state}", count(state)));
        }
    }
    let sent = count("sent");
    // One of unknown fate may have arrived or not.
    if arrived.len() < sent || arrived.len() > sent + unknown {
        problems.push(format!(
            "{} messages arrived; the outbox says {sent} sent, {unknown} unknown",
            arrived.len()
        ));
    }
    for record in records.iter().filter(|record| record["state"] != "parked") {
        told(record, TOLD_BY_EACH_RUN, &[record], problems);
        told(record, TOLD_ONCE, &records.iter().collect::<Vec<_>>(), problems);
    }
    unknown
}

/// How often each message arrived: a Slack message by our key in its metadata, a mail by its Message-ID.
fn arrivals(ledger: &[Effect]) -> BTreeMap<String, usize> {
    let mut arrived = BTreeMap::new();
    for effect in ledger {
        let name = match effect.kind {
            EffectKind::SlackMessage => &effect.detail["metadata"]["event_payload"]["idempotency_key"],
            EffectKind::Mail => &effect.detail["message_id"],
            EffectKind::SlackUpdate
            | EffectKind::Page
            | EffectKind::CrmUpdate
            | EffectKind::EnvelopeReminder => continue,
        };
        *arrived.entry(name.as_str().unwrap_or("a message without name").to_owned()).or_default() += 1;
    }
    arrived
}

/// What every run of this end tells people.
const TOLD_BY_EACH_RUN: &[(&str, &[&str])] = &[
    ("completed", &["slack_success", "email_success", "salesforce_status"]),
    ("awaiting_approval", &["slack_escalation", "email_escalation"]),
    ("blocked", &["slack_blocked", "email_blocked"]),
];
/// What a customer is told once, by whichever run of theirs comes first.
const TOLD_ONCE: &[(&str, &[&str])] = &[("completed", &["email_welcome", "email_training"])];

/// The runs together say what became of everything a run of this end owes, whatever became of it.
fn told(record: &Value, owed: &[(&str, &[&str])], records: &[&Value], problems: &mut Vec<String>) {
    let Some((_, labels)) = owed.iter().find(|(state, _)| record["state"] == *state) else { return };
    let effects: Vec<&Value> = records.iter().flat_map(|record| list(record, "effects")).collect();
    for label in *labels {
        if !effects
            .iter()
            .any(|effect| effect["label"].as_str().is_some_and(|found| found.starts_with(label)))
        {
            problems.push(format!("the run is {} and nothing says what became of {label}", record["state"]));
        }
    }
}
