//! Walks an audit, entry by entry, from a database or from an export: does the chain hold, and is it the one that checkpoints
//! were signed for? Keeps nothing of what it saw but the last hash, so length costs no memory. Pure.

use super::chain::{Hash, NO_HASH, hash, of_text, text};
use super::line::{self, Link};
use super::witness::{ToldRestore, Witness};
use super::{AuditBreak, AuditVerdict};
use ed25519_dalek::VerifyingKey;
use gangway_protocol::checkpoint::{Attested, Checkpoint};
use std::cmp::Ordering;

/// Breaks that are told one by one. One deletion is one break, so more than a few mean that much was altered.
const TOLD: usize = 20;

/// Where an audit, or a part of one, begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// Position before the first; 0 for the whole audit.
    pub after: u64,
    /// Hash of the entry there; all zeros for the whole audit.
    pub head: String,
}

impl Beginning {
    /// That of the whole audit.
    #[must_use]
    pub fn of_all() -> Self {
        Self { after: 0, head: text(&NO_HASH) }
    }
}

/// An audit under inspection.
#[derive(Debug)]
pub struct Inspection {
    witness: Witness,
    seen: u64,
    count: u64,
    head: Hash,
    breaks: Vec<AuditBreak>,
    others: u64,
}

/// What an inspection found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// Entries that were looked at.
    pub entries: u64,
    /// The last position of them; where the audit began, when there are none.
    pub last: u64,
    /// What is wrong, the first twenty; empty when nothing is.
    pub breaks: Vec<AuditBreak>,
    /// How many more things are wrong.
    pub others: u64,
    /// The newest checkpoint that counts, when there is one.
    pub sealed: Option<Attested>,
    /// Entries after it, which could be cut off or written anew without anybody noticing.
    pub unsealed: u64,
    /// Restores that checkpoints tell of, oldest first.
    pub restores: Vec<ToldRestore>,
}

impl Inspection {
    /// Looks at what follows a place. A head that is no hash is continued by nothing but the first entry of all.
    pub(super) fn from(beginning: &Beginning, witness: Witness) -> Self {
        let head = of_text(&beginning.head).unwrap_or(NO_HASH);
        let mut inspection =
            Self { witness, seen: beginning.after, count: 0, head, breaks: Vec::new(), others: 0 };
        inspection.compare_with_witness();
        inspection
    }

    /// Looks at the whole of an audit.
    #[must_use]
    pub fn of_whole(witness: Witness) -> Self {
        Self::from(&Beginning::of_all(), witness)
    }

    /// Looks at a line of an export; `number` counts from 1, the header included.
    pub(super) fn line(&mut self, number: u64, text: &str) {
        match line::read(text) {
            Some(link) => self.link(&link),
            None => self.unreadable(number),
        }
    }

    pub(super) fn unreadable(&mut self, line: u64) {
        self.found(AuditBreak::Unreadable { line });
    }

    pub(super) fn link(&mut self, link: &Link<'_>) {
        let expected = self.seen.saturating_add(1);
        let jumps = link.seq != expected;
        if link.seq > expected {
            self.found(AuditBreak::Missing { expected, found: link.seq });
        } else if jumps {
            self.found(AuditBreak::OutOfOrder { expected, found: link.seq });
        }
        if hash(link.seq, &link.previous, link.record) != link.hash {
            self.found(AuditBreak::Altered { seq: link.seq });
        } else if !jumps && link.previous != self.head {
            self.found(AuditBreak::Unlinked { seq: link.seq });
        }
        // After a break it goes on from what stands there, so that one alteration is told once.
        self.seen = self.seen.max(link.seq);
        self.head = link.hash;
        self.count = self.count.saturating_add(1);
        self.compare_with_witness();
    }

    fn compare_with_witness(&mut self) {
        let Some(attested) = self.witness.attested.get(&self.seen) else { return };
        if attested.head != text(&self.head) {
            let number = attested.number;
            self.found(AuditBreak::Rewritten { seq: self.seen, number });
        }
    }

    fn found(&mut self, broken: AuditBreak) {
        if self.breaks.len() < TOLD {
            self.breaks.push(broken);
        } else {
            self.others = self.others.saturating_add(1);
        }
    }

    /// An export's last line: a checkpoint of its last entry. It must be that whether or not it counts among the others.
    pub(super) fn close(&mut self, closing: &Checkpoint, keys: &[VerifyingKey]) {
        let Attested { number, seq, ref head, .. } = closing.attested;
        let was_compared = self.witness.attested.contains_key(&seq);
        self.witness.add(closing, keys);
        if let Some(after) = self.witness.made_void(closing) {
            self.leave_what_was_given_up(number, after);
        }
        match seq.cmp(&self.seen) {
            Ordering::Less => self.not_closed(),
            Ordering::Equal if !was_compared && *head != text(&self.head) => {
                self.found(AuditBreak::Rewritten { seq, number });
            }
            Ordering::Equal => {}
            // Told at the end.
            Ordering::Greater if self.witness.attested.contains_key(&seq) => {}
            Ordering::Greater => self.found(AuditBreak::Cut { number, attested: seq, found: self.seen }),
        }
    }

    /// That is what is wrong with it. Of the entries that were given up the audit of now says nothing: it has others there.
    fn leave_what_was_given_up(&mut self, number: u64, after: u64) {
        self.breaks.retain(|told| !matches!(told, AuditBreak::Rewritten { seq, .. } if *seq > after));
        self.witness.attested.split_off(&after.saturating_add(1));
        self.found(AuditBreak::Void { number, after });
    }

    /// An export that has no last line.
    pub(super) fn not_closed(&mut self) {
        self.found(AuditBreak::NotClosed { found: self.seen });
    }

    /// What was found.
    #[must_use]
    pub fn end(mut self) -> Inspected {
        let newest = self.witness.attested.pop_last().map(|(_, attested)| attested);
        if let Some(Attested { number, seq, .. }) = newest.as_ref().filter(|newest| newest.seq > self.seen) {
            self.found(AuditBreak::Cut { number: *number, attested: *seq, found: self.seen });
        }
        for broken in std::mem::take(&mut self.witness.breaks) {
            self.found(broken);
        }
        Inspected {
            entries: self.count,
            last: self.seen,
            breaks: self.breaks,
            others: self.others,
            unsealed: self.seen.saturating_sub(newest.as_ref().map_or(0, |newest| newest.seq)),
            sealed: newest,
            restores: self.witness.restores,
        }
    }
}

impl Inspected {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.breaks.is_empty()
    }

    /// The chain by itself, for those who have no checkpoints.
    #[must_use]
    pub fn verdict(self) -> AuditVerdict {
        match self.breaks.into_iter().next() {
            None => AuditVerdict::Whole { entries: self.entries },
            Some(broken) => AuditVerdict::Broken(broken),
        }
    }
}
