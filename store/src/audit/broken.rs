//! What can be wrong with an audit, in words for whoever has to look into it. Says nothing about how it is found.

use std::fmt;
use std::path::PathBuf;

/// How the audit's chain stands by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Every entry is as it was written.
    Whole {
        /// How many there are.
        entries: u64,
    },
    /// It was altered.
    Broken(AuditBreak),
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditBreak {
    /// Positions jump: one or more entries were deleted, or moved elsewhere.
    #[error("{} missing: the next one is {found}. Somebody deleted or moved what stood there", Gap(*expected, *found))]
    Missing {
        /// The position that should come.
        expected: u64,
        /// The position that came.
        found: u64,
    },
    /// A position comes that was passed already: an entry was inserted, repeated or moved.
    #[error("entry {found} stands where {expected} belongs: it was inserted, repeated or moved there")]
    OutOfOrder {
        /// The position that should come.
        expected: u64,
        /// The position that came.
        found: u64,
    },
    /// The entry's content or position is not what its hash was made from.
    #[error("entry {seq} was altered: its hash does not match its content and position")]
    Altered {
        /// Its position.
        seq: u64,
    },
    /// The entry is sound in itself but continues another chain: the one before it was replaced.
    #[error("entry {seq} does not continue entry {}: the one before it was replaced", seq.saturating_sub(1))]
    Unlinked {
        /// Its position.
        seq: u64,
    },
    /// A line of an export is no entry.
    #[error("line {line} is no entry as gangway audit export writes them: it was altered or cut")]
    Unreadable {
        /// Its number, the header being 1.
        line: u64,
    },
    /// The chain is not the one a checkpoint was signed for.
    #[error(
        "entry {seq} is not the one that checkpoint {number} was signed for: the audit up to it was written anew after \
         that, or this is another audit"
    )]
    Rewritten {
        /// The position.
        seq: u64,
        /// The checkpoint.
        number: u64,
    },
    /// A checkpoint speaks of entries that are not there.
    #[error(
        "checkpoint {number} was signed for {attested} entries, and the last one here is {found}: the newest {} were cut off",
        attested.saturating_sub(*found)
    )]
    Cut {
        /// The newest checkpoint.
        number: u64,
        /// How many entries it speaks of.
        attested: u64,
        /// The last position here.
        found: u64,
    },
    /// An export without its last line.
    #[error("the export has no closing checkpoint after entry {found}: its end was cut off")]
    NotClosed {
        /// The last position here.
        found: u64,
    },
    /// An export's closing checkpoint, which a later restore made void.
    #[error(
        "the export is closed by checkpoint {number}, which a restore made void: its entries after {after} were given up, and \
         others stand in the audit now; export it anew"
    )]
    Void {
        /// The closing checkpoint.
        number: u64,
        /// The last position that the restored backup had.
        after: u64,
    },
    /// A checkpoint that none of the given keys signed.
    #[error(
        "checkpoint {number} is not signed by a key that was given: it was altered or forged, or the key was changed and \
         the one of then is needed too"
    )]
    Unsigned {
        /// The checkpoint.
        number: u64,
    },
    /// Checkpoints do not follow each other.
    #[error("checkpoint {found} does not follow checkpoint {after}: one between was removed, or replaced")]
    CheckpointUnlinked {
        /// The one before; 0 for the beginning.
        after: u64,
        /// The one that came.
        found: u64,
    },
    /// Where checkpoints are expected there is none.
    #[error(
        "there are no checkpoints where they are kept, and some were signed: they were deleted, or {} is not the place",
        place.display()
    )]
    NoCheckpoints {
        /// Where.
        place: PathBuf,
    },
    /// A line among checkpoints is none.
    #[error("line {line} of the checkpoints cannot be read: it was altered or cut")]
    CheckpointUnreadable {
        /// Its number, from 1.
        line: u64,
    },
    /// The newest checkpoint that the audit's own store knows of is not among those that were kept.
    #[error(
        "checkpoint {number} was signed and is not among those that are kept: their newest were cut off, altered or replaced"
    )]
    CheckpointLost {
        /// The checkpoint.
        number: u64,
    },
    /// Two checkpoints of one number: two audits were written with one key.
    #[error(
        "checkpoint {number} exists twice and says different things: the data folder was copied, and both were used"
    )]
    Forked {
        /// The number.
        number: u64,
    },
}

struct Gap(u64, u64);

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(first, next) = *self;
        let last = next.saturating_sub(1);
        if first == last { write!(f, "entry {first} is") } else { write!(f, "entries {first} to {last} are") }
    }
}
