//! How conditions see the accounts that a call names: business ids in capitals, as the systems compare them.
//!
//! Which account a Salesforce id means only Salesforce can tell. So a condition on an account says nothing of a call that names one
//! by it: it cannot be judged. Ids of other records, such as contracts, are seen as they are written.

use cel::common::ast::{Expr, IdedExpr, LiteralValue};
use gangway_protocol::record_id::{ACCOUNT, RecordId};
use serde_json::Value;

/// The arguments that name accounts, one or several.
const ACCOUNTS: [&str; 2] = ["account_id", "account_ids"];
/// What combines comparisons and compares nothing.
const CONNECTIVES: [&str; 4] = ["_&&_", "_||_", "!_", "_?_:_"];

/// Whether an argument names accounts.
pub(super) fn is_account(argument: &str) -> bool {
    ACCOUNTS.contains(&argument)
}

/// Such an argument as a condition sees it.
pub(super) fn seen(named: &Value) -> Value {
    match named {
        Value::String(id) => Value::String(id.to_ascii_uppercase()),
        Value::Array(ids) => Value::Array(ids.iter().map(seen).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => named.clone(),
    }
}

/// Whether such an argument holds a Salesforce id.
pub(super) fn names_record(named: &Value) -> bool {
    match named {
        Value::String(id) => RecordId::parse(id, ACCOUNT).is_some(),
        Value::Array(ids) => ids.iter().any(names_record),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Refuses a comparison of an account with a text that no account is seen as: it would never hold.
pub(super) fn check_spelling(node: &IdedExpr) -> Result<(), String> {
    if let Expr::Call(call) = &node.expr
        && !CONNECTIVES.contains(&call.func_name.as_str())
        && is_about_account(node)
        && let Some(text) = unseen(node)
    {
        let capitals = text.to_ascii_uppercase();
        return Err(format!("business ids are compared in capitals; write '{capitals}' for '{text}'"));
    }
    inner(node).into_iter().try_for_each(check_spelling)
}

fn is_about_account(node: &IdedExpr) -> bool {
    let is_account = matches!(&node.expr, Expr::Select(select) if is_account(&select.field));
    is_account || inner(node).into_iter().any(is_about_account)
}

/// A text with small letters.
fn unseen(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => {
            Some(text.inner()).filter(|text| text.bytes().any(|byte| byte.is_ascii_lowercase()))
        }
        _ => inner(node).into_iter().find_map(unseen),
    }
}

/// What stands directly within a node, of what a condition may be made of.
fn inner(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Select(select) => vec![&*select.operand],
        Expr::Literal(_)
        | Expr::Ident(_)
        | Expr::Comprehension(_)
        | Expr::Map(_)
        | Expr::Struct(_)
        | Expr::Unspecified => Vec::new(),
    }
}
