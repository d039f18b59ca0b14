//! How a task may move: a pure state machine over the task, its checklist and the change asked for.
//!
//! It reads no clock and stores nothing; a refusal names what stands in the way.

use gangway_protocol::redact::Personal;
use gangway_protocol::task::{Task, TaskCategory, TaskStatus};
use jiff::civil::Date;

/// The change somebody asks for.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub status: TaskStatus,
    pub note: Option<Personal>,
    /// The day it is asked, UTC.
    pub today: Date,
}

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Started or completed too early.
    #[error("{code} cannot be {wanted} before {} is completed or skipped", waiting_for.join(", "))]
    Predecessors { code: String, wanted: TaskStatus, waiting_for: Vec<String> },
    /// Going back needs a word why.
    #[error("{code} is {from}; going back to {wanted} needs a note that says why")]
    NoteNeeded { code: String, from: TaskStatus, wanted: TaskStatus },
    /// The milestone says that everything is done.
    #[error(
        "{code} cannot be reopened while the milestone {milestone} is completed; reopen {milestone} first"
    )]
    MilestoneReached { code: String, milestone: String },
    /// The milestone itself applies to every tier.
    #[error("{code} is the milestone and cannot be skipped")]
    MilestoneSkipped { code: String },
}

impl Refusal {
    /// The code of this refusal in the error taxonomy.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Predecessors { .. } => "PREDECESSOR_OPEN",
            Self::NoteNeeded { .. } => "NOTE_REQUIRED",
            Self::MilestoneReached { .. } => "MILESTONE_COMPLETED",
            Self::MilestoneSkipped { .. } => "MILESTONE_NEEDED",
        }
    }
}

/// The task as it is after the change. Asking for the status it has changes nothing but the note.
pub(crate) fn moved(task: &Task, checklist: &[Task], change: &Change) -> Result<Task, Refusal> {
    let mut after = task.clone();
    let note = change.note.as_ref().map(|note| note.0.trim()).filter(|note| !note.is_empty());
    if let Some(note) = note {
        after.note = Some(note.to_owned());
    }
    if task.status == change.status {
        return Ok(after);
    }
    if goes_back(task.status, change.status) && note.is_none() {
        return Err(Refusal::NoteNeeded {
            code: task.code.clone(),
            from: task.status,
            wanted: change.status,
        });
    }
    if change.status == TaskStatus::Skipped && task.category == TaskCategory::Milestone {
        return Err(Refusal::MilestoneSkipped { code: task.code.clone() });
    }
    if !change.status.is_settled() {
        milestone_is_open(task, checklist)?;
    }
    if needs_predecessors(change.status) {
        predecessors_are_settled(task, checklist, change.status)?;
    }
    after.status = change.status;
    after.completed_on = (change.status == TaskStatus::Completed).then_some(change.today);
    Ok(after)
}

/// The codes a task still waits for.
pub(crate) fn waits_for(task: &Task, checklist: &[Task]) -> Vec<String> {
    let is_settled =
        |code: &String| checklist.iter().any(|other| other.code == *code && other.status.is_settled());
    task.after.iter().filter(|code| !is_settled(code)).cloned().collect()
}

/// Work that was begun, done or set aside must not silently become undone.
fn goes_back(from: TaskStatus, to: TaskStatus) -> bool {
    from.is_settled() || (from == TaskStatus::InProgress && to == TaskStatus::Pending)
}

fn needs_predecessors(to: TaskStatus) -> bool {
    match to {
        TaskStatus::InProgress | TaskStatus::Completed => true,
        TaskStatus::Pending | TaskStatus::Blocked | TaskStatus::Skipped => false,
    }
}

fn predecessors_are_settled(task: &Task, checklist: &[Task], wanted: TaskStatus) -> Result<(), Refusal> {
    let waiting_for = waits_for(task, checklist);
    if waiting_for.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Predecessors { code: task.code.clone(), wanted, waiting_for })
    }
}

fn milestone_is_open(task: &Task, checklist: &[Task]) -> Result<(), Refusal> {
    let reached = checklist.iter().find(|other| {
        other.code != task.code
            && other.category == TaskCategory::Milestone
            && other.status == TaskStatus::Completed
    });
    match reached {
        None => Ok(()),
        Some(milestone) => {
            Err(Refusal::MilestoneReached { code: task.code.clone(), milestone: milestone.code.clone() })
        }
    }
}

#[cfg(test)]
mod tests;
