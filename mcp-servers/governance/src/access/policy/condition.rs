//! A condition on a call's arguments: one CEL expression over `args`, true where its rule applies.
//!
//! The `cel` crate parses and evaluates it, within bounds: a short source, no loops, no regular expressions, comparisons and
//! a few functions on text and lists only. So its cost is that of reading the arguments a bounded number of times. Whatever goes
//! wrong, a panic included, ends in "cannot be judged", which never permits anything. Accounts it sees as [`accounts`] says.

use super::accounts;
use cel::common::ast::{Expr, IdedExpr, LiteralValue};
use cel::{Context, Env, Program, Value};
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

/// Longest expression.
pub const MAX_CONDITION_BYTES: usize = 1_000;
/// The only name an expression may begin a path with.
const ARGS: &str = "args";
/// What may be called. Nothing here makes a value larger than its operands.
const FUNCTIONS: [&str; 17] = [
    "_==_",
    "_!=_",
    "_<_",
    "_<=_",
    "_>_",
    "_>=_",
    "_&&_",
    "_||_",
    "!_",
    "-_",
    "_?_:_",
    "@in",
    "_[_]",
    "size",
    "contains",
    "startsWith",
    "endsWith",
];
/// The parser's stack: unoptimised, it takes up to 200 kB for each bracket that stands inside another.
const PARSER_STACK_BYTES: usize = 64 << 20;
/// Deeper expressions are refused.
const MAX_DEPTH: u16 = 48;

/// A checked expression.
#[derive(Debug)]
pub(super) struct Condition {
    program: Program,
    env: Environment,
    /// The arguments it reads, by their first name.
    pub(super) reads: BTreeSet<String>,
}

/// What expressions may use; shared by all of a policy.
#[derive(Clone)]
pub(super) struct Environment(Arc<Env>);

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment")
    }
}

impl Environment {
    pub(super) fn standard() -> Self {
        Self(Arc::new(Env::stdlib()))
    }
}

impl Condition {
    /// Reads an expression; an error says what is wrong and what to write.
    pub(super) fn read(source: &str, env: &Environment) -> Result<Self, String> {
        if source.len() > MAX_CONDITION_BYTES {
            return Err(format!("{} bytes long; at most {MAX_CONDITION_BYTES} are allowed", source.len()));
        }
        let program = parse(source, env)?;
        let mut reads = BTreeSet::new();
        check(program.expression(), &mut reads)?;
        accounts::check_spelling(program.expression())?;
        Ok(Self { program, env: env.clone(), reads })
    }

    /// Whether it is about an account that these arguments name by a Salesforce id.
    pub(super) fn is_blind_to(&self, arguments: &Json) -> bool {
        let mut accounts = self.reads.iter().filter(|argument| accounts::is_account(argument));
        accounts.any(|argument| arguments.get(argument).is_some_and(accounts::names_record))
    }

    /// Whether it holds; none when it cannot be judged.
    pub(super) fn holds(&self, arguments: &Json) -> Option<bool> {
        if self.is_blind_to(arguments) {
            return None;
        }
        // Nothing outlives the evaluation that a panic could leave half-changed.
        let evaluated = catch_unwind(AssertUnwindSafe(|| {
            let mut context = Context::with_env(Arc::clone(&self.env.0));
            context.add_variable_from_value(ARGS, seen(arguments));
            self.program.execute(&context)
        }));
        match evaluated {
            Ok(Ok(Value::Bool(truth))) => Some(truth),
            Ok(Ok(_) | Err(_)) | Err(_) => None,
        }
    }
}

/// Parses on a stack of its own, which the thread that reads a policy need not have.
fn parse(source: &str, env: &Environment) -> Result<Program, String> {
    let parsed = thread::scope(|scope| {
        let parsing = thread::Builder::new().stack_size(PARSER_STACK_BYTES).spawn_scoped(scope, || {
            // The parser's own bound guards its recursion; compiling does not take one.
            env.0
                .parser()
                .max_recursion_depth(MAX_DEPTH)
                .error_recovery_limit(4)
                .parse(source)
                .and_then(|_| env.0.compile(source))
        });
        parsing.ok().and_then(|parsing| parsing.join().ok())
    });
    match parsed {
        Some(Ok(program)) => Ok(program),
        Some(Err(errors)) => {
            let first = errors.errors.first().map_or("it does not parse", |error| error.msg.as_str());
            Err(first.chars().take(200).collect())
        }
        None => Err("the parser could not take this; write it in simpler parts".to_owned()),
    }
}

/// Refuses what an expression may not have, and collects the arguments it reads.
fn check(node: &IdedExpr, reads: &mut BTreeSet<String>) -> Result<(), String> {
    match &node.expr {
        Expr::Literal(LiteralValue::Double(_)) => {
            Err("a number with a fraction; write a whole one".to_owned())
        }
        Expr::Literal(_) => Ok(()),
        Expr::Ident(name) if name == ARGS => {
            Err("args stands alone; name one of its fields, as in args.account_id".to_owned())
        }
        Expr::Ident(name) => Err(format!("{name} is not known; an expression reads args and nothing else")),
        Expr::Select(select) => match &select.operand.expr {
            Expr::Ident(name) if name == ARGS => {
                reads.insert(select.field.clone());
                Ok(())
            }
            _ => check(&select.operand, reads),
        },
        Expr::List(list) => list.elements.iter().try_for_each(|element| check(element, reads)),
        Expr::Call(call) if !FUNCTIONS.contains(&call.func_name.as_str()) => Err(format!(
            "{} is not allowed here; compare, combine with && || !, or use in, size, contains, startsWith, endsWith, has",
            call.func_name
        )),
        Expr::Call(call) => {
            call.target.as_deref().into_iter().chain(&call.args).try_for_each(|inner| check(inner, reads))
        }
        Expr::Comprehension(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
            Err("loops, maps and structures are not allowed here".to_owned())
        }
    }
}

/// The arguments as an expression sees them.
fn seen(arguments: &Json) -> Value {
    let Json::Object(fields) = arguments else { return value(arguments) };
    let seen = |(name, field): (&String, &Json)| match accounts::is_account(name) {
        true => (name.clone(), value(&accounts::seen(field))),
        false => (name.clone(), value(field)),
    };
    Value::Map(fields.iter().map(seen).collect::<HashMap<String, Value>>().into())
}

/// Whole numbers are signed ones, so that they compare with those of an expression.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(signed), _) => Value::Int(signed),
            (None, Some(large)) => Value::UInt(large),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(Arc::new(text.clone())),
        Json::Array(items) => Value::List(Arc::new(items.iter().map(value).collect())),
        Json::Object(fields) => {
            let fields: HashMap<String, Value> =
                fields.iter().map(|(name, field)| (name.clone(), value(field))).collect();
            Value::Map(fields.into())
        }
    }
}
