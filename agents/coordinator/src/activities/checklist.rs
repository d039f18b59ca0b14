//! Making the checklist. What it already says is done (by an earlier run of the same customer) is not done again; what
//! became of a mail whose task is still open, the outbox knows.

use super::{judged, stopped};
use crate::contacts;
use crate::effects::{TRAINING_TASK, WELCOME_TASK};
use crate::env::Env;
use gangway_durable::{Activity, StepError};
use gangway_protocol::task::Task;
use gangway_protocol::tools::tasks::{CreateChecklist as CreateChecklistTool, CreateChecklistArgs};
use gangway_protocol::{IdempotencyKey, RunRecord};
use serde::{Deserialize, Serialize};

/// What of the checklist this run still owes the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owed {
    /// The welcome mail is not delivered.
    pub(crate) welcome: bool,
    /// The training mail is not delivered.
    pub(crate) training: bool,
}

pub(crate) struct CreateChecklist;

impl Activity<Env> for CreateChecklist {
    const NAME: &'static str = "create_checklist";
    type In = RunRecord;
    type Out = Owed;

    async fn run(env: &Env, key: IdempotencyKey, record: &RunRecord) -> Result<Owed, StepError> {
        let (facts, _) = judged(record)?;
        let Some(tenant) = &record.tenant else {
            return Err(StepError::Fatal(format!(
                "run {} has no tenant to make a checklist for",
                record.run_id
            )));
        };
        let args = CreateChecklistArgs {
            account_id: record.request.account_id.clone(),
            tenant_id: tenant.tenant_id.clone(),
            tier: tenant.tier,
            contacts: contacts::of_checklist(facts, &env.settings),
            idempotency_key: key,
        };
        let list = env.coordinator.call::<CreateChecklistTool>(&env.scope(record), &args).await;
        let list = list.map_err(|error| stopped(&error))?;
        Ok(owed(&list.tasks))
    }
}

fn owed(tasks: &[Task]) -> Owed {
    let is_open = |code: &str| tasks.iter().any(|task| task.code == code && !task.status.is_settled());
    Owed { welcome: is_open(WELCOME_TASK), training: is_open(TRAINING_TASK) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{Owed, owed};
    use gangway_protocol::task::Task;
    use serde_json::json;

    fn task(code: &str, status: &str) -> Task {
        serde_json::from_value(json!({
            "task_id": format!("tnt-1:{code}"), "code": code, "tenant_id": "tnt-1", "account_id": "A-1", "title": "t",
            "category": "automated", "owner": "system", "status": status, "due_date": "2026-03-04", "after": [],
            "created_on": "2026-03-04", "contacts": {"cs": "cs@northwind.example"}}))
        .unwrap()
    }

    #[test]
    fn mails_that_were_delivered_before_are_not_owed() {
        let first = [task("T003", "pending"), task("T004", "pending")];
        assert_eq!(owed(&first), Owed { welcome: true, training: true });
        let half = [task("T003", "completed"), task("T004", "blocked")];
        assert_eq!(owed(&half), Owed { welcome: false, training: true });
    }
}
