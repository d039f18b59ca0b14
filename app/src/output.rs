//! What people and scripts read: tables on a terminal, JSON for scripts. Knows nothing of what it prints.

use anyhow::Result;
use comfy_table::modifiers::UTF8_ROUND_CORNERS;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table};
use gangway_protocol::run::RunState;
use gangway_protocol::task::TaskStatus;
use gangway_protocol::{Outcome, RiskLevel, Severity};
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write as _};

/// Prints a text and a line end. A reader that went away (`gangway runs list | head`) is no error.
pub fn line(text: &str) -> Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Says something to people on standard error, which holds no results. A reader that went away is no error.
pub fn remark(text: &str) -> Result<()> {
    match writeln!(io::stderr().lock(), "gangway: {text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints a value as indented JSON.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// A table with these column heads, as wide as the terminal allows. Rows begin with what they are called by.
pub fn table(heads: &[&str]) -> Table {
    table_with_ids(heads, &[0])
}

/// The same with ids in these columns: broken in two they could not be copied.
pub fn table_with_ids(heads: &[&str], ids: &[usize]) -> Table {
    let mut table = plain_table();
    table.set_header(heads.iter().map(|head| Cell::new(head).add_attribute(Attribute::Bold)));
    for id in ids {
        if let Some(column) = table.column_mut(*id) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}

/// A table without heads: names and values.
pub fn plain_table() -> Table {
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .apply_modifier(UTF8_ROUND_CORNERS)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if !io::stdout().is_terminal() {
        table.set_width(150);
    }
    table
}

/// What kind of finding, in its colour.
pub fn severity(severity: Severity) -> Cell {
    match severity {
        Severity::Violation => Cell::new("violation").fg(Color::Red),
        Severity::Warning => Cell::new("warning").fg(Color::Yellow),
    }
}

/// An outcome in its colour; a dash while there is none.
pub fn outcome(outcome: Option<Outcome>) -> Cell {
    match outcome {
        Some(Outcome::Proceed) => Cell::new("PROCEED").fg(Color::Green),
        Some(Outcome::Escalate) => Cell::new("ESCALATE").fg(Color::Yellow),
        Some(Outcome::Block) => Cell::new("BLOCK").fg(Color::Red),
        None => Cell::new("–"),
    }
}

/// A risk level in its colour; a dash while there is none.
pub fn risk(level: Option<RiskLevel>) -> Cell {
    match level {
        Some(RiskLevel::Low) => Cell::new("low").fg(Color::Green),
        Some(RiskLevel::Medium) => Cell::new("medium").fg(Color::Yellow),
        Some(RiskLevel::High) => Cell::new("high").fg(Color::Red),
        Some(RiskLevel::Critical) => Cell::new("critical").fg(Color::Red).add_attribute(Attribute::Bold),
        None => Cell::new("–"),
    }
}

/// A run's state in its colour.
pub fn run_state(state: RunState) -> Cell {
    let cell = Cell::new(state.name());
    match state {
        RunState::Completed => cell.fg(Color::Green),
        RunState::Assessing | RunState::Fulfilling => cell.fg(Color::Cyan),
        RunState::AwaitingApproval => cell.fg(Color::Yellow),
        RunState::Blocked | RunState::Parked => cell.fg(Color::Red),
    }
}

/// A task's status in its colour.
pub fn task_status(status: TaskStatus) -> Cell {
    let cell = Cell::new(status.name());
    match status {
        TaskStatus::Completed => cell.fg(Color::Green),
        TaskStatus::InProgress => cell.fg(Color::Cyan),
        TaskStatus::Blocked => cell.fg(Color::Red),
        TaskStatus::Pending => cell,
        TaskStatus::Skipped => cell.fg(Color::DarkGrey),
    }
}

/// A check mark or a cross in its colour.
pub fn verdict(good: bool) -> Cell {
    if good { Cell::new("✓").fg(Color::Green) } else { Cell::new("✗").fg(Color::Red) }
}
