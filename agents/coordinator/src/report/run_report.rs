//! `run_report.<run>.md`: one run from request to effects, for people.

use super::Kept;
use super::markdown::{escaped, table};
use crate::messages::Case;
use crate::messages::wording::{LONG, SHORT};
use gangway_protocol::audit::{AuditEntry, AuditMoment};
use gangway_protocol::run::{Effect, EffectStatus};
use gangway_protocol::{AdviceSource, Finding};
use gangway_store::{Approval, ApprovalState, Vote};

/// The report.
#[must_use]
pub fn render(case: &Case<'_>, kept: Kept<'_>) -> String {
    let mut text = format!("# Onboarding run: {}\n\n", escaped(&case.customer_and_id(), SHORT));
    text.push_str(&overview(case, kept.approval));
    for (title, body) in [
        ("Summary", summary(case)),
        ("API errors", errors(case)),
        ("Violations", findings(case.violations())),
        ("Warnings", findings(case.warnings())),
        ("Recommended actions", actions(case)),
        ("Advice in a model's words", worded(case)),
        ("Tenant", tenant(case)),
        ("Effects", effects(&case.record.effects)),
        ("Tool calls", tool_calls(kept.calls)),
        ("Versions", versions(case)),
    ] {
        if !body.is_empty() {
            text.push_str(&format!("\n## {title}\n\n{}\n", body.trim_end()));
        }
    }
    text
}

fn pairs(rows: Vec<(&str, String)>) -> String {
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(label, value)| vec![label.to_owned(), value]).collect();
    table(&["", ""], &rows)
}

fn overview(case: &Case<'_>, approval: Option<&Approval>) -> String {
    let record = case.record;
    let mut rows: Vec<(&str, String)> = vec![
        ("State", record.state.to_string()),
        ("Run", format!("`{}`", record.run_id)),
        ("Correlation id", format!("`{}`", record.request.correlation_id)),
        ("Requested by", escaped(&record.request.requested_by, SHORT)),
        ("Accepted at", format!("{:.0}", record.created_at)),
    ];
    rows.extend(case.verdict().into_iter().map(|(label, value)| (label, escaped(&value, LONG))));
    match (approval, &record.approval_id) {
        (Some(approval), _) => rows.push(("Approval", escaped(&standing(approval), 2 * LONG))),
        (None, Some(id)) => rows.push(("Approval", escaped(id, SHORT))),
        (None, None) => {}
    }
    if let Some(why) = &record.parked_because {
        rows.push(("Stopped because", escaped(why, LONG)));
    }
    pairs(rows)
}

/// Who decided, when and why.
fn standing(approval: &Approval) -> String {
    let by = approval.decided_by.as_deref().unwrap_or("an unnamed person");
    let reason = approval.reason.as_deref().unwrap_or("no reason was recorded");
    let decided = approval.decided_at.map_or_else(|| "an unknown day".to_owned(), |at| format!("{at:.0}"));
    let how = match approval.state {
        ApprovalState::Pending => format!("can be given until {:.0}", approval.expires_at),
        ApprovalState::Approved if approval.votes.len() > 1 => {
            let vote = |vote: &Vote| format!("by {} on {:.0}: {}", vote.by, vote.at, vote.reason);
            format!("given {}", approval.votes.iter().map(vote).collect::<Vec<_>>().join("; "))
        }
        ApprovalState::Approved => format!("given by {by} on {decided}: {reason}"),
        ApprovalState::Rejected => format!("refused by {by} on {decided}: {reason}"),
        ApprovalState::Expired => format!("ran out on {decided}"),
        ApprovalState::Void => format!("void: {reason}"),
    };
    format!("{}, {how}", approval.approval_id)
}

fn summary(case: &Case<'_>) -> String {
    if case.summary().is_empty() {
        return String::new();
    }
    let outlook: String = case
        .outlook()
        .into_iter()
        .map(|(label, value)| format!("- **{label}:** {}\n", escaped(&value, LONG)))
        .collect();
    format!("{}\n\n{outlook}", escaped(&case.summary(), 1_000))
}

fn errors(case: &Case<'_>) -> String {
    let rows: Vec<Vec<String>> = case
        .api_errors()
        .iter()
        .enumerate()
        .map(|(n, error)| {
            let meaning = case.reading(n).map_or(error.message.as_str(), |reading| reading.meaning.as_str());
            vec![
                error.system.to_string(),
                error.error_type.name().to_owned(),
                escaped(&error.error_code, SHORT),
                error.http_status.map_or_else(|| "–".to_owned(), |status| status.to_string()),
                escaped(meaning, LONG),
                escaped(&error.owner, SHORT),
                escaped(&error.resolution, LONG),
            ]
        })
        .collect();
    section(&["System", "Type", "Code", "HTTP", "Meaning", "Owner", "Resolution"], &rows)
}

fn findings(list: &[Finding]) -> String {
    let rows: Vec<Vec<String>> = list
        .iter()
        .map(|finding| {
            let value = finding.evidence.value.as_deref().map_or("missing".to_owned(), |v| escaped(v, SHORT));
            vec![
                escaped(&finding.rule.0, SHORT),
                escaped(&finding.message, LONG),
                format!("{} = {value}", escaped(&finding.evidence.field, SHORT)),
                escaped(&finding.owner, SHORT),
                escaped(&finding.resolution, LONG),
            ]
        })
        .collect();
    section(&["Rule", "Finding", "Evidence", "Owner", "Resolution"], &rows)
}

fn actions(case: &Case<'_>) -> String {
    case.actions()
        .into_iter()
        .enumerate()
        .map(|(n, action)| {
            format!(
                "{}. **{}:** {} ({})\n",
                n + 1,
                escaped(&action.owner, SHORT),
                escaped(&action.action, LONG),
                escaped(&action.because, SHORT)
            )
        })
        .collect()
}

/// What a model made of it, marked as such; nothing where no model is configured.
fn worded(case: &Case<'_>) -> String {
    let Some(advice) = &case.record.worded_advice else {
        return String::new();
    };
    let notes: String = advice.notes.iter().map(|note| format!("- {}\n", escaped(note, LONG))).collect();
    if advice.source != AdviceSource::Model {
        return notes;
    }
    let actions: String = advice
        .actions
        .iter()
        .map(|action| format!("- **{}:** {}\n", escaped(&action.owner, SHORT), escaped(&action.action, LONG)))
        .collect();
    let meanings: String = advice
        .error_readings
        .iter()
        .map(|reading| {
            format!("- {}: {}\n", escaped(&reading.error_code, SHORT), escaped(&reading.meaning, LONG))
        })
        .collect();
    let mut text = format!(
        "Worded by {}. It explains; the decision was made without it.\n\n{}\n\n",
        escaped(&case.record.versions.adviser, SHORT),
        escaped(&advice.summary, 1_200)
    );
    text.push_str(&format!("- **Business impact:** {}\n", escaped(&advice.business_impact, LONG)));
    text.push_str(&format!("- **Usual time to resolve:** {}\n", escaped(&advice.resolution_time, SHORT)));
    for list in [actions, meanings, notes] {
        if !list.is_empty() {
            text.push_str(&format!("\n{list}"));
        }
    }
    text
}

fn tenant(case: &Case<'_>) -> String {
    let Some(tenant) = &case.record.tenant else {
        return String::new();
    };
    let allowed = &tenant.entitlements;
    pairs(vec![
        ("Tenant", format!("`{}`", tenant.tenant_id)),
        ("Tier", tenant.tier.to_string()),
        (
            "Made by this run",
            if case.tenant_existed() { "no, it was there before" } else { "yes" }.to_owned(),
        ),
        ("Login", escaped(&tenant.login_url, LONG)),
        ("Users", allowed.users.to_string()),
        ("Storage", format!("{} GB", allowed.storage_gb)),
        ("API calls an hour", allowed.api_calls_per_hour.to_string()),
        ("Features", escaped(&allowed.features.join(", "), LONG)),
    ])
}

fn effects(list: &[Effect]) -> String {
    let rows: Vec<Vec<String>> = list
        .iter()
        .map(|effect| {
            let ended = match effect.status {
                EffectStatus::Done => "done",
                EffectStatus::Queued => "queued: delivered later",
                EffectStatus::Unknown => "unknown: the answer was lost, not repeated",
                EffectStatus::Failed => "failed",
            };
            let detail = match (&effect.error, &effect.reference) {
                (Some(error), _) => escaped(&format!("{} {}", error.error_code, error.message), LONG),
                (None, Some(reference)) => escaped(reference, SHORT),
                (None, None) => "–".to_owned(),
            };
            vec![escaped(&effect.label, SHORT), escaped(&effect.tool, SHORT), ended.to_owned(), detail]
        })
        .collect();
    section(&["Effect", "Tool", "Ended", "Reference or reason"], &rows)
}

fn tool_calls(calls: &[AuditEntry]) -> String {
    let rows: Vec<Vec<String>> = calls
        .iter()
        .filter(|entry| entry.record.moment != AuditMoment::Intent)
        .map(|entry| {
            let (ended, duration) = match &entry.record.end {
                None => ("refused".to_owned(), "–".to_owned()),
                Some(end) => {
                    let ended = match &end.error {
                        Some(error) => escaped(error, SHORT),
                        None if end.replayed => "ok (answered before)".to_owned(),
                        None => "ok".to_owned(),
                    };
                    (ended, end.took().unwrap_or_else(|| "–".to_owned()))
                }
            };
            vec![
                entry.seq.to_string(),
                escaped(&entry.record.principal, SHORT),
                escaped(&entry.record.tool, SHORT),
                ended,
                duration,
            ]
        })
        .collect();
    section(&["Audit line", "Caller", "Tool", "Ended", "Took"], &rows)
}

fn versions(case: &Case<'_>) -> String {
    let versions = &case.record.versions;
    let mut rows = vec![
        ("Gangway", versions.agent.clone()),
        ("Workflow", versions.workflow.clone()),
        ("Tool contracts", format!("`{}`", versions.tool_contracts)),
        ("Adviser", escaped(&versions.adviser, SHORT)),
    ];
    if let Some(prompt) = &versions.prompt {
        rows.push(("Prompt", format!("{} `{}`", escaped(&prompt.name, SHORT), prompt.digest)));
    }
    if let Some(rules) = &versions.rule_set {
        rows.push((
            "Rules",
            format!("{} {} `{}`", escaped(&rules.id, SHORT), escaped(&rules.version, SHORT), rules.digest),
        ));
    }
    if let Some(decision) = case.decision() {
        rows.push(("Facts", format!("`{}`", decision.facts_digest)));
    }
    pairs(rows)
}

fn section(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() { String::new() } else { table(head, rows) }
}
