//! Whether the matrix can fail: a program that may not tell anybody must come out wrong, by what it did not tell, and the
//! same program otherwise sound.

use crate::case::Case;
use crate::house::Ground;
use crate::journey::{self, End, Folder};
use anyhow::{Context as _, Result};
use std::path::Path;

/// Everything that tells anybody anything.
const ALL: &[&str] = &["notify.*", "salesforce.update_onboarding_status"];
/// What the coordinator may not do, in which case, and what must be missed.
const MUTED: [(&[&str], &str, &[&str]); 6] = [
    (
        ALL,
        "ACME-001/deliver/step.effect:assess#1/0",
        &["slack_success", "email_success", "email_welcome", "email_training", "salesforce_status"],
    ),
    (
        ALL,
        "GAMMA-003/approve/step.effect:tell#1/0",
        &["slack_escalation", "email_escalation", "slack_finance", "slack_success", "salesforce_status"],
    ),
    (
        ALL,
        "BETA-002/deliver/answering:/webhook/onboarding#1/0",
        &["slack_blocked", "email_blocked", "slack_finance"],
    ),
    (&["notify.post_message"], "ACME-001/deliver/sigkill#9/0", &["slack_success"]),
    (&["notify.send_email"], "BETA-002/deliver/step.recorded:tell#1/0", &["email_blocked"]),
    (
        &["salesforce.update_onboarding_status"],
        "ACME-001/deliver/step.begin:create_tenant#1/0",
        &["salesforce_status"],
    ),
];

/// What the matrix failed to see, in words; empty when it sees everything.
pub async fn blindness(binary: &Path) -> Result<Vec<String>> {
    let able = Ground::prepared(binary.to_owned()).await?;
    let mut blind = Vec::new();
    for (tools, name, missed) in MUTED {
        let case: Case = name.parse().map_err(anyhow::Error::msg)?;
        let end = journey::travel(&able, &case, Folder::Removed).await?;
        if !matches!(end, End::Sound { .. }) {
            blind.push(format!("{case} of the program as it is: {end}"));
        }
        let mute =
            Ground::prepared(binary.to_owned()).await?.without(tools).context("no policy was written")?;
        let problems = match journey::travel(&mute, &case, Folder::Removed).await? {
            End::Sound { .. } => Vec::new(),
            End::Wrong(problems) => problems,
        };
        let is_missed = |label: &str| problems.iter().any(|problem| problem.contains(label));
        for label in missed.iter().filter(|label| !is_missed(label)) {
            blind.push(format!("{case} without {tools:?}: nobody missed {label}"));
        }
    }
    Ok(blind)
}
