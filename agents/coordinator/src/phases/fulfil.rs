//! Fulfilling: tenant, checklist, everybody told, done.

use super::{Labels, done, tell_and_report};
use crate::activities::{CreateChecklist, CreateTenant, Occasion};
use crate::env::Env;
use gangway_durable::{Durable, Interrupted};
use gangway_protocol::{RunRecord, RunState};

pub(crate) async fn fulfil<D: Durable<Env = Env>>(
    durable: &D,
    mut record: RunRecord,
) -> Result<RunRecord, Interrupted> {
    let tenant = durable.step::<CreateTenant>("create_tenant", record.clone()).await?;
    let tenant_id = tenant.tenant_id.to_string();
    record.tenant = Some(tenant);
    let owed = durable.step::<CreateChecklist>("create_checklist", record.clone()).await?;
    record.effects.push(done("create_tenant", "provision.create_tenant", Some(tenant_id)));
    record.effects.push(done("create_checklist", "tasks.create_checklist", None));
    record.state = RunState::Completed;
    let labels = Labels { tell: "tell_fulfilled", report: "report_fulfilled" };
    tell_and_report(durable, record, Occasion::Fulfilled(owed), labels).await
}
