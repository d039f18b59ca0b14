//! What a house did, made comparable: the simulator's own ledger and our decisions without what is new in every run - ids
//! of runs, correlations and approvals, ids vendors give requests, instants, and digests of texts that hold them. Nothing
//! else is taken out.

use crate::harness::House;
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields of a ledger entry that say when and as which entry, not what.
const WHEN: [&str; 5] = ["seq", "at", "ts", "message_id", "text_sha256"];

/// Every run of a `run-all`, as it printed them: account, decision, findings, state.
pub fn run_all(house: &House) -> Vec<Value> {
    house.json(&["run-all", "--json"])["results"].as_array().unwrap().clone()
}

/// The run ids of these results, and the name each has wherever it stands.
fn names(results: &[Value]) -> Vec<(String, String)> {
    let of = |result: &Value, field: &str| {
        let id = result[field].as_str().unwrap().to_owned();
        (id, format!("<{field} of {}>", result["account_id"].as_str().unwrap()))
    };
    let ours = results.iter().flat_map(|result| [of(result, "run_id"), of(result, "correlation_id")]);
    let errors = results.iter().flat_map(|result| result["api_errors"].as_array().unwrap());
    let theirs = errors.filter_map(|error| error["request_id"].as_str());
    ours.chain(theirs.map(|id| (id.to_owned(), "<request id>".to_owned()))).collect()
}

/// What was decided about each account: outcome, risk, findings, errors, where the run rests.
pub fn decisions(results: &[Value]) -> BTreeMap<String, Value> {
    let decided = |result: &Value| {
        let mut result = result.clone();
        let fields = result.as_object_mut().unwrap();
        for new in ["run_id", "correlation_id", "duration_ms"] {
            fields.remove(new).unwrap();
        }
        for error in fields["api_errors"].as_array_mut().unwrap() {
            error["request_id"].take();
        }
        (result["account_id"].as_str().unwrap().to_owned(), result)
    };
    results.iter().map(decided).collect()
}

/// Every effect in the simulator's ledger as text, in an order that does not depend on who was faster.
pub fn effects(house: &House, results: &[Value]) -> Vec<String> {
    let names = names(results);
    let mut effects: Vec<String> = house
        .vendors()
        .effects()
        .iter_mut()
        .map(|effect| {
            without_when(effect);
            let named = names.iter().fold(effect.to_string(), |text, (id, name)| text.replace(id, name));
            without_instants(&without_approvals(&named))
        })
        .collect();
    effects.sort();
    effects
}

fn without_when(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !WHEN.contains(&name.as_str()));
            fields.values_mut().for_each(without_when);
        }
        Value::Array(items) => items.iter_mut().for_each(without_when),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `apr-` and 32 digits: an approval has an id of its own.
fn without_approvals(text: &str) -> String {
    let mut parts = text.split("apr-");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let is_id = part.get(..32).is_some_and(|id| id.bytes().all(|b| b.is_ascii_hexdigit()));
        out.push_str("apr-");
        out.push_str(if is_id { &part[32..] } else { part });
    }
    out
}

/// `T10:00:00Z` and ` 10:00`: the day stays, the time of day goes.
fn without_instants(text: &str) -> String {
    let is_time = |at: usize| {
        let bytes = text.as_bytes();
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        digit(at) && digit(at + 1) && bytes.get(at + 2) == Some(&b':') && digit(at + 3) && digit(at + 4)
    };
    let mut out = String::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        if is_time(at) {
            let rest = &text[at..];
            at += rest.find(|c: char| !c.is_ascii_digit() && !":.".contains(c)).unwrap_or(rest.len());
            out.push_str("<time>");
        } else {
            out.push(next);
            at += next.len_utf8();
        }
    }
    out
}
