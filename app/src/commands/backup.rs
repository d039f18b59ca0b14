//! `gangway backup` and `gangway restore`: a copy of the data folder while it is in use, and a data folder from a copy.

use crate::auditing::Sealer;
use crate::backup::{self, Manifest};
use crate::cli::{BackupArgs, Globals, RestoreArgs};
use crate::config::{AuditSettings, Sources};
use crate::output;
use crate::people::{self, Action};
use anyhow::{Context as _, Result};
use gangway_protocol::Person;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::checkpoint::GivenUp;
use gangway_store::{SCHEMA_VERSION, Store};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// How often the bar is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(200);

/// Makes a backup; the service may go on meanwhile.
pub async fn back_up(args: BackupArgs, globals: &Globals) -> Result<()> {
    let sources = Sources::read(globals)?;
    let (data_dir, by) = (sources.data_dir().to_owned(), administrator(&sources).await?);
    let target =
        std::path::absolute(&args.to).with_context(|| format!("cannot find {}", args.to.display()))?;
    let (from, to) = (data_dir.clone(), target.clone());
    let made = tokio::task::spawn_blocking(move || backup::make(&from, &to, Timestamp::now()));
    let manifest = with_progress(&data_dir, &backup::draft_of(&target), made).await??;
    put_on_record(&data_dir, &manifest, &by).await?;
    if args.output.json {
        return output::json(&json!({ "folder": target, "backup": manifest }));
    }
    output::line(&format!("{}: {}", target.display(), contents(&manifest)))?;
    output::line("It holds keys and personal data: keep it as safe as the data folder.")
}

/// Who makes the backup, if that person may. Whose key it is stands in the store, which opening it may migrate; where
/// nobody shows a key nothing is opened.
async fn administrator(sources: &Sources) -> Result<Person> {
    match sources.api_key() {
        None => Ok(people::local_person()),
        Some(_) => Ok(super::acting(sources, Action::Administer).await?.1),
    }
}

/// The copy grows to about the size of the database; what comes after it is quick.
async fn with_progress<T>(data_dir: &Path, draft: &Path, work: impl Future<Output = T>) -> T {
    let size = |folder: &Path| std::fs::metadata(folder.join("gangway.db")).map_or(0, |found| found.len());
    let bar = ProgressBar::new(size(data_dir));
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}") {
        bar.set_style(style);
    }
    let mut draws = tokio::time::interval(DRAW_EVERY);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                bar.finish_and_clear();
                return done;
            }
            _ = draws.tick() => bar.set_position(size(draft)),
        }
    }
}

/// Makes a data folder from a backup.
pub async fn restore(args: RestoreArgs, globals: &Globals) -> Result<()> {
    let sources = Sources::read(globals)?;
    let data_dir = std::path::absolute(sources.data_dir()).context("cannot find the data folder")?;
    let restored = backup::restore(&args.from, &data_dir, sources.api_key(), Timestamp::now()).await?;
    if let Err(error) = seal_restored(&data_dir, &restored.manifest, &sources.audit()?).await {
        output::remark(&format!("the restored audit is not sealed: {error:#}"))?;
    }
    let (manifest, interrupted) = (&restored.manifest, restored.interrupted);
    if args.output.json {
        return output::json(&json!({
            "folder": data_dir,
            "backup": manifest,
            "parked_runs": interrupted.runs,
            "unknown_messages": interrupted.messages,
            "unknown_calls": interrupted.calls,
        }));
    }
    output::line(&format!("{}: {}, as of {:.0}", data_dir.display(), contents(manifest), manifest.made_at))?;
    output::line(&format!(
        "Under way in the backup, and now waiting for a person: {} runs parked, {} messages and {} calls UNKNOWN.",
        interrupted.runs, interrupted.messages, interrupted.calls
    ))?;
    output::line(
        "Schedules rest. See in Slack, mail and Salesforce what was done after the backup, then: gangway schedule release",
    )
}

/// Has the checkpoints say that entries after the backup are given up, so that they do not speak of a cut audit.
async fn seal_restored(data_dir: &Path, manifest: &Manifest, settings: &AuditSettings) -> Result<()> {
    let store = Store::open(data_dir)?;
    let given_up = GivenUp { after: manifest.audit_entries, backup_at: manifest.made_at };
    let sealer = Sealer::of(&store, data_dir, settings, None);
    let sealed = sealer.seal_restored(Timestamp::now(), given_up).await;
    store.close().await;
    sealed.map(|_| ())
}

/// Who made the backup, in the audit of the folder it was made of: not if a newer Gangway would have to migrate that first,
/// for a backup must not change what it saves.
async fn put_on_record(data_dir: &Path, manifest: &Manifest, by: &Person) -> Result<()> {
    if manifest.schema_version != SCHEMA_VERSION {
        return Ok(());
    }
    let store = Store::open(data_dir)?;
    let told = json!({ "audit_entries": manifest.audit_entries, "made_at": manifest.made_at });
    let record = AuditRecord::done("backup.make", &by.actor(), told, Timestamp::now());
    let appended = store.audit().append(record).await;
    store.close().await;
    appended?;
    Ok(())
}

fn contents(manifest: &Manifest) -> String {
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    format!(
        "{} runs ({} under way), {} tenants, {} audit entries, unbroken; {} files, {} kB",
        manifest.runs,
        manifest.live_runs,
        manifest.tenants,
        manifest.audit_entries,
        manifest.files.len(),
        bytes.div_ceil(1_000)
    )
}
