//! What must hold when everything has come to rest: nothing lost, nothing doubled, nothing decided wrongly, nothing
//! stuck without a reason. Effects are those of the simulator's ledger; what the program says of itself must fit them.

use crate::case::{Case, Path as CasePath};
use crate::disturbance::{Disturbance, is_out_of_time};
use crate::house::House;
use crate::{receivers, told};
use gangway_simulator::demo_accounts;
use serde_json::Value;

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
    /// Every run's record, oldest first.
    pub runs: Vec<Value>,
    /// Every message.
    pub outbox: Vec<Value>,
    /// How many tenants.
    pub tenants: usize,
    /// Every task.
    pub tasks: Vec<Value>,
    /// What `gangway audit verify` says.
    pub audit: Value,
    /// How often the service died.
    pub crashes: u32,
}

/// Judges what was found by what the case demands and the vendors saw.
pub fn of(house: &House, case: &Case, found: &Found) -> Verdict {
    let (mut problems, ledger) = (Vec::new(), house.effects());
    if found.audit["whole"] != true {
        problems.push(format!("the audit is broken: {}", found.audit));
    }
    lives(case, &found.runs, &mut problems);
    possessions(case, found, &mut problems);
    let unknown = told::judge(case, found, &ledger, &mut problems);
    receivers::judge(case, found, &ledger, &mut problems);
    Verdict { problems, unknown }
}

/// A list in a document; empty when there is none.
pub fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// How a run ended: what was decided, and where it stands.
type Ending = (&'static str, &'static str);

/// Every event has its run, and every run ended as it must.
fn lives(case: &Case, records: &[Value], problems: &mut Vec<String>) {
    let mut expected = endings(case);
    if case.is_of_nobody() && case.disturbance().hides_facts() && !records.is_empty() {
        // Whom Salesforce could not be asked about is let in, and blocked for want of everything.
        expected = vec![("BLOCK", "blocked")];
    }
    let ended: Vec<(&str, &str)> = records
        .iter()
        .map(|record| {
            let decided = record["decision"]["outcome"].as_str().unwrap_or("undecided");
            (decided, record["state"].as_str().unwrap_or("nowhere"))
        })
        .collect();
    if ended == expected {
        return;
    }
    let excused = |(record, ending)| may_end(case, record, ending) || expected.contains(&ending);
    let is_lost = records.len() < expected.len() && (records.is_empty() || !is_cut_short(case, records));
    if is_lost || records.len() > expected.len() || !records.iter().zip(ended.iter().copied()).all(excused) {
        let why: Vec<&Value> = records.iter().map(|record| &record["parked_because"]).collect();
        problems.push(format!("runs ended as {ended:?} (parked because of {why:?}), expected {expected:?}"));
    }
}

/// How the runs of a case end, in the order of their beginning, when nothing but the crash hinders them.
fn endings(case: &Case) -> Vec<Ending> {
    if case.is_of_nobody() {
        return Vec::new();
    }
    let decided = expected(case);
    let alone: &[Ending] = match (case.path, decided) {
        (CasePath::Sign, _) => &[("BLOCK", "blocked"), ("PROCEED", "completed")],
        (_, "PROCEED") => &[("PROCEED", "completed")],
        (CasePath::Deliver | CasePath::Message, "ESCALATE") => &[("ESCALATE", "awaiting_approval")],
        (CasePath::Approve | CasePath::Press, "ESCALATE") => &[("ESCALATE", "completed")],
        (CasePath::Reject, "ESCALATE") => &[("ESCALATE", "blocked")],
        _ => &[("BLOCK", "blocked")],
    };
    match (case.disturbance(), alone) {
        // The second event meets the run of the first, which waits for somebody.
        (Disturbance::Reorder, _) if decided == "ESCALATE" => alone.to_vec(),
        (Disturbance::Reorder, [first, rest @ ..]) => [&[*first, *first], rest].concat(),
        _ => alone.to_vec(),
    }
}

/// Whether the case's disturbance, and not the program, is why a run ended so.
fn may_end(case: &Case, record: &Value, (decided, state): (&str, &str)) -> bool {
    let disturbance = case.disturbance();
    let is_hidden = disturbance.hides_facts() || is_out_of_time(&disturbance);
    match (decided, state) {
        // What cannot be read blocks.
        ("BLOCK", "blocked") => is_hidden && !list(&record["decision"], "api_errors").is_empty(),
        // A step whose vendor stays away is left to a person, with the reason.
        (_, "parked") => is_hidden && record["parked_because"].is_string(),
        // Nobody decided before it ran out.
        ("ESCALATE", "blocked") => {
            matches!(disturbance, Disturbance::ClockStep(step_s) if step_s > APPROVAL_S)
        }
        _ => false,
    }
}

/// An approval lives seven days.
const APPROVAL_S: i64 = 7 * 86_400;

/// Whether there may be fewer runs than expected.
fn is_cut_short(case: &Case, records: &[Value]) -> bool {
    let is_unread = |record: &Value| !list(&record["decision"], "api_errors").is_empty();
    match case.path {
        // A contract that could not be read, for the run that it blocks or for the agent that looks again, lets nobody
        // go on.
        CasePath::Sign => is_out_of_time(&case.disturbance()) || records.iter().all(is_unread),
        // Salesforce is answered while the run goes on, so that the next event may meet it.
        CasePath::Message => case.disturbance() == Disturbance::Reorder,
        CasePath::Deliver | CasePath::Approve | CasePath::Reject | CasePath::Press => false,
    }
}

/// What the account's decision is to be.
fn expected(case: &Case) -> &'static str {
    let accounts = demo_accounts();
    let found = accounts.iter().find(|account| account.account_id == case.account);
    match found.map(|account| account.expected.as_str()) {
        Some("PROCEED") => "PROCEED",
        Some("ESCALATE") => "ESCALATE",
        _ => "BLOCK",
    }
}

/// One tenant with its tasks where a customer was taken in, and none where nobody was.
fn possessions(case: &Case, found: &Found, problems: &mut Vec<String>) {
    let Found { runs: records, tenants, .. } = found;
    let tasks = found.tasks.len();
    let is_taken_in = records.iter().any(|record| record["state"] == "completed");
    let begun = records.iter().any(|record| record["state"] == "parked");
    let fits = match (is_taken_in, begun) {
        (true, _) => *tenants == 1 && tasks == 14,
        (false, true) => *tenants <= 1 && tasks <= 14,
        (false, false) => *tenants == 0 && tasks == 0,
    };
    if !fits {
        problems.push(format!("{tenants} tenants, {tasks} tasks for {}", case.account));
    }
}
