//! A backup: a folder with a consistent copy of the database, the keys and the reports, and a list of them with digests.
//!
//! Made under another name and renamed when it is whole, so that a folder with the right name is never half a backup.
//! Locks, and who is alive, belong to processes and are left out. What a restored folder must not repeat is the store's
//! business.

mod files;
mod manifest;
mod restore;

pub use manifest::Manifest;
pub use restore::restore;

use anyhow::{Context as _, Result, bail};
use files::{Copied, copy_private, new_private_folder, sync_folder};
use gangway_store::{AuditVerdict, check_database, copy_database};
use jiff::Timestamp;
use std::fs;
use std::path::{Path, PathBuf};

/// Name of the database in a data folder and in a backup.
const DATABASE: &str = "gangway.db";
/// Name of the list in a backup.
const MANIFEST: &str = "backup.json";
/// Folder of the reports in both.
const REPORTS: &str = "reports";

/// Where a backup grows until it is whole.
pub fn draft_of(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    target.with_file_name(name)
}

/// Makes a backup of `data_dir` in the new folder `target`, while others may work on it. Waits for the disk.
pub fn make(data_dir: &Path, target: &Path, now: Timestamp) -> Result<Manifest> {
    if target.exists() {
        bail!("{} is there already; name a new folder for the backup", target.display());
    }
    let draft = draft_of(target);
    new_private_folder(&draft).with_context(|| {
        format!(
            "cannot make {}; if it is what an interrupted backup left, remove it and repeat",
            draft.display()
        )
    })?;
    copy_database(data_dir, &draft.join(DATABASE))?;
    let checked = check_database(&draft.join(DATABASE))?;
    let AuditVerdict::Whole { entries } = checked.audit else {
        bail!(
            "the audit of {} is not whole (gangway audit verify says where), so its backup in {} was not finished",
            data_dir.display(),
            draft.display()
        );
    };
    // After the database: the reports that its runs name were written before they were named.
    let mut files = vec![files::digest(&draft, Path::new(DATABASE))?];
    files.extend(copy_rest(data_dir, &draft)?);
    let manifest = Manifest {
        made_at: now,
        gangway: env!("CARGO_PKG_VERSION").to_owned(),
        schema_version: checked.schema_version,
        runs: checked.runs,
        live_runs: checked.live_runs,
        tenants: checked.tenants,
        audit_entries: entries,
        files,
    };
    manifest.write(&draft)?;
    fs::rename(&draft, target)
        .with_context(|| format!("cannot give the backup its name {}", target.display()))?;
    sync_folder(target.parent())?;
    Ok(manifest)
}

/// Keys and other single files, and the reports.
fn copy_rest(data_dir: &Path, draft: &Path) -> Result<Vec<Copied>> {
    let mut copied = Vec::new();
    for name in files::names(data_dir)?.into_iter().filter(|name| belongs(name)) {
        copied.push(copy_private(data_dir, draft, Path::new(&name))?);
    }
    if data_dir.join(REPORTS).is_dir() {
        new_private_folder(&draft.join(REPORTS))?;
        for name in files::names(&data_dir.join(REPORTS))?.into_iter().filter(|name| belongs(name)) {
            copied.push(copy_private(data_dir, draft, &Path::new(REPORTS).join(name))?);
        }
    }
    Ok(copied)
}

/// The database is copied on its own; locks and drafts are somebody's at work.
fn belongs(name: &str) -> bool {
    !name.starts_with(DATABASE) && !name.ends_with(".lock") && !name.ends_with(".draft")
}

#[cfg(test)]
mod tests;
