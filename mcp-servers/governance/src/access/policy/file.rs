//! A policy file: TOML with `[[allow]]` and `[[deny]]` rules. Reading reports every problem at once, each with its line.
//!
//! A rule that can never match is a problem: what somebody meant to forbid would not be forbidden. It opens nothing.

use super::condition::{Condition, Environment};
use super::{BUILTIN, Effect, Narrowed, Place, Rule, Source, Subject, ToolPattern};
use gangway_protocol::tools::describe_all;
use serde::Deserialize;
use serde_json::Value;
use std::fmt;
use toml::Spanned;

/// Longest policy file.
pub const MAX_FILE_BYTES: usize = 256 * 1024;
/// Most rules: every call is held against all of them.
const MAX_RULES: usize = 500;

/// A policy file that cannot be used: what is wrong, by line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PolicyError {
    /// At least one: line from 1, and what is wrong there.
    pub problems: Vec<(usize, String)>,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (line, problem)) in self.problems.iter().enumerate() {
            let end = if index > 0 { "\n" } else { "" };
            write!(f, "{end}{line}: {problem}")?;
        }
        Ok(())
    }
}

/// What a file is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Extends {
    /// The built-in rules.
    #[default]
    Builtin,
    /// Nothing: the file is all there is.
    Nothing,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    extends: Extends,
    #[serde(default)]
    allow: Vec<Spanned<Written>>,
    #[serde(default)]
    deny: Vec<Spanned<Written>>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenAccess {
    #[default]
    Any,
    Read,
    Write,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    who: Vec<Spanned<String>>,
    tools: Vec<Spanned<String>>,
    #[serde(default)]
    access: WrittenAccess,
    when: Option<Spanned<String>>,
}

/// A file, read.
pub(super) struct Read {
    pub(super) extends: Extends,
    pub(super) rules: Vec<Rule>,
}

/// The built-in rules. Their tools are checked by a test, not at every start: that takes every tool's schema.
pub(super) fn builtin() -> Result<Vec<Rule>, PolicyError> {
    Ok(Reader::of(BUILTIN, Source::Builtin, &[]).read()?.rules)
}

/// Reads a policy file.
pub(super) fn read(text: &str) -> Result<Read, PolicyError> {
    Reader::of(text, Source::File, &describe_all()).read()
}

struct Reader<'t> {
    text: &'t str,
    source: Source,
    /// Every tool's contract; empty where tools are not checked.
    known: &'t [Value],
    environment: Environment,
    problems: Vec<(usize, String)>,
}

impl<'t> Reader<'t> {
    fn of(text: &'t str, source: Source, known: &'t [Value]) -> Self {
        Self { text, source, known, environment: Environment::standard(), problems: Vec::new() }
    }

    fn read(mut self) -> Result<Read, PolicyError> {
        let whole = |line, problem| PolicyError { problems: vec![(line, problem)] };
        if self.text.len() > MAX_FILE_BYTES {
            return Err(whole(
                1,
                format!("{} bytes long; at most {MAX_FILE_BYTES} are allowed", self.text.len()),
            ));
        }
        let file: File = toml::from_str(self.text).map_err(|error| {
            whole(error.span().map_or(1, |span| self.line(span.start)), error.message().to_owned())
        })?;
        let count = file.allow.len() + file.deny.len();
        if count > MAX_RULES {
            return Err(whole(1, format!("{count} rules; at most {MAX_RULES} are allowed")));
        }
        let given = file.allow.into_iter().map(|rule| (Effect::Allow, rule));
        let taken = file.deny.into_iter().map(|rule| (Effect::Deny, rule));
        let rules = given.chain(taken).map(|(effect, written)| self.rule(effect, &written)).collect();
        if self.problems.is_empty() {
            return Ok(Read { extends: file.extends, rules });
        }
        self.problems.sort();
        Err(PolicyError { problems: self.problems })
    }

    fn rule(&mut self, effect: Effect, written: &Spanned<Written>) -> Rule {
        let line = self.line(written.span().start);
        let Written { who, tools, access, when } = written.get_ref();
        for (name, list) in [("who", who), ("tools", tools)] {
            if list.is_empty() {
                self.problems.push((line, format!("{name} is empty, so the rule is about nothing")));
            }
        }
        let narrowed = match access {
            WrittenAccess::Any => Narrowed::All,
            WrittenAccess::Read => Narrowed::Reads,
            WrittenAccess::Write => Narrowed::Writes,
        };
        let who = who.iter().filter_map(|word| self.subject(word)).collect();
        let tools: Vec<ToolPattern> = tools.iter().map(|word| self.pattern(word, narrowed)).collect();
        let when = when.as_ref().and_then(|when| self.condition(when, &tools, narrowed));
        Rule { place: Place { source: self.source, line }, effect, who, tools, narrowed, when }
    }

    fn subject(&mut self, word: &Spanned<String>) -> Option<Subject> {
        Subject::read(word.get_ref()).map_err(|problem| self.problem(word, problem)).ok()
    }

    fn pattern(&mut self, word: &Spanned<String>, narrowed: Narrowed) -> ToolPattern {
        let pattern = ToolPattern::read(word.get_ref());
        if !self.known.is_empty() && meant(self.known, &pattern, narrowed).next().is_none() {
            let text = format!("{:?} names no such tool; write *, SERVER.* or a tool's name", word.get_ref());
            self.problem(word, text);
        }
        pattern
    }

    fn condition(
        &mut self,
        when: &Spanned<String>,
        tools: &[ToolPattern],
        narrowed: Narrowed,
    ) -> Option<Condition> {
        let condition = Condition::read(when.get_ref(), &self.environment);
        let condition = condition.map_err(|problem| self.problem(when, format!("when: {problem}"))).ok()?;
        // An argument that a tool does not have can never be judged: the rule would always refuse.
        let known = self.known;
        for tool in tools.iter().flat_map(|pattern| meant(known, pattern, narrowed)) {
            let has = |name: &&String| tool["inputSchema"]["properties"].get(name.as_str()).is_some();
            if let Some(absent) = condition.reads.iter().find(|name| !has(name)) {
                let name = tool["name"].as_str().unwrap_or_default();
                self.problem(when, format!("when: {name} has no argument {absent}"));
            }
        }
        Some(condition)
    }

    fn problem<T>(&mut self, at: &Spanned<T>, text: String) {
        let line = self.line(at.span().start);
        self.problems.push((line, text));
    }

    fn line(&self, offset: usize) -> usize {
        self.text.get(..offset).unwrap_or(self.text).matches('\n').count() + 1
    }
}

/// The contracts a pattern means.
fn meant<'k>(
    known: &'k [Value],
    pattern: &'k ToolPattern,
    narrowed: Narrowed,
) -> impl Iterator<Item = &'k Value> {
    known.iter().filter(move |tool| {
        let reads = tool["annotations"]["readOnlyHint"] == true;
        let is_meant = match narrowed {
            Narrowed::All => true,
            Narrowed::Reads => reads,
            Narrowed::Writes => !reads,
        };
        is_meant && tool["name"].as_str().is_some_and(|name| pattern.matches(name))
    })
}
