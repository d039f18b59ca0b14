//! `gangway audit`: the newest entries, and whether the chain is whole.

use crate::cli::AuditCommand;
use crate::config::Sources;
use crate::output;
use anyhow::Result;
use gangway_protocol::audit::{AuditEntry, AuditMoment};
use gangway_store::AuditVerdict;
use serde_json::json;
use std::process::ExitCode;

/// Runs one of its commands.
pub async fn run(command: AuditCommand, sources: &Sources) -> Result<ExitCode> {
    let store = super::existing_store(sources)?;
    match command {
        AuditCommand::Tail { lines, output } => {
            let entries = store.audit().tail(lines).await?;
            if output.json {
                output::json(&json!({ "entries": entries }))?;
            } else {
                output::line(&table(&entries).to_string())?;
            }
            Ok(ExitCode::SUCCESS)
        }
        AuditCommand::Verify(output) => {
            let verdict = store.audit().verify().await?;
            let (whole, says) = match &verdict {
                AuditVerdict::Whole { entries } => (true, format!("{entries} entries, unbroken")),
                AuditVerdict::Broken(broken) => (false, broken.to_string()),
            };
            if output.json {
                output::json(&json!({ "whole": whole, "says": says }))?;
            } else {
                output::line(&says)?;
            }
            Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn table(entries: &[AuditEntry]) -> comfy_table::Table {
    let mut table = output::table(&["#", "when", "moment", "who", "tool", "run", "ended"]);
    for entry in entries {
        let record = &entry.record;
        let moment = match record.moment {
            AuditMoment::Intent => "intent",
            AuditMoment::Outcome => "outcome",
            AuditMoment::Refused => "refused",
        };
        let ended = record.end.as_ref().map_or_else(String::new, |end| match (&end.error, end.replayed) {
            (Some(error), _) => error.clone(),
            (None, true) => "ok, first answer".to_owned(),
            (None, false) => format!("ok, {} µs", end.duration_us),
        });
        table.add_row([
            entry.seq.to_string(),
            format!("{:.0}", record.at),
            moment.to_owned(),
            record.principal.clone(),
            record.tool.clone(),
            record.run_id.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            ended,
        ]);
    }
    table
}
