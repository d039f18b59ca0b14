//! `backup.json`: what a backup holds, written last.

use super::MANIFEST;
use super::files::{Copied, digest};
use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path};

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// When it was begun; what happened after that is not in it.
    pub made_at: Timestamp,
    /// Version of Gangway that made it.
    pub gangway: String,
    /// Schema version of its database.
    pub schema_version: i64,
    /// Runs in it.
    pub runs: u32,
    /// Those of them that were under way.
    pub live_runs: u32,
    /// Tenants in it.
    pub tenants: u32,
    /// Entries of its audit, which is whole.
    pub audit_entries: u64,
    /// Its files.
    pub files: Vec<Copied>,
}

impl Manifest {
    /// Writes it into a backup.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(MANIFEST);
        let json = serde_json::to_string_pretty(self)?;
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| {
                file.write_all(json.as_bytes())?;
                file.sync_all()
            })
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reads a backup's list.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(MANIFEST);
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "{} is no backup, or one that was not finished: {MANIFEST} cannot be read",
                folder.display()
            )
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} cannot be understood", path.display()))
    }

    /// Compares every file with the list.
    pub fn check(&self, folder: &Path) -> Result<()> {
        for listed in &self.files {
            if !listed.path.components().all(|part| matches!(part, Component::Normal(_))) {
                bail!("{} names a file outside of itself: {}", folder.display(), listed.path.display());
            }
            if digest(folder, &listed.path)? != *listed {
                bail!("{} is not what was saved; use another backup", folder.join(&listed.path).display());
            }
        }
        Ok(())
    }
}
