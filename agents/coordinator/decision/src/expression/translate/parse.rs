//! The `cel` crate's parser, kept within bounds; and places in what it parsed.

use super::Misfit;
use cel::common::ast::{Expr, IdedExpr, SourceInfo};
use cel::{Env, ParseErrors};
use std::thread;

/// The parser's stack: unoptimised, it takes up to 200 kB for each bracket that stands inside another.
const PARSER_STACK_BYTES: usize = 64 << 20;
/// Deeper nesting of other kinds is refused by the parser itself.
const MAX_PARSE_DEPTH: u16 = 48;

/// Parses on a stack of its own, which the thread that reads a rule need not have. No rule is ever judged there.
pub(super) fn parse(source: &str) -> Result<(IdedExpr, SourceInfo), Vec<Misfit>> {
    let parsed = thread::scope(|scope| {
        let parsing = thread::Builder::new().stack_size(PARSER_STACK_BYTES).spawn_scoped(scope, || {
            // An environment without macros: walks stay the calls they were written as.
            let parser = Env::default().parser().max_recursion_depth(MAX_PARSE_DEPTH).error_recovery_limit(4);
            parser.parse_with_source_info(source).map_err(|errors| unparsed(&errors))
        });
        parsing.ok().and_then(|parsing| parsing.join().ok())
    });
    parsed.unwrap_or_else(|| {
        let message = "the parser could not take this; write it in simpler parts".to_owned();
        Err(vec![Misfit { line: 1, column: 1, message }])
    })
}

fn unparsed(errors: &ParseErrors) -> Vec<Misfit> {
    let number = |position: isize| usize::try_from(position).unwrap_or(1).max(1);
    let misfits = errors.errors.iter().map(|error| Misfit {
        line: number(error.pos.0),
        column: number(error.pos.1),
        message: in_words(&error.msg),
    });
    // What follows the first two is usually the parser finding its feet again.
    misfits.take(2).collect()
}

/// The parser's message; where it gives up, it prints its own insides.
fn in_words(message: &str) -> String {
    if message.to_ascii_lowercase().contains("recursion limit") {
        "nested too deep to be read; write it in simpler parts".to_owned()
    } else if message.contains("OtherError(") || message == "UNKNOWN" {
        "this cannot be read as an expression".to_owned()
    } else {
        message.chars().take(200).collect()
    }
}

/// Line and column, from 1, of a node in the text.
pub(super) fn place(source: &str, places: &SourceInfo, id: u64) -> (usize, usize) {
    let start = places.offset_for(id).map_or(0, |(start, _)| start as usize);
    let before = source.get(..start).unwrap_or(source);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

/// The first node nested deeper than allowed.
pub(super) fn deeper_than(expression: &IdedExpr, depth: usize) -> Option<u64> {
    if depth == 0 {
        return Some(expression.id);
    }
    let inside = |inner: &IdedExpr| deeper_than(inner, depth - 1);
    match &expression.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).find_map(inside),
        Expr::Select(select) => inside(&select.operand),
        Expr::List(list) => list.elements.iter().find_map(inside),
        Expr::Unspecified
        | Expr::Comprehension(_)
        | Expr::Ident(_)
        | Expr::Literal(_)
        | Expr::Map(_)
        | Expr::Struct(_) => None,
    }
}
