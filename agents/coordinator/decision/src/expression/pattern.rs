//! Patterns of `matches`: compiled when a rule is read, within bounds, and priced by what trying them can cost at worst.
//!
//! The price is counted on the parsed pattern, not on the machine it is compiled to: which machine that is depends on how
//! Gangway was built, and a decision must not.

use super::fault::Fault;
use super::meter::Meter;
use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Most memory a compiled pattern may take, in bytes: the literal patterns of rules take a few hundred.
const MAX_BYTES: usize = 64 * 1024;
const MAX_DEPTH: u32 = 16;

/// A pattern.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    compiled: Regex,
    places: usize,
}

impl Pattern {
    /// Reads a pattern; none where it is no pattern, or too large.
    pub(super) fn read(text: &str) -> Option<Self> {
        let parsed = ParserBuilder::new().nest_limit(MAX_DEPTH).build().parse(text).ok()?;
        let compiled = RegexBuilder::new(text)
            .size_limit(MAX_BYTES)
            .dfa_size_limit(MAX_BYTES)
            .nest_limit(MAX_DEPTH)
            .build()
            .ok()?;
        Some(Self { compiled, places: places(&parsed) })
    }

    /// Whether it is found in a text.
    pub(super) fn is_found(&self, text: &str, meter: &mut Meter<'_>) -> Result<bool, Fault> {
        meter.pattern(self.places, text.len())?;
        Ok(self.compiled.is_match(text))
    }
}

/// At how many places inside the pattern a search can stand at once: what each byte of text can cost. At least one.
fn places(pattern: &Hir) -> usize {
    let inside = match pattern.kind() {
        HirKind::Empty => 0,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) if !class.is_ascii() => 2,
        HirKind::Class(_) | HirKind::Look(_) => 1,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or_else(|| repetition.min.saturating_add(1));
            places(&repetition.sub).saturating_add(1).saturating_mul(times as usize)
        }
        HirKind::Capture(capture) => places(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(places).fold(0, usize::saturating_add),
        HirKind::Alternation(parts) => parts.iter().map(places).fold(parts.len(), usize::saturating_add),
    };
    inside.max(1)
}
