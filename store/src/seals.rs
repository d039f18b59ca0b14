//! How far the audit's checkpoints came: the newest that was signed, and the newest that the receiver of posted ones has.
//!
//! A number never goes back. The checkpoints themselves are kept away from this database.

use crate::writer::Shape;
use crate::{Store, StoreError};
use rusqlite::{OptionalExtension as _, params};

/// What became of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealStage {
    /// It was signed and is in the second place.
    Signed,
    /// Its receiver has acknowledged it.
    Posted,
}

/// A checkpoint, by what the next one names it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Its number.
    pub number: u64,
    /// Its digest, signature included.
    pub digest: String,
}

/// The seals of a store.
#[derive(Debug, Clone, Copy)]
pub struct Seals<'a>(pub(crate) &'a Store);

impl SealStage {
    fn text(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Posted => "posted",
        }
    }
}

impl Seals<'_> {
    /// The newest that came this far; none before the first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn newest(self, stage: SealStage) -> Result<Option<Seal>, StoreError> {
        self.0
            .read(move |connection| {
                let found: Option<(i64, String)> = connection
                    .prepare_cached("SELECT number, digest FROM seals WHERE stage = ?1")?
                    .query_row([stage.text()], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                // A number that is none was not written by us: no checkpoint has it, and that is found.
                Ok(found.map(|(number, digest)| Seal { number: number.unsigned_abs(), digest }))
            })
            .await
    }

    /// This one came this far; if a later one did already, that stays.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn advance(self, stage: SealStage, seal: Seal) -> Result<(), StoreError> {
        self.0
            .write(Shape::OneStatement, move |connection| {
                let number = i64::try_from(seal.number).unwrap_or(i64::MAX);
                connection
                    .prepare_cached(
                        "INSERT INTO seals (stage, number, digest) VALUES (?1, ?2, ?3) ON CONFLICT (stage) \
                         DO UPDATE SET number = excluded.number, digest = excluded.digest \
                         WHERE number < excluded.number",
                    )?
                    .execute(params![stage.text(), number, seal.digest])?;
                Ok(())
            })
            .await
    }
}
