//! A run that cannot go on by itself: the alerts channel is told, once each time it is parked, and the run report is written.
//!
//! The message is named by how often the run was parked before, not by the reason: after a crash between telling and saving
//! it may be parked for another one, and that is still the same time. Whatever fails here stands in the record and stops
//! nothing: the run is parked all the same.

use super::report::{ReportOrder, WriteReports};
use super::tell::post_alone;
use crate::env::Env;
use crate::messages::PostKind;
use gangway_durable::Activity as _;
use gangway_protocol::run::{Effect, EffectStatus};
use gangway_protocol::{IdempotencyKey, RunRecord};

const LABEL: &str = "slack_parked_";

/// The parked run's record, with what was told and written.
pub(crate) async fn tell_parked(env: &Env, mut record: RunRecord) -> RunRecord {
    let label = label(&record);
    let channel = env.settings.channels.alerts.as_str();
    let told = post_alone(env, &record, label.clone(), (PostKind::Parked, channel)).await;
    record.effects.push(once(told));
    let order = ReportOrder { record: record.clone(), mails: Vec::new() };
    let key = IdempotencyKey::of_step(&record.run_id, &label);
    // Reports that cannot be rendered are what may have parked the run; its reason says so already.
    if let Ok(written) = WriteReports::run(env, key, &order).await {
        record.effects.extend(written.failed);
        for report in written.reports {
            if !record.reports.contains(&report) {
                record.reports.push(report);
            }
        }
    }
    record
}

fn label(record: &RunRecord) -> String {
    let before = record.effects.iter().filter(|effect| effect.label.starts_with(LABEL)).count();
    format!("{LABEL}{}", before.saturating_add(1))
}

/// The key was used with other words: before a crash, for the reason of then. The channel knows.
fn once(told: Effect) -> Effect {
    let is_known = told.error.as_ref().is_some_and(|error| error.error_code == "IDEMPOTENCY_CONFLICT");
    if is_known { Effect { status: EffectStatus::Done, error: None, ..told } } else { told }
}
