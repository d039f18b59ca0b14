//! Tasks over HTTP: list, and change a status through the governed tool under the person's own name.

use super::endpoint::{Api, Asked, Header, Need, Nothing, Route, header};
use super::masked::masks;
use crate::people::Action;
use crate::serve::Problem;
use axum::http::StatusCode;
use gangway_protocol::ids::TaskId;
use gangway_protocol::redact::Personal;
use gangway_protocol::task::{Contacts, Task, TaskCategory, TaskOwner, TaskStatus};
use gangway_protocol::tools::tasks::{UpdateStatus, UpdateStatusArgs};
use gangway_protocol::{AccountId, ApiError, ErrorType, IdempotencyKey, TenantId};
use gangway_store::TaskFilter;
use gangway_toolbelt::Scope;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const PAGE: u32 = 100;
/// When to come again where nobody said.
const SOON: Duration = Duration::from_secs(5);
const KEY: Header = Header {
    name: "Idempotency-Key",
    need: Need::Must,
    says: "Names this change: sent again with the same key, it has the first answer.",
    pattern: "^[!-~]{8,100}$",
};

/// Adds the endpoints.
pub fn endpoints(api: Api) -> Api {
    const UPDATE: Route = Route::post(
        "/api/tasks/{task_id}/status",
        "updateTask",
        "Moves a task to another status, once per Idempotency-Key.",
    )
    .by(Some(Action::UpdateTasks))
    .with_headers(&[KEY])
    .refusing(&[StatusCode::CONFLICT, StatusCode::TOO_MANY_REQUESTS]);
    api.json(Route::get("/api/tasks", "listTasks", "Lists tasks by due date, a page at a time."), list)
        .json(UPDATE, update)
}

/// Which tasks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListTasks {
    /// Only this account's.
    account: Option<AccountId>,
    /// Only this owner's.
    owner: Option<TaskOwner>,
    /// Only with this status.
    status: Option<TaskStatus>,
    /// Where the next page begins, from `next` of the one before.
    cursor: Option<TaskId>,
    /// At most so many; 100 when absent.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// A task as this caller may see it.
#[derive(Debug, Serialize, JsonSchema)]
struct TaskSeen {
    /// `tenant_id:code`.
    task_id: TaskId,
    /// `T001` to `T014`.
    code: String,
    /// The tenant.
    tenant_id: TenantId,
    /// The account.
    account_id: AccountId,
    /// What is to be done.
    title: String,
    /// Kind of work.
    category: TaskCategory,
    /// Whose it is.
    owner: TaskOwner,
    /// Where it stands.
    status: TaskStatus,
    /// Day it is due.
    due_date: Date,
    /// Codes of the tasks it comes after.
    after: Vec<String>,
    /// Day it was completed.
    completed_on: Option<Date>,
    /// Last note somebody left; null also when it is masked.
    note: Option<String>,
    /// Who to write to; null when masked.
    contacts: Option<Contacts>,
}

/// A page of tasks.
#[derive(Debug, Serialize, JsonSchema)]
struct Tasks {
    /// The tasks; may be empty.
    tasks: Vec<TaskSeen>,
    /// Cursor of the next page; null on the last.
    next: Option<TaskId>,
}

/// Whether the note and the people stand in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum People {
    Shown,
    Masked,
}

fn seen(task: Task, people: People) -> TaskSeen {
    let shown = people == People::Shown;
    TaskSeen {
        task_id: task.task_id,
        code: task.code,
        tenant_id: task.tenant_id,
        account_id: task.account_id,
        title: task.title,
        category: task.category,
        owner: task.owner,
        status: task.status,
        due_date: task.due_date,
        after: task.after,
        completed_on: task.completed_on,
        note: task.note.filter(|_| shown),
        contacts: shown.then_some(task.contacts),
    }
}

async fn list(asked: Asked<Nothing, ListTasks, Nothing>) -> Result<Tasks, Problem> {
    let ListTasks { account, owner, status, cursor, limit } = asked.query;
    let limit = super::limit_of(limit, PAGE)?;
    let wanted = TaskFilter { account, owner, status, after: cursor, ..TaskFilter::default() };
    let filter = TaskFilter { limit: limit + 1, ..wanted };
    let mut found = asked.service.installation.store().tasks().list(filter).await?;
    let next = super::cut(&mut found, limit).map(|last| last.task_id.clone());
    let people = if masks(&asked.person) { People::Masked } else { People::Shown };
    Ok(Tasks { tasks: found.into_iter().map(|task| seen(task, people)).collect(), next })
}

/// Names a task.
#[derive(Debug, Deserialize, JsonSchema)]
struct OneTask {
    /// The task.
    task_id: TaskId,
}

/// The change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewStatus {
    /// The new status.
    status: TaskStatus,
    /// A note for colleagues. Needed to reopen a settled task.
    #[schemars(length(max = 1000))]
    note: Option<String>,
}

/// Two people's keys never meet: the person's name is part of the tool's key.
async fn update(asked: Asked<OneTask, Nothing, NewStatus>) -> Result<TaskSeen, Problem> {
    let key = header(&asked.headers, KEY.name)
        .filter(|key| (8..=100).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or_else(|| {
            let says = "send Idempotency-Key: 8 to 100 printable characters that name this change";
            Problem::new(StatusCode::BAD_REQUEST, says)
        })?;
    let own = gangway_protocol::canonical::digest_bytes(format!("{}\n{key}", asked.person.name).as_bytes());
    let arguments = UpdateStatusArgs {
        task_id: asked.path.task_id,
        status: asked.body.status,
        note: asked.body.note.map(Personal),
        idempotency_key: IdempotencyKey::parse(format!("http/{own}"))
            .map_err(|error| Problem::internal(&error.into()))?,
    };
    let installation = &asked.service.installation;
    let belt = installation.person_belt(&asked.person).await.map_err(|error| Problem::internal(&error))?;
    let scope = Scope::of_no_run(installation.call_deadline());
    let updated = belt.call::<UpdateStatus>(&scope, &arguments).await.map_err(|error| refused(&error))?;
    Ok(seen(updated.task, People::Shown))
}

fn refused(error: &ApiError) -> Problem {
    let status = match error.error_type {
        ErrorType::Validation if error.error_code.contains("CONFLICT") => StatusCode::CONFLICT,
        ErrorType::Validation => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorType::NotFound => StatusCode::NOT_FOUND,
        ErrorType::Authentication | ErrorType::Authorization => StatusCode::FORBIDDEN,
        ErrorType::RateLimit => StatusCode::TOO_MANY_REQUESTS,
        ErrorType::ServerError | ErrorType::Network | ErrorType::Timeout => StatusCode::SERVICE_UNAVAILABLE,
    };
    let problem =
        Problem::new(status, format!("{} failed: {}: {}", error.operation, error.message, error.resolution));
    let wait = error.retry_after_ms.map_or(SOON, Duration::from_millis);
    match error.retryable && !error.may_have_happened() {
        true => problem.retry_after(wait),
        false => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::refused;
    use axum::http::header;
    use axum::response::IntoResponse as _;
    use gangway_protocol::{ApiError, ErrorType, System};

    fn error(error_type: ErrorType) -> ApiError {
        ApiError::new(System::Tasks, error_type, "update_status", "CODE", "words")
    }

    #[test]
    fn who_may_try_again_is_told_when_and_who_may_not_what_mends_it() {
        let after = |error: &ApiError| {
            let answer = refused(error).into_response();
            let header = answer.headers().get(header::RETRY_AFTER);
            header.and_then(|wait| wait.to_str().ok()).map(str::to_owned)
        };
        let limited = ApiError { retry_after_ms: Some(1_200), ..error(ErrorType::RateLimit) };
        assert_eq!(after(&limited).as_deref(), Some("2"));
        assert_eq!(after(&error(ErrorType::RateLimit)).as_deref(), Some("5"));
        assert_eq!(after(&error(ErrorType::Timeout).unsent()).as_deref(), Some("5"));
        assert_eq!(after(&error(ErrorType::Timeout)), None, "it may have happened");
        assert_eq!(after(&error(ErrorType::Validation)), None);
        let said = serde_json::to_value(refused(&limited)).unwrap_or_default();
        assert!(
            said["detail"].as_str().is_some_and(|detail| detail.ends_with(&limited.resolution)),
            "{said}"
        );
    }
}
