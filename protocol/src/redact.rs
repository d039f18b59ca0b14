//! Keeping secrets and personal data out of logs, audit and error texts - by type, not by guessing.
//!
//! A tool argument that holds personal data or a secret says so in its JSON schema (`x-redact`), because its Rust type
//! does. [`redact`] and [`identity`] read that mark. [`scrub`] is the last net for free text a vendor sent; it is
//! deliberately coarse and never used where a type can do the work.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// Schema keyword that marks an argument: `personal` or `secret`.
pub const MARK: &str = "x-redact";
const MAIL: &str = "[mail]";
const PHONE: &str = "[phone]";
const TOKEN: &str = "[token]";

/// Text that names or addresses a person. Serialises as itself; its debug form and the audit show nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, extend("x-redact" = "personal"))]
pub struct Personal(pub String);

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

/// Why a text is not a mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a mail address: one '@' between two non-empty parts, no spaces, at most 254 bytes")]
pub struct EmailError;

/// A mail address. What a mail server accepts is its business; this only keeps header injection and nonsense out.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", extend("x-redact" = "personal", "format" = "email", "maxLength" = 254))]
pub struct Email(String);

impl Email {
    /// Reads an address.
    ///
    /// # Errors
    /// [`EmailError`] when it cannot be one.
    pub fn parse(text: impl Into<String>) -> Result<Self, EmailError> {
        let text = text.into();
        let clean = text.len() <= 254
            && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>,;\"".contains(c));
        let parts_filled = text
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
        if clean && parts_filled { Ok(Self(text)) } else { Err(EmailError) }
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;
    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

/// The arguments as the audit may keep them: every marked top-level property replaced by its mark. In text that is open, what
/// is a mail address, a phone number or a token all the same is masked; in a single word, such as an id, of tokens only JSON web
/// tokens: ids may be long.
///
/// `schema` is the tool's input schema; an argument it does not know is masked too.
#[must_use]
pub fn redact(arguments: &Map<String, Value>, schema: &Value) -> Map<String, Value> {
    arguments
        .iter()
        .map(|(name, value)| {
            let kept = match mark(schema, name) {
                Mark::Open => opened(value),
                Mark::Closed(_) if value.is_null() => Value::Null,
                Mark::Closed(kind) => Value::String(format!("[{kind}]")),
            };
            (name.clone(), kept)
        })
        .collect()
}

fn opened(value: &Value) -> Value {
    match value {
        Value::String(text) if text.contains(char::is_whitespace) => Value::String(scrub(text, usize::MAX)),
        Value::String(word) if is_address(word) => Value::from(MAIL),
        Value::String(word) if phone(word) == Some(word.len()) => Value::from(PHONE),
        Value::String(word) if is_web_token(word) => Value::from(TOKEN),
        Value::Array(items) => items.iter().map(opened).collect(),
        Value::Object(map) => map.iter().map(|(name, item)| (name.clone(), opened(item))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The arguments that make two calls the same call: all but secrets.
///
/// A grant is minted anew on every attempt, so a repeat with the same key carries another one.
#[must_use]
pub fn identity(arguments: &Map<String, Value>, schema: &Value) -> Map<String, Value> {
    arguments
        .iter()
        .filter(|(name, _)| !matches!(mark(schema, name), Mark::Closed(kind) if kind == "secret"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

enum Mark {
    Open,
    Closed(String),
}

fn mark(schema: &Value, name: &str) -> Mark {
    match schema.get("properties").and_then(|properties| properties.get(name)) {
        None => Mark::Closed("unknown".to_owned()),
        Some(property) => find_mark(property).map_or(Mark::Open, Mark::Closed),
    }
}

/// An optional argument carries its mark inside `anyOf`.
fn find_mark(property: &Value) -> Option<String> {
    if let Some(kind) = property.get(MARK).and_then(Value::as_str) {
        return Some(kind.to_owned());
    }
    property.get("anyOf").and_then(Value::as_array)?.iter().find_map(find_mark)
}

/// Free text from outside, cut to `limit` characters, with mail addresses, international phone numbers and long token-like
/// runs masked and control characters turned into spaces.
#[must_use]
pub fn scrub(text: &str, limit: usize) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(length) = phone(rest) {
            masked.push_str(PHONE);
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        let run = rest.find(|c| !in_run(c)).unwrap_or(rest.len());
        let (head, tail) = rest.split_at(run.max(first.len_utf8()));
        if run > 0 {
            mask_run(head, &mut masked);
        } else {
            masked.push(if first.is_control() { ' ' } else { first });
        }
        rest = tail;
    }
    if masked.chars().count() <= limit {
        return masked;
    }
    let mut cut: String = masked.chars().take(limit).collect();
    cut.push('…');
    cut
}

/// Digits of the shortest international phone number.
const PHONE_DIGITS: usize = 8;

/// The length of a phone number that the text begins with: a plus sign and digits, grouped in whatever way.
fn phone(text: &str) -> Option<usize> {
    let number = text.strip_prefix('+').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))?;
    let end = number.find(|c: char| !c.is_ascii_digit() && !" -./()".contains(c)).unwrap_or(number.len());
    let number = number.get(..end)?.trim_end_matches(|c: char| !c.is_ascii_digit());
    let digits = number.chars().filter(char::is_ascii_digit).count();
    (digits >= PHONE_DIGITS).then_some(1 + number.len())
}

/// Whether a character may stand in a mail address or a token; anything else ends one, so that quotes, braces and
/// commas around it (JSON, lists) hide nothing.
fn in_run(c: char) -> bool {
    c.is_alphanumeric() || "-_.+/=!@%~".contains(c)
}

/// Appends a run, its core masked if it is an address or a token; the punctuation around it stays.
fn mask_run(run: &str, out: &mut String) {
    // A path, of a URL or a file, is no token as a whole; a part of it may be. Base64 may hold a slash, and begin with one.
    if run.starts_with("//") || run.starts_with('/') && !run.contains(['+', '=']) {
        for (index, part) in run.split('/').enumerate() {
            if index > 0 {
                out.push('/');
            }
            mask_word(part, out);
        }
    } else {
        mask_word(run, out);
    }
}

fn mask_word(word: &str, out: &mut String) {
    let core = word.trim_matches(|c: char| !c.is_alphanumeric());
    match mask_of(core) {
        Some(mask) => out.push_str(&word.replacen(core, mask, 1)),
        None => out.push_str(word),
    }
}

fn mask_of(core: &str) -> Option<&'static str> {
    // A core neither begins nor ends with the sign, so both sides are filled.
    if is_address(core) {
        return Some(MAIL);
    }
    // Bearer tokens, JWTs and keys are long runs without a space; ordinary words and ids are not.
    let is_token = core.len() >= 40 && core.is_ascii();
    is_token.then_some(TOKEN)
}

/// Whether a word is a JSON web token: three parts, the first of which is an object in base64.
fn is_web_token(word: &str) -> bool {
    word.starts_with("eyJ") && word.split('.').count() == 3
}

/// Whether a word holds a mail address, which may be percent-encoded.
fn is_address(word: &str) -> bool {
    word.contains('@') || word.contains("%40")
}

#[cfg(test)]
mod tests;
