//! `gangway prompts`: the prompts of this program, and how two of them differ.

use crate::cli::PromptsCommand;
use crate::output;
use anyhow::{Context as _, Result};
use gangway_advisor::{PROMPTS, Prompt};
use serde_json::{Value, json};

/// Runs one of its commands.
pub fn run(command: &PromptsCommand) -> Result<()> {
    match command {
        PromptsCommand::List(output) => list(output.json),
        PromptsCommand::Diff { from, to, output } => {
            let named = |name: &str| {
                Prompt::named(name).with_context(|| {
                    format!("there is no prompt {name}; gangway prompts list shows what there is")
                })
            };
            let difference = difference(named(from)?.text, named(to)?.text);
            if output.json {
                let lines: Vec<&str> = difference.lines().collect();
                return output::json(&json!({ "from": from, "to": to, "lines": lines }));
            }
            output::line(difference.trim_end())
        }
    }
}

fn list(as_json: bool) -> Result<()> {
    let rows: Vec<(&Prompt, String)> =
        PROMPTS.iter().map(|prompt| (prompt, prompt.reference().digest)).collect();
    if as_json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(prompt, digest)| json!({ "name": prompt.name, "digest": digest, "text": prompt.text }))
            .collect();
        return output::json(&json!({ "prompts": rows }));
    }
    let mut table = output::table(&["prompt", "bytes", "digest"]);
    for (prompt, digest) in rows {
        table.add_row([prompt.name.to_owned(), prompt.text.len().to_string(), digest]);
    }
    output::line(&table.to_string())
}

/// Line by line, by the longest common sequence of lines: `-` only in the first, `+` only in the second.
fn difference(from: &str, to: &str) -> String {
    let (from, to): (Vec<&str>, Vec<&str>) = (from.lines().collect(), to.lines().collect());
    let common = lengths(&from, &to);
    let at = |i: usize, j: usize| common.get(i).and_then(|row| row.get(j)).copied().unwrap_or_default();
    let (mut i, mut j) = (0, 0);
    let mut text = String::new();
    loop {
        let (sign, line) = match (from.get(i), to.get(j)) {
            (None, None) => return text,
            (Some(old), Some(new)) if old == new => {
                (i, j) = (i + 1, j + 1);
                (' ', old)
            }
            (Some(old), new) if new.is_none() || at(i + 1, j) >= at(i, j + 1) => {
                i += 1;
                ('-', old)
            }
            (_, Some(new)) => {
                j += 1;
                ('+', new)
            }
            (Some(_), None) => return text,
        };
        text.push_str(&format!("{sign} {line}\n"));
    }
}

/// How many lines the tails from (i, j) on have in common.
fn lengths(from: &[&str], to: &[&str]) -> Vec<Vec<usize>> {
    let mut below = vec![0; to.len() + 1];
    let mut rows = vec![below.clone()];
    for old in from.iter().rev() {
        let mut row = vec![0; to.len() + 1];
        let mut right = 0;
        for (place, new) in to.iter().enumerate().rev() {
            let skipped = |at: usize| below.get(at).copied().unwrap_or_default();
            right = if old == new { skipped(place + 1) + 1 } else { right.max(skipped(place)) };
            if let Some(cell) = row.get_mut(place) {
                *cell = right;
            }
        }
        below.clone_from(&row);
        rows.push(row);
    }
    rows.reverse();
    rows
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn lines_in_common_stand_once() {
        assert_eq!(difference("a\nb\nc", "a\nx\nc\nd"), "  a\n- b\n+ x\n  c\n+ d\n");
        assert_eq!(difference("", "a"), "+ a\n");
        assert_eq!(difference("a", ""), "- a\n");
    }
}
