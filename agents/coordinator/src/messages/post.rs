//! A Slack message as data, and its rendering as Block Kit blocks with a plain fallback text.
//!
//! Every message ends with the ids that tie it to its run. It does not choose words: each kind of message does.

use super::Trail;
use super::wording::{Mrkdwn, one_line};
use serde_json::{Value, json};

/// Most items listed; the run report has them all.
const MAX_ITEMS: usize = 10;
/// Slack's limit for a section is 3,000 characters; escapes of our bounded texts stay below with this margin.
const SECTION_CHARS: usize = 2_900;
/// The tool takes 40,000 characters of text.
const TEXT_CHARS: usize = 39_000;
/// Slack's limit for a header is 150 characters.
const HEADER_CHARS: usize = 140;

/// What a Slack message says, in the order it is read.
#[derive(Debug, Clone)]
pub struct Post {
    /// First line, large.
    pub headline: String,
    /// What happened and why.
    pub opening: Vec<Mrkdwn>,
    /// Short facts side by side; Slack shows at most ten.
    pub fields: Vec<(&'static str, Mrkdwn)>,
    /// Findings, errors or steps; bullets.
    pub items: Vec<Mrkdwn>,
    /// Who does what next.
    pub closing: Mrkdwn,
    /// What Approve and Reject buttons carry; no buttons when absent.
    pub button_value: Option<String>,
}

/// A message as `notify.post_message` takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct SlackMessage {
    /// Fallback text for notifications and clients without blocks.
    pub text: String,
    /// Block Kit blocks.
    pub blocks: Vec<Value>,
}

impl Post {
    /// The message, with its ids.
    #[must_use]
    pub fn render(&self, trail: &Trail) -> SlackMessage {
        let headline = Mrkdwn::said(&one_line(&self.headline, HEADER_CHARS));
        let listed = self.listed();
        let mut blocks = vec![json!({
            "type": "header",
            "text": {"type": "plain_text", "text": bounded(headline.as_str(), 150), "emoji": false},
        })];
        blocks.extend(self.opening.iter().map(|line| section(line.as_str())));
        if !self.fields.is_empty() {
            blocks.push(self.fields_block());
        }
        blocks.extend(chunks(&listed).iter().map(|text| section(text)));
        blocks.push(section(self.closing.as_str()));
        if let Some(value) = &self.button_value {
            blocks.push(reason());
            blocks.push(buttons(value));
        }
        blocks.push(json!({"type": "context", "elements": [mrkdwn(&trail_line(trail))]}));
        SlackMessage { text: self.fallback(&headline, &listed, trail), blocks }
    }

    fn listed(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.items.iter().take(MAX_ITEMS).map(|item| format!("• {}", item.as_str())).collect();
        if self.items.len() > MAX_ITEMS {
            lines.push(format!("…and {} more, all in the run report", self.items.len() - MAX_ITEMS));
        }
        lines
    }

    fn fields_block(&self) -> Value {
        let fields: Vec<Value> = self
            .fields
            .iter()
            .take(10)
            .map(|(label, value)| mrkdwn(&format!("*{label}*\n{}", value.as_str())))
            .collect();
        json!({"type": "section", "fields": fields})
    }

    fn fallback(&self, headline: &Mrkdwn, listed: &[String], trail: &Trail) -> String {
        let mut lines = vec![format!("*{}*", headline.as_str())];
        lines.extend(self.opening.iter().map(|line| line.as_str().to_owned()));
        lines.extend(self.fields.iter().map(|(label, value)| format!("{label}: {}", value.as_str())));
        lines.extend(listed.iter().cloned());
        lines.push(self.closing.as_str().to_owned());
        lines.push(trail_line(trail));
        bounded(&lines.join("\n"), TEXT_CHARS)
    }
}

fn trail_line(trail: &Trail) -> String {
    format!("Account {} · run {} · correlation {}", trail.account_id, trail.run_id, trail.correlation_id)
}

/// `verbatim` keeps Slack from turning bare addresses and names in vendor text into links and mentions.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": bounded(text, SECTION_CHARS), "verbatim": true})
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(text)})
}

/// Sent along with a pressed button: no decision without a reason.
fn reason() -> Value {
    json!({
        "type": "input", "block_id": "gangway_reason", "optional": false,
        "label": {"type": "plain_text", "text": "Reason for your decision", "emoji": false},
        "element": {"type": "plain_text_input", "action_id": "reason", "max_length": 500},
    })
}

fn buttons(value: &str) -> Value {
    let button = |label: &str, style: &str, action: &str| {
        json!({
            "type": "button",
            "text": {"type": "plain_text", "text": label, "emoji": false},
            "style": style,
            "action_id": action,
            "value": value,
        })
    };
    json!({"type": "actions", "elements": [
        button("Approve", "primary", "gangway_approve"),
        button("Reject", "danger", "gangway_reject"),
    ]})
}

/// Lines gathered into texts that fit a section each.
fn chunks(lines: &[String]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for line in lines {
        match texts.last_mut() {
            Some(text) if text.chars().count() + line.chars().count() < SECTION_CHARS => {
                text.push('\n');
                text.push_str(line);
            }
            _ => texts.push(line.clone()),
        }
    }
    texts
}

fn bounded(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(limit - 1).collect();
    // An entity cut in half would show as text such as `&am`.
    if let Some(start) = cut.rfind('&')
        && !cut[start..].contains(';')
    {
        cut.truncate(start);
    }
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::bounded;

    #[test]
    fn an_entity_is_never_cut_in_half() {
        assert_eq!(bounded("abc &amp; d", 7), "abc …");
        assert_eq!(bounded("abc", 3), "abc");
    }
}
