//! Checklists: one per tenant, made whole; single tasks change by compare-and-set.
//!
//! Which moves a task may make is the tasks server's business.

use crate::codec::{record, records, to_json};
use crate::filter::Filter;
use crate::writer::Shape;
use crate::{Store, StoreError};
use gangway_protocol::ids::TaskId;
use gangway_protocol::task::{Task, TaskOwner, TaskStatus};
use gangway_protocol::{AccountId, TenantId};
use jiff::civil::Date;
use rusqlite::{Connection, params, params_from_iter};

const TABLE: &str = "tasks";
const OVERDUE: &str = "status NOT IN ('completed', 'skipped') AND due_date < ?";
/// In the order of [`Tasks::list`], which keeps its place while tasks come and go.
const AFTER: &str = "(due_date, task_id) > (SELECT due_date, task_id FROM tasks WHERE task_id = ?)";
const NOT_OF_TENANTS: &str =
    "tenant_id NOT IN (SELECT tenant_id FROM tenants WHERE json_extract(record, '$.state') = ?)";
/// The state of a tenant that is switched off.
const SUSPENDED: &str = "suspended";

/// Which tasks to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only this owner's.
    pub owner: Option<TaskOwner>,
    /// Only with this status.
    pub status: Option<TaskStatus>,
    /// Of which tenants.
    pub tenants: TenantsOf,
    /// Only what comes after this task: the last one of the page before.
    pub after: Option<TaskId>,
    /// At most so many.
    pub limit: u32,
}

/// Whose tasks are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantsOf {
    /// Every tenant's.
    All,
    /// Those of tenants that are not switched off: nobody is to work on the others.
    Working,
}

impl Default for TaskFilter {
    fn default() -> Self {
        Self { account: None, owner: None, status: None, tenants: TenantsOf::All, after: None, limit: 1_000 }
    }
}

/// How an update ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskUpdate {
    /// Stored.
    Saved,
    /// Somebody else moved it meanwhile; nothing was stored. This is the task now.
    Moved(Box<Task>),
}

/// The tasks of a store.
#[derive(Debug, Clone, Copy)]
pub struct Tasks<'a>(pub(crate) &'a Store);

impl Tasks<'_> {
    /// Stores a tenant's checklist, or gives the one it already has, by code; the flag says which. All tasks must be
    /// of one tenant.
    ///
    /// # Errors
    /// The database cannot be written; then no task is stored.
    pub async fn create_checklist(self, tasks: &[Task]) -> Result<(Vec<Task>, bool), StoreError> {
        let tasks = tasks.to_vec();
        let json = tasks.iter().map(to_json).collect::<Result<Vec<_>, _>>()?;
        self.0
            .write(Shape::Several, move |connection| {
                let Some(tenant_id) = tasks.first().map(|task| task.tenant_id.clone()) else {
                    return Ok((tasks, false));
                };
                let existing = of_tenant(connection, &tenant_id)?;
                if !existing.is_empty() {
                    return Ok((existing, false));
                }
                for (task, json) in tasks.iter().zip(&json) {
                    insert(connection, task, json)?;
                }
                Ok((tasks, true))
            })
            .await
    }

    /// One task; none when there is no such task.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(self, task_id: &TaskId) -> Result<Option<Task>, StoreError> {
        let task_id = task_id.clone();
        self.0.read(move |connection| by_id(connection, &task_id)).await
    }

    /// The tenant's checklist, by code; empty when it has none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of_tenant(self, tenant_id: &TenantId) -> Result<Vec<Task>, StoreError> {
        let tenant_id = tenant_id.clone();
        self.0.read(move |connection| of_tenant(connection, &tenant_id)).await
    }

    /// Tasks by due date, then id.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(self, filter: TaskFilter) -> Result<Vec<Task>, StoreError> {
        let conditions = Filter::default()
            .of_owner(filter.account.as_ref())
            .and("owner = ?", filter.owner.map(|owner| owner.name().to_owned()))
            .and("status = ?", filter.status.map(|status| status.name().to_owned()))
            .and(
                NOT_OF_TENANTS,
                match filter.tenants {
                    TenantsOf::All => None,
                    TenantsOf::Working => Some(SUSPENDED.to_owned()),
                },
            )
            .and(AFTER, filter.after.map(String::from));
        self.select(conditions, filter.limit).await
    }

    /// Tasks due before `as_of` and neither completed nor skipped, longest overdue first and after the task `after`; none
    /// of a tenant that is switched off, for nobody is to work on those.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn overdue(
        self,
        as_of: Date,
        owner: Option<TaskOwner>,
        after: Option<TaskId>,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        let conditions = Filter::default()
            .and(OVERDUE, Some(as_of.to_string()))
            .and(NOT_OF_TENANTS, Some(SUSPENDED.to_owned()))
            .and("owner = ?", owner.map(|owner| owner.name().to_owned()))
            .and(AFTER, after.map(String::from));
        self.select(conditions, limit).await
    }

    async fn select(self, conditions: Filter, limit: u32) -> Result<Vec<Task>, StoreError> {
        let (sql, values) = conditions.select("SELECT record FROM tasks", "due_date, task_id", limit);
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(&sql)?;
                records(TABLE, &mut select, params_from_iter(values))
            })
            .await
    }

    /// Stores `task` if it still has the status `seen`, which the caller based its change on.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is no such task.
    pub async fn update(self, task: &Task, seen: TaskStatus) -> Result<TaskUpdate, StoreError> {
        let json = to_json(task)?;
        let task = task.clone();
        self.0
            .write(Shape::OneStatement, move |connection| {
                let Some(now) = by_id(connection, &task.task_id)? else {
                    return Err(StoreError::Absent { what: "task", id: task.task_id.to_string() });
                };
                if now.status != seen {
                    return Ok(TaskUpdate::Moved(Box::new(now)));
                }
                connection
                    .prepare_cached(
                        "UPDATE tasks SET owner = ?2, status = ?3, due_date = ?4, record = ?5 WHERE task_id = ?1",
                    )?
                    .execute(params![
                        task.task_id.as_str(),
                        task.owner.name(),
                        task.status.name(),
                        task.due_date.to_string(),
                        json,
                    ])?;
                Ok(TaskUpdate::Saved)
            })
            .await
    }
}

fn insert(connection: &Connection, task: &Task, json: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO tasks (task_id, tenant_id, account_id, code, owner, status, due_date, record) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            task.task_id.as_str(),
            task.tenant_id.as_str(),
            task.account_id.as_str(),
            task.code,
            task.owner.name(),
            task.status.name(),
            task.due_date.to_string(),
            json,
        ])?;
    Ok(())
}

fn by_id(connection: &Connection, task_id: &TaskId) -> Result<Option<Task>, StoreError> {
    let mut select = connection.prepare_cached("SELECT record FROM tasks WHERE task_id = ?1")?;
    record(TABLE, &mut select, [task_id.as_str()])
}

fn of_tenant(connection: &Connection, tenant_id: &TenantId) -> Result<Vec<Task>, StoreError> {
    let mut select =
        connection.prepare_cached("SELECT record FROM tasks WHERE tenant_id = ?1 ORDER BY code")?;
    records(TABLE, &mut select, [tenant_id.as_str()])
}
