//! Checkpoints as witnesses of an audit: whether they are signed and follow each other, and which of them still speak for it.
//!
//! A restore makes those void that speak of entries the backup did not have; that is signed, too, and told, not hidden. Pure.

use super::AuditBreak;
use ed25519_dalek::VerifyingKey;
use gangway_protocol::checkpoint::{Attested, Checkpoint, NO_CHECKPOINT};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A restore that checkpoints tell of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldRestore {
    /// When the first checkpoint after it was signed.
    pub at: Timestamp,
    /// When the backup was made.
    pub backup_at: Timestamp,
    /// The last position the backup had.
    pub after: u64,
    /// The highest position that a checkpoint of before speaks of; entries between are in no audit any more.
    pub attested: u64,
}

impl ToldRestore {
    /// How many entries that had been signed for the restore gave up.
    #[must_use]
    pub fn gave_up(&self) -> u64 {
        self.attested.saturating_sub(self.after)
    }
}

/// Checkpoints that were looked at.
#[derive(Debug, Clone, Default)]
pub struct Witness {
    /// Those that count, by position.
    pub(super) attested: BTreeMap<u64, Attested>,
    pub(super) breaks: Vec<AuditBreak>,
    pub(super) restores: Vec<ToldRestore>,
    by_number: BTreeMap<u64, Checkpoint>,
}

impl Witness {
    /// Looks at checkpoints in their order, oldest first.
    #[must_use]
    pub fn of(checkpoints: &[Checkpoint], keys: &[VerifyingKey]) -> Self {
        let mut witness = Self::default();
        let mut before = (0, NO_CHECKPOINT.to_owned());
        for checkpoint in checkpoints {
            let attested = &checkpoint.attested;
            // Whoever is sent checkpoints may be sent one twice: its sender cannot know whether the first arrived.
            if witness.by_number.get(&attested.number) == Some(checkpoint) {
                continue;
            }
            if !checkpoint.is_signed_by_one_of(keys) {
                witness.breaks.push(AuditBreak::Unsigned { number: attested.number });
                continue;
            }
            // A list may begin in the middle: an auditor keeps what is new. Then its first stands for itself.
            let begins = witness.by_number.is_empty() && witness.breaks.is_empty();
            let follows = attested.number == before.0 + 1 && attested.previous == before.1;
            if !begins && !follows {
                let (after, found) = (before.0, attested.number);
                witness.breaks.push(match witness.by_number.contains_key(&attested.number) {
                    true => AuditBreak::Forked { number: found },
                    false => AuditBreak::CheckpointUnlinked { after, found },
                });
            }
            before = (attested.number, checkpoint.digest().unwrap_or_default());
            witness.believe(checkpoint);
        }
        witness
    }

    /// Takes in one more, from an export, which may stand among the others already.
    pub fn add(&mut self, checkpoint: &Checkpoint, keys: &[VerifyingKey]) {
        let number = checkpoint.attested.number;
        match self.by_number.get(&number) {
            Some(known) if known == checkpoint => {}
            _ if !checkpoint.is_signed_by_one_of(keys) => {
                self.breaks.push(AuditBreak::Unsigned { number });
            }
            Some(_) => self.breaks.push(AuditBreak::Forked { number }),
            // One of an older export, which stands for itself: newer ones spoke already, and a restore between may have made it void.
            None if self.by_number.last_key_value().is_some_and(|(newest, _)| *newest > number) => {}
            None => self.believe(checkpoint),
        }
    }

    /// The last position that stayed, if a restore that a later checkpoint tells of gave up what this one speaks of.
    pub(super) fn made_void(&self, checkpoint: &Checkpoint) -> Option<u64> {
        let Attested { number, seq, .. } = checkpoint.attested;
        let later = self.by_number.range(number.saturating_add(1)..);
        let restored = later.filter_map(|(_, later)| later.attested.restored.as_ref());
        restored.map(|restored| restored.after).filter(|after| seq > *after).min()
    }

    /// Takes in what is wrong with the place where checkpoints are kept.
    pub fn find(&mut self, broken: AuditBreak) {
        self.breaks.push(broken);
    }

    /// Whether a checkpoint with this number and digest is among them.
    #[must_use]
    pub fn has(&self, number: u64, digest: &str) -> bool {
        let found = self.by_number.get(&number).and_then(|checkpoint| checkpoint.digest().ok());
        found.is_some_and(|found| found == digest)
    }

    fn believe(&mut self, checkpoint: &Checkpoint) {
        let attested = &checkpoint.attested;
        if let Some(restored) = &attested.restored {
            let void = self.attested.split_off(&restored.after.saturating_add(1));
            self.restores.push(ToldRestore {
                at: attested.at,
                backup_at: restored.backup_at,
                after: restored.after,
                attested: void.last_key_value().map_or(restored.after, |(seq, _)| *seq),
            });
        }
        match self.attested.get(&attested.seq) {
            Some(known) if known.head != attested.head => {
                self.breaks.push(AuditBreak::Forked { number: attested.number });
            }
            Some(_) | None => {
                self.attested.insert(attested.seq, attested.clone());
            }
        }
        self.by_number.insert(attested.number, checkpoint.clone());
    }
}
