//! The form of an answer, and reading one: what was demanded is checked here again, whatever the server promised.

use gangway_protocol::RiskLevel;
use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Value, json};

/// Longest texts accepted, in characters.
const SUMMARY_CHARS: u32 = 1_200;
const SENTENCES_CHARS: u32 = 600;
const WORDS_CHARS: u32 = 120;
const ID_CHARS: u32 = 60;
/// Most entries accepted in a list.
const ENTRIES: u32 = 40;
/// Problems named to a model that is to repair its answer.
const PROBLEMS: usize = 8;

/// What a model says, in masked form. Nothing of it is believed but wording.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Answer {
    pub(crate) summary: String,
    pub(crate) risk: Risk,
    pub(crate) actions: Vec<ActionWords>,
    pub(crate) errors: Vec<ErrorWords>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Risk {
    pub(crate) level: RiskLevel,
    pub(crate) business_impact: String,
    pub(crate) resolution_time: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ActionWords {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) wording: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ErrorWords {
    pub(crate) id: String,
    pub(crate) meaning: String,
}

/// The schema a provider is asked to enforce. Without lengths: strict modes refuse them.
pub(crate) fn demanded() -> Value {
    schema(&|_| json!({"type": "string"}), &|items| json!({"type": "array", "items": items}))
}

/// The same with bounds, for our own check.
fn accepted() -> Value {
    schema(
        &|longest| json!({"type": "string", "minLength": 1, "maxLength": longest}),
        &|items| json!({"type": "array", "items": items, "maxItems": ENTRIES}),
    )
}

fn schema(text: &dyn Fn(u32) -> Value, list: &dyn Fn(Value) -> Value) -> Value {
    let object = |properties: Value| {
        let required: Vec<String> =
            properties.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    };
    object(json!({
        "summary": text(SUMMARY_CHARS),
        "risk": object(json!({
            "level": {"type": "string", "enum": ["low", "medium", "high", "critical"]},
            "business_impact": text(SENTENCES_CHARS),
            "resolution_time": text(WORDS_CHARS),
        })),
        "actions": list(object(json!({
            "id": text(ID_CHARS), "owner": text(ID_CHARS), "wording": text(SENTENCES_CHARS)
        }))),
        "errors": list(object(json!({"id": text(ID_CHARS), "meaning": text(SENTENCES_CHARS)}))),
    }))
}

/// Checks answers.
pub(crate) struct Reader(Validator);

impl Reader {
    /// The check, compiled.
    ///
    /// # Errors
    /// Our own schema is wrong.
    pub(crate) fn new() -> Result<Self, String> {
        jsonschema::validator_for(&accepted()).map(Self).map_err(|error| error.to_string())
    }

    /// Reads a text; on failure says what was wrong, in words that repeat nothing of it.
    pub(crate) fn read(&self, text: &str) -> Result<Answer, String> {
        let Some(value) = json_in(text) else {
            return Err("The answer is not one JSON document.".to_owned());
        };
        let problems: Vec<String> = self
            .0
            .iter_errors(&value)
            .take(PROBLEMS)
            .map(|error| {
                format!("{} breaks {}", place(&error.instance_path().to_string()), error.schema_path())
            })
            .collect();
        if !problems.is_empty() {
            return Err(format!("The answer does not have the demanded form: {}.", problems.join("; ")));
        }
        serde_json::from_value(value).map_err(|_| "The answer does not have the demanded form.".to_owned())
    }
}

/// A path inside the answer; its root has an empty one. Only our own property names and numbers can stand in it.
fn place(path: &str) -> &str {
    if path.is_empty() { "the document" } else { path }
}

/// The JSON object in a text: the text itself, the content of a fence, or what stands between the outer braces.
fn json_in(text: &str) -> Option<Value> {
    let text = text.trim();
    let fenced = text.split_once("```").and_then(|(_, rest)| {
        let rest = rest.strip_prefix("json").or_else(|| rest.strip_prefix("JSON")).unwrap_or(rest);
        rest.split_once("```").map(|(content, _)| content)
    });
    let braced = text.find('{').zip(text.rfind('}')).and_then(|(open, close)| text.get(open..=close));
    [Some(text), fenced, braced]
        .into_iter()
        .flatten()
        .find_map(|candidate| serde_json::from_str::<Value>(candidate.trim()).ok().filter(Value::is_object))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{Reader, demanded};
    use serde_json::json;

    fn good() -> String {
        json!({"summary": "s", "risk": {"level": "low", "business_impact": "b", "resolution_time": "r"},
               "actions": [{"id": "A1", "owner": "CS", "wording": "w"}], "errors": []})
        .to_string()
    }

    #[test]
    fn reads_an_answer_bare_fenced_and_with_words_around_it() {
        let reader = Reader::new().unwrap();
        let good = good();
        for text in [good.clone(), format!("```json\n{good}\n```"), format!("Sure! {good} Anything else?")] {
            assert_eq!(reader.read(&text).unwrap().summary, "s", "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_without_repeating_it() {
        let reader = Reader::new().unwrap();
        let wrong = good().replace("\"low\"", "\"jane@x.example\"").replace("\"s\"", "\"\"");
        let said = reader.read(&wrong).unwrap_err();
        assert!(said.contains("/risk/level") && said.contains("/summary"), "{said}");
        assert!(!said.contains("jane"), "{said}");
        for text in ["", "no", "[]", "{\"summary\": 1}", "{", "null", &"[".repeat(10_000)] {
            reader.read(text).unwrap_err();
        }
        let long = good().replace("\"s\"", &format!("\"{}\"", "x".repeat(5_000)));
        reader.read(&long).unwrap_err();
    }

    #[test]
    fn every_object_demands_all_its_fields_as_strict_modes_want() {
        let schema = demanded();
        assert_eq!(schema["required"].as_array().unwrap().len(), 4);
        assert_eq!(schema["additionalProperties"], false);
        assert!(!schema.to_string().contains("maxLength"));
    }
}
