//! Puts together a WHERE clause from the conditions a caller asked for, so that each combination can use its index.
//!
//! Only constants become SQL text; what a caller gave is always bound.

use rusqlite::types::Value;

#[derive(Default)]
pub(crate) struct Filter {
    conditions: Vec<&'static str>,
    values: Vec<Value>,
}

impl Filter {
    /// Adds `column = ?`-like `condition` when there is a value for it.
    pub(crate) fn and(mut self, condition: &'static str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.conditions.push(condition);
            self.values.push(value.into());
        }
        self
    }

    /// `SELECT` with the conditions, `order`, and a limit as the last bound value.
    pub(crate) fn select(mut self, select: &str, order: &str, limit: u32) -> (String, Vec<Value>) {
        let clause = if self.conditions.is_empty() { "1" } else { &self.conditions.join(" AND ") };
        let sql = format!("{select} WHERE {clause} ORDER BY {order} LIMIT ?");
        self.values.push(Value::Integer(i64::from(limit)));
        (sql, self.values)
    }
}
