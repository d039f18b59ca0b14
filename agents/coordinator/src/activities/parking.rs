//! A run that cannot go on by itself: the alerts channel is told, once for each reason, and the run report is written.
//!
//! Whatever fails here stands in the record and stops nothing: the run is parked all the same.

use super::report::{ReportOrder, WriteReports};
use super::tell::post_alone;
use crate::env::Env;
use crate::messages::PostKind;
use gangway_durable::Activity as _;
use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::{IdempotencyKey, RunRecord};

/// Characters of the reason's digest that tell one reason from another.
const DIGEST_CHARS: usize = 16;

/// The parked run's record, with what was told and written.
pub(crate) async fn tell_parked(env: &Env, mut record: RunRecord) -> RunRecord {
    let label = label(&record);
    // Tried again and parked for the same reason: that is known by now.
    if !record.effects.iter().any(|effect| effect.label == label) {
        let channel = env.settings.channels.alerts.as_str();
        let told = post_alone(env, &record, label.clone(), (PostKind::Parked, channel)).await;
        record.effects.push(told);
    }
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
    let digest = digest_bytes(record.parked_because.as_deref().unwrap_or_default().as_bytes());
    let hex = digest.trim_start_matches("sha256:");
    format!("slack_parked_{}", hex.get(..DIGEST_CHARS).unwrap_or(hex))
}
