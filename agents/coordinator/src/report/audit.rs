//! `audit_<run>.json`: the run record without personal data, and every tool call made for it.
//!
//! Personal data is taken out by type where a type says so, and then, because names and addresses turn up inside
//! other text too, wherever the very same text occurs.

use gangway_protocol::audit::AuditEntry;
use gangway_protocol::redact::Personal;
use gangway_protocol::{Facts, RunRecord};
use serde_json::{Value, json};

const MASK: &str = "[personal]";
/// Shorter names would mask parts of ordinary words.
const SHORTEST_NAME: usize = 4;

/// The report.
///
/// # Errors
/// When a record cannot be expressed as JSON, which none of ours is.
pub fn render(record: &RunRecord, calls: &[AuditEntry]) -> Result<String, serde_json::Error> {
    let personal = record.facts.as_ref().map_or_else(Vec::new, personal_texts);
    let mut run = serde_json::to_value(record)?;
    mask(&mut run, &personal);
    let mut tool_calls = serde_json::to_value(calls)?;
    mask(&mut tool_calls, &personal);
    let mut text = serde_json::to_string_pretty(&json!({"run": run, "tool_calls": tool_calls}))?;
    text.push('\n');
    Ok(text)
}

/// Every personal text of the facts, longest first, so that a full name is masked before its parts.
fn personal_texts(facts: &Facts) -> Vec<String> {
    let owner = facts.owner.iter().flat_map(|owner| [&owner.name, &owner.email]);
    let signatories = facts.contract.iter().flat_map(|contract| contract.signatories.iter().flatten());
    let people = signatories.flat_map(|signatory| [&signatory.name, &signatory.email]);
    let mut texts: Vec<String> = owner
        .chain(people)
        .flatten()
        .map(|Personal(text)| text.trim().to_owned())
        .filter(|text| text.chars().count() >= SHORTEST_NAME)
        .collect();
    texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    texts.dedup();
    texts
}

/// Fields of the facts whose type is personal.
const PERSONAL_PLACES: [&str; 2] = ["owner", "signatories"];

fn mask(value: &mut Value, personal: &[String]) {
    match value {
        Value::String(text) => {
            for name in personal {
                if text.contains(name.as_str()) {
                    *text = text.replace(name.as_str(), MASK);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, personal)),
        Value::Object(fields) => {
            for (key, field) in fields {
                if PERSONAL_PLACES.contains(&key.as_str()) {
                    mask_people(field);
                }
                mask(field, personal);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Names and addresses of one person or a list of them.
fn mask_people(value: &mut Value) {
    match value {
        Value::Array(people) => people.iter_mut().for_each(mask_people),
        Value::Object(person) => {
            for key in ["name", "email"] {
                if let Some(field) = person.get_mut(key)
                    && field.is_string()
                {
                    *field = Value::String(MASK.to_owned());
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::render;
    use crate::samples;

    #[test]
    fn the_audit_report_names_no_person() {
        let record = samples::escalated();
        let facts = record.facts.clone().unwrap();
        let text = render(&record, &samples::tool_calls()).unwrap();
        for name in ["Sarah Johnson", "sarah.johnson@", "Alex Chen", "alex.chen@"] {
            assert!(serde_json::to_string(&facts).unwrap().contains(name), "the sample has no {name}");
            assert!(!text.contains(name), "{name} is in the audit report");
        }
        assert!(text.contains("clm.get_contract"));
    }

    #[test]
    fn the_same_record_gives_the_same_bytes() {
        let record = samples::escalated();
        assert_eq!(render(&record, &[]).unwrap(), render(&record.clone(), &[]).unwrap());
    }
}
