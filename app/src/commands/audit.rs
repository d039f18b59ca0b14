//! `gangway audit`: the newest entries, those that match, an export, and whether all of it is as it was written.

use crate::auditing::{self, Checkpoints, Sealer, Trust};
use crate::cli::{AuditCommand, AuditVerifyArgs, SearchArgs};
use crate::config::Sources;
use crate::people::Action;
use crate::{keys, output};
use anyhow::{Context as _, Result, bail};
use gangway_governance::vendor::http_client;
use gangway_protocol::audit::{AuditEntry, AuditMoment};
use gangway_protocol::checkpoint::{key_id, public_key_pem, public_keys};
use gangway_store::AuditPage;
use jiff::Timestamp;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Runs one of its commands.
pub async fn run(command: AuditCommand, sources: &Sources) -> Result<ExitCode> {
    match command {
        AuditCommand::Tail { lines, output } => {
            let (store, _) = super::acting(sources, Action::ReadAudit).await?;
            let entries = store.audit().tail(lines).await?;
            show(&entries, None, output.json)?;
        }
        AuditCommand::Search(args) => search(args, sources).await?,
        AuditCommand::Export { file, since, output } => {
            export(&file, since, output.json, sources).await?;
        }
        AuditCommand::Verify(args) => return verify(args, sources).await,
        AuditCommand::Key(output) => key(output.json, sources).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn search(args: SearchArgs, sources: &Sources) -> Result<()> {
    let (store, _) = super::acting(sources, Action::ReadAudit).await?;
    let page = AuditPage {
        run_id: args.run,
        account: args.account,
        correlation_id: args.correlation_id,
        principal: args.who,
        tool: args.tool,
        ending: args.outcome,
        text: args.text,
        since: args.since,
        until: args.until,
        before: args.before,
        limit: args.limit.saturating_add(1),
    };
    let mut entries = store.audit().page(page).await?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    let next = if has_more { entries.last().map(|entry| entry.seq) } else { None };
    show(&entries, next, args.output.json)
}

fn show(entries: &[AuditEntry], next: Option<u64>, as_json: bool) -> Result<()> {
    if as_json {
        return output::json(&json!({ "entries": entries, "next": next }));
    }
    if entries.is_empty() {
        return output::line("No such entries.");
    }
    output::line(&table(entries).to_string())?;
    match next {
        Some(next) => output::remark(&format!("there is more: repeat with --before {next}")),
        None => Ok(()),
    }
}

async fn export(file: &Path, since: Option<Timestamp>, as_json: bool, sources: &Sources) -> Result<()> {
    let (store, _) = super::acting(sources, Action::ReadAudit).await?;
    let http = http_client().context("cannot make an HTTP client")?;
    let sealer = Sealer::of(&store, sources.data_dir(), &sources.audit()?, Some(http));
    let exported = auditing::export(&store, &sealer, since, file).await?;
    let closing = &exported.closing;
    if as_json {
        return output::json(&json!({
            "file": file, "entries": exported.entries, "first": exported.first, "closing": closing,
        }));
    }
    output::line(&format!(
        "{}: {} entries from {}, closed by checkpoint {} (key {})",
        file.display(),
        exported.entries,
        exported.first,
        closing.attested.number,
        closing.key_id
    ))?;
    output::remark(
        "an auditor needs it, the checkpoints and the public key (gangway audit key), and nothing else: gangway audit verify FILE --checkpoints FILE --public-key FILE",
    )
}

async fn verify(args: AuditVerifyArgs, sources: &Sources) -> Result<ExitCode> {
    let report = match &args.file {
        Some(file) => {
            let Some(public_key) = &args.public_key else {
                bail!(
                    "an export is verified against a key you trust: --public-key FILE (gangway audit key prints it)"
                );
            };
            let checkpoints = args.checkpoints.map_or(Checkpoints::Unknown, Checkpoints::Copy);
            let trust = Trust { keys: read_keys(public_key)?, checkpoints };
            let file = file.clone();
            tokio::task::spawn_blocking(move || auditing::verify_export(&file, &trust)).await??
        }
        None => {
            let (store, _) = super::acting(sources, Action::ReadAudit).await?;
            let trust = of_folder(sources, &args)?;
            auditing::verify_store(&store, &trust).await?
        }
    };
    if args.output.json {
        output::json(&report.json())?;
    } else {
        for line in report.lines() {
            output::line(&line)?;
        }
    }
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The folder's own key and checkpoints, unless others are named.
fn of_folder(sources: &Sources, args: &AuditVerifyArgs) -> Result<Trust> {
    let mut trust = Trust::of_folder(sources.data_dir(), &sources.audit()?)?;
    if let Some(file) = &args.public_key {
        trust.keys = read_keys(file)?;
    }
    if let Some(file) = &args.checkpoints {
        trust.checkpoints = Checkpoints::Copy(file.clone());
    }
    Ok(trust)
}

fn read_keys(file: &Path) -> Result<Vec<ed25519_dalek::VerifyingKey>> {
    let cannot = || format!("cannot read the public key {}", file.display());
    let text = std::fs::read_to_string(file).with_context(cannot)?;
    public_keys(&text).with_context(cannot)
}

async fn key(as_json: bool, sources: &Sources) -> Result<()> {
    super::acting(sources, Action::ReadAudit).await?;
    let key = keys::audit_key(sources.data_dir())?.verifying_key();
    let pem = public_key_pem(&key);
    match as_json {
        true => output::json(&json!({ "key_id": key_id(&key), "public_key": pem })),
        false => output::line(pem.trim_end()),
    }
}

fn table(entries: &[AuditEntry]) -> comfy_table::Table {
    let mut table = output::table_with_ids(&["#", "when", "moment", "who", "tool", "run", "ended"], &[0, 5]);
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
            (None, false) => end.took().map_or_else(|| "ok".to_owned(), |took| format!("ok, {took}")),
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
