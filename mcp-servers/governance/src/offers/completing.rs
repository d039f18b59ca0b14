//! `completion/complete`: values for an argument that begin as the person has typed.
//!
//! A read that is refused or fails suggests nothing: the person can still type.

use super::{Offers, Reads};
use gangway_protocol::offers::COMPLETIONS;
use gangway_protocol::redact::scrub;
use rmcp::model::{CompleteRequestParams, CompletionInfo, ErrorData, Reference};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Suggestions for the argument asked about.
pub(crate) async fn complete(
    offers: &Offers,
    request: &CompleteRequestParams,
    reads: &impl Reads,
) -> Result<CompletionInfo, ErrorData> {
    let argument = request.argument.name.as_str();
    if !arguments_of(offers, &request.r#ref)?.contains(&argument) {
        let text = format!("there is no argument {} to complete", scrub(argument, 100));
        return Err(ErrorData::invalid_params(text, None));
    }
    for completion in COMPLETIONS.iter().filter(|completion| completion.argument == argument) {
        let limit = completion.limit.map(|limit| ("limit".to_owned(), Value::from(limit)));
        let asked = Map::from_iter(limit);
        let Some(result) = reads.call(completion.tool, asked).await else { continue };
        let Some(answer) = result.structured_content else { break };
        let values = values(&answer, (completion.list, completion.field), &request.argument.value);
        let total = u32::try_from(values.len()).ok();
        let shown: Vec<String> = values.into_iter().take(CompletionInfo::MAX_VALUES).collect();
        let more = total.is_some_and(|total| total as usize > shown.len());
        return Ok(CompletionInfo::with_pagination(shown, total, more).unwrap_or_default());
    }
    Ok(CompletionInfo::default())
}

/// Values without doubles, in order, that begin as typed; case does not matter.
fn values(answer: &Value, (list, field): (&str, &str), typed: &str) -> BTreeSet<String> {
    let typed = typed.to_lowercase();
    let items = answer.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let values = items.iter().filter_map(|item| item.get(field)?.as_str());
    values.filter(|value| value.to_lowercase().starts_with(&typed)).map(str::to_owned).collect()
}

/// The arguments of the prompt or resource asked about.
fn arguments_of(offers: &Offers, asked: &Reference) -> Result<Vec<&'static str>, ErrorData> {
    let found = match asked {
        Reference::Prompt(prompt) => {
            let known = offers.prompts.iter().find(|(_, known)| known.name == prompt.name);
            known.map(|(_, known)| known.arguments.iter().map(|argument| argument.name).collect())
        }
        Reference::Resource(resource) => {
            let known = offers.resources.iter().find(|(_, known)| known.address == resource.uri);
            known.map(|(_, known)| known.variables().collect())
        }
        _ => None,
    };
    found.ok_or_else(|| ErrorData::invalid_params("there is no such prompt or resource to complete", None))
}

#[cfg(test)]
mod tests {
    use super::values;
    use serde_json::json;

    #[test]
    fn suggestions_begin_as_typed_and_come_once() {
        let answer = json!({"runs": [
            {"account_id": "GAMMA-003"}, {"account_id": "ACME-001"}, {"account_id": "GAMMA-003"}, {"other": 1}
        ]});
        let of = |typed| values(&answer, ("runs", "account_id"), typed).into_iter().collect::<Vec<_>>();
        assert_eq!(of("g"), ["GAMMA-003"]);
        assert_eq!(of(""), ["ACME-001", "GAMMA-003"]);
        assert!(of("x").is_empty() && values(&json!({}), ("runs", "account_id"), "").is_empty());
    }
}
