//! Where in a rules file something is wrong.

use std::fmt;

/// One thing wrong with a rules file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in the file, in characters, from 1.
    pub column: usize,
    /// The rule or key it concerns; empty when it concerns the file.
    pub what: String,
    /// Line and column inside the rule's expression, from 1.
    pub inside: Option<(usize, usize)>,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl Problem {
    pub(super) fn at_start(message: String) -> Self {
        Self { line: 1, column: 1, what: String::new(), inside: None, message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.what.is_empty() {
            write!(f, "{}: ", self.what)?;
        }
        if let Some((line, column)) = self.inside {
            write!(f, "when, line {line} column {column}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// A rules file that cannot be used: everything that is wrong with it, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RuleFileError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl RuleFileError {
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Self { problems }
    }

    pub(super) fn of(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }

    pub(super) fn not_toml(text: &str, error: &toml::de::Error) -> Self {
        let (line, column) = error.span().map_or((1, 1), |span| Places::new(text).of(span.start));
        let message = error.message().to_owned();
        Self::of(Problem { line, column, what: String::new(), inside: None, message })
    }
}

impl fmt::Display for RuleFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// Lines and columns of a text.
pub(super) struct Places<'t>(&'t str);

impl<'t> Places<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self(text)
    }

    /// Line and column, from 1, of a byte offset.
    pub(super) fn of(&self, offset: usize) -> (usize, usize) {
        let before = self.0.get(..offset).unwrap_or(self.0);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        (line, column)
    }
}
