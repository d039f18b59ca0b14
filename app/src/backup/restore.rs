//! Restoring: everything is checked and marked beside the data folder, which then appears at once or not at all.

use super::files::{copy_private, new_private_folder, sync_folder};
use super::{DATABASE, Manifest, REPORTS};
use crate::people::{self, Action};
use anyhow::{Context as _, Result, bail};
use gangway_protocol::audit::AuditRecord;
use gangway_store::{AuditVerdict, Interrupted, Restore, Store, check_database};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// The backup.
    pub manifest: Manifest,
    /// What was under way in it and does not go on by itself.
    pub interrupted: Interrupted,
}

/// Makes `data_dir` from the backup in `from`. The person of the key, as the backup knows it, must be an administrator and
/// is on record for it; without a key it is whoever works at this machine.
pub async fn restore(
    from: &Path,
    data_dir: &Path,
    key: Option<&SecretString>,
    now: Timestamp,
) -> Result<Restored> {
    refuse_used(data_dir)?;
    let (source, staging) = (from.to_owned(), staging_of(data_dir));
    let folder = staging.clone();
    let manifest = tokio::task::spawn_blocking(move || stage(&source, &folder)).await??;
    let store = Store::open(&staging)?;
    let by = match people::acting(key, &store, Action::Administer).await {
        Ok(person) => person.actor(),
        Err(refused) => {
            store.close().await;
            fs::remove_dir_all(&staging).with_context(|| format!("cannot remove {}", staging.display()))?;
            return Err(refused);
        }
    };
    let told = json!({ "backup_at": manifest.made_at, "audit_entries": manifest.audit_entries });
    let record = AuditRecord::done("backup.restore", &by, told, now);
    let restore = Restore { backup_at: manifest.made_at, restored_at: now };
    let marked = store.restores().begin(restore, record).await;
    store.close().await;
    let interrupted = marked?;
    appear(&staging, data_dir)?;
    Ok(Restored { manifest, interrupted })
}

/// A folder in use, by a running service too, is not empty.
fn refuse_used(data_dir: &Path) -> Result<()> {
    let is_used = match fs::read_dir(data_dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => data_dir.exists(),
    };
    if is_used {
        bail!(
            "{} is not empty; stop what works on it and move it away, or name another folder with --data-dir",
            data_dir.display()
        );
    }
    Ok(())
}

fn staging_of(data_dir: &Path) -> PathBuf {
    let mut name = data_dir.file_name().unwrap_or_default().to_owned();
    name.push(".restoring");
    data_dir.with_file_name(name)
}

/// Copies what is sound.
fn stage(from: &Path, staging: &Path) -> Result<Manifest> {
    let manifest = Manifest::read(from)?;
    manifest.check(from)?;
    new_private_folder(staging).with_context(|| {
        format!(
            "another restore is under way, or was interrupted: then remove {} and repeat",
            staging.display()
        )
    })?;
    if manifest.files.iter().any(|file| file.path.starts_with(REPORTS)) {
        new_private_folder(&staging.join(REPORTS))?;
    }
    for file in &manifest.files {
        copy_private(from, staging, &file.path)?;
    }
    let checked = check_database(&staging.join(DATABASE))?;
    match checked.audit {
        AuditVerdict::Whole { entries } if entries == manifest.audit_entries => Ok(manifest),
        AuditVerdict::Whole { entries } => bail!(
            "the audit in {} has {entries} entries where {} were saved; use another backup",
            from.display(),
            manifest.audit_entries
        ),
        AuditVerdict::Broken(broken) => {
            bail!("the audit in {} is not whole: {broken}; use another backup", from.display())
        }
    }
}

fn appear(staging: &Path, data_dir: &Path) -> Result<()> {
    // Renaming onto an empty folder replaces it.
    fs::rename(staging, data_dir)
        .with_context(|| format!("cannot give {} its name {}", staging.display(), data_dir.display()))?;
    sync_folder(data_dir.parent())
}
