//! Verifying: the audit of a store, or an export, against checkpoints and public keys; and the words for what was found.
//!
//! An export is looked at with nothing but what is handed in: no store, no data folder, no network.

use super::sink::{checkpoints_file, kept_in};
use crate::config::AuditSettings;
use crate::keys;
use anyhow::{Context as _, Result};
use ed25519_dalek::VerifyingKey;
use gangway_protocol::checkpoint::key_id;
use gangway_store::{AuditBreak, Inspected, Inspection, SealStage, Store, Witness, inspect_export};
use serde_json::{Value, json};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// What an audit is held against.
#[derive(Debug)]
pub struct Trust {
    /// Keys whose checkpoints are believed; empty while nothing was ever sealed.
    pub keys: Vec<VerifyingKey>,
    /// Which checkpoints.
    pub checkpoints: Checkpoints,
}

/// Checkpoints that an audit is held against.
#[derive(Debug, Clone)]
pub enum Checkpoints {
    /// None were handed over; or nothing was sealed yet.
    Unknown,
    /// A file that somebody kept. It must hold some, and may be older than the audit.
    Copy(PathBuf),
    /// The data folder's own, which hold the newest that its store knows of.
    Own(PathBuf),
}

/// What was found, and how to say it.
#[derive(Debug)]
pub struct Report {
    inspected: Inspected,
    keys: Vec<String>,
    remarks: Vec<String>,
}

/// Verifies the audit of a store.
pub async fn verify_store(store: &Store, trust: &Trust) -> Result<Report> {
    // In this order: a checkpoint that is signed meanwhile is kept before it is remembered.
    let signed = store.seals().newest(SealStage::Signed).await?;
    let mut witness = trust.witness()?;
    match (signed, &trust.checkpoints) {
        (Some(signed), Checkpoints::Own(_) | Checkpoints::Unknown)
            if !witness.has(signed.number, &signed.digest) =>
        {
            witness.find(AuditBreak::CheckpointLost { number: signed.number });
        }
        (Some(_) | None, _) => {}
    }
    let inspected = store.audit().inspect(Inspection::of_whole(witness)).await?;
    Ok(Report { inspected, keys: trust.key_ids(), remarks: Vec::new() })
}

/// Verifies an export.
pub fn verify_export(export: &Path, trust: &Trust) -> Result<Report> {
    let witness = trust.witness()?;
    let remarks = match &trust.checkpoints {
        Checkpoints::Copy(_) | Checkpoints::Own(_) => Vec::new(),
        Checkpoints::Unknown => vec![
            "without --checkpoints an export proves what it holds, not that nothing was signed after it"
                .to_owned(),
        ],
    };
    let cannot = || format!("cannot read the export {}", export.display());
    let file = BufReader::with_capacity(1 << 20, File::open(export).with_context(cannot)?);
    let inspected = inspect_export(file, witness, &trust.keys).with_context(cannot)?;
    Ok(Report { inspected, keys: trust.key_ids(), remarks })
}

impl Trust {
    /// What a data folder's audit is held against: its own key and its own checkpoints.
    pub fn of_folder(data_dir: &Path, settings: &AuditSettings) -> Result<Self> {
        let keys: Vec<_> =
            keys::audit_key_if_any(data_dir)?.map(|key| key.verifying_key()).into_iter().collect();
        let own = checkpoints_file(data_dir, settings)?;
        // Where nothing was sealed yet there need be nothing.
        let is_expected =
            keys::was_sealed(data_dir) || std::fs::metadata(&own).is_ok_and(|file| file.len() > 0);
        let checkpoints = if is_expected { Checkpoints::Own(own) } else { Checkpoints::Unknown };
        Ok(Self { keys, checkpoints })
    }

    fn witness(&self) -> Result<Witness> {
        let file = match &self.checkpoints {
            Checkpoints::Unknown => return Ok(Witness::default()),
            Checkpoints::Copy(file) | Checkpoints::Own(file) => file,
        };
        let kept = kept_in(file)?;
        let mut witness = Witness::of(&kept.checkpoints, &self.keys);
        for line in kept.unreadable {
            witness.find(AuditBreak::CheckpointUnreadable { line });
        }
        if kept.checkpoints.is_empty() {
            witness.find(AuditBreak::NoCheckpoints { place: file.clone() });
        }
        Ok(witness)
    }

    fn key_ids(&self) -> Vec<String> {
        self.keys.iter().map(key_id).collect()
    }
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.inspected.is_whole()
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let found = &self.inspected;
        json!({
            "whole": self.is_whole(),
            "entries": found.entries,
            "last": found.last,
            "findings": found.breaks.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "further_findings": found.others,
            "sealed": found.sealed,
            "unsealed_entries": found.unsealed,
            "restores": found.restores.iter().map(|restore| json!({
                "at": restore.at,
                "backup_at": restore.backup_at,
                "after": restore.after,
                "given_up": restore.gave_up(),
            })).collect::<Vec<_>>(),
            "keys": self.keys,
            "remarks": self.remarks,
        })
    }

    /// For people: what is wrong first, then what holds and how far.
    pub fn lines(&self) -> Vec<String> {
        let found = &self.inspected;
        let mut lines: Vec<String> = found.breaks.iter().map(|broken| format!("WRONG: {broken}")).collect();
        if found.others > 0 {
            lines.push(format!("WRONG: {} more", found.others));
        }
        if self.is_whole() {
            lines.push(format!("{} entries, unbroken, up to entry {}", found.entries, found.last));
        }
        lines.push(match &found.sealed {
            Some(sealed) => format!(
                "sealed by checkpoint {} of {:.0} up to entry {}; {} entries after it could be cut off or rewritten unnoticed",
                sealed.number, sealed.at, sealed.seq, found.unsealed
            ),
            None => "no checkpoint speaks for it: its end could be cut off, and all of it rewritten, unnoticed".to_owned(),
        });
        for restore in &found.restores {
            lines.push(format!(
                "restored before {:.0} from the backup of {:.0}, which ended at entry {}: {} entries that had been sealed after \
                 that were given up",
                restore.at,
                restore.backup_at,
                restore.after,
                restore.gave_up()
            ));
        }
        lines.extend(self.remarks.iter().cloned());
        lines
    }
}
