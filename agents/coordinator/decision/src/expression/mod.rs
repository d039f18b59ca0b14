//! Rules that people write: one CEL expression over the facts, true where the rule fires.
//!
//! The grammar is the `cel` crate's; what it parses is translated ([`translate`]) into a tree of our own and
//! evaluated here, because that crate checks no names, counts no steps and reads floats. Evaluation is pure, bounded in
//! steps and memory, and ends in yes, no or a [`Fault`]; it cannot panic or stall. What a fault means for a decision is
//! the rule's business.

mod evaluate;
mod fault;
mod functions;
mod meter;
mod pattern;
mod shape;
mod translate;
mod tree;
mod value;

pub use fault::Fault;
pub(crate) use meter::Budget;
pub use meter::{MAX_STEPS, MAX_STEPS_TOGETHER, MAX_TEXT_BYTES};
pub use shape::{FieldOffered, Shape};
pub use translate::{MAX_BRACKETS, MAX_BYTES, MAX_DEPTH, MAX_LOOPS, MAX_NODES, MAX_PATTERNS, Misfit};

pub(crate) use shape::AS_OF;
pub(crate) use translate::Path;

use crate::Case;
use evaluate::Evaluation;
use gangway_protocol::RecordKind;
use serde_json::Value as Json;
use translate::Translated;

/// To be raised, once it is released, whenever an expression could come to mean something else.
pub(crate) const LANGUAGE_VERSION: u32 = 1;

/// One checked expression.
#[derive(Debug, Clone)]
pub struct Expression {
    translated: Translated,
}

impl Expression {
    /// Reads an expression against what the facts offer.
    ///
    /// # Errors
    /// It does not parse, names what the facts do not have, cannot be true or false, or is larger than allowed.
    pub fn read(source: &str, offered: &Shape) -> Result<Self, Vec<Misfit>> {
        translate::translate(source, offered).map(|translated| Self { translated })
    }

    /// The paths inside the facts that it reads, each once, in the order they stand there. Paths on the elements of a
    /// list are not among them; the list itself is.
    #[must_use]
    pub fn reads(&self) -> Vec<String> {
        self.translated.paths.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn paths(&self) -> &[Path] {
        &self.translated.paths
    }

    /// Whether it holds on a case.
    ///
    /// # Errors
    /// It cannot be told: something it reads is missing, kinds do not fit, or a bound was reached.
    pub(crate) fn holds(&self, case: &Case<'_>, budget: &mut Budget) -> Result<bool, Fault> {
        Evaluation::new(case.plain(), budget.meter()).truth(&self.translated.root)
    }

    /// Whether something it reads is absent because a failed call left it unknown.
    pub(crate) fn is_blind(&self, case: &Case<'_>) -> bool {
        let facts = case.plain();
        self.translated.paths.iter().any(|path| {
            kind_of(path.root()).is_some_and(|kind| case.hides(kind)) && !is_there(facts.get(path.root()))
        })
    }
}

fn kind_of(root: &str) -> Option<RecordKind> {
    match root {
        "account" => Some(RecordKind::Account),
        "owner" => Some(RecordKind::Owner),
        "opportunity" => Some(RecordKind::Opportunity),
        "contract" => Some(RecordKind::Contract),
        "invoices" => Some(RecordKind::Invoices),
        "exchange_rates" => Some(RecordKind::ExchangeRates),
        _ => None,
    }
}

fn is_there(value: Option<&Json>) -> bool {
    match value {
        None | Some(Json::Null) => false,
        Some(Json::Array(items)) => !items.is_empty(),
        Some(_) => true,
    }
}
