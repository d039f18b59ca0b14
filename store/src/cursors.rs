//! How far each poller has read. A cursor only moves forward.

use crate::codec::to_time;
use crate::writer::Shape;
use crate::{Store, StoreError};
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

/// The cursors of a store.
#[derive(Debug, Clone, Copy)]
pub struct Cursors<'a>(pub(crate) &'a Store);

impl Cursors<'_> {
    /// Where the cursor stands; none before it was first moved.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        let name = name.to_owned();
        self.0
            .read(move |connection| {
                let found: Option<i64> = connection
                    .prepare_cached("SELECT at_us FROM cursors WHERE name = ?1")?
                    .query_row([name], |row| row.get(0))
                    .optional()?;
                found.map(|micros| to_time("cursors", micros)).transpose()
            })
            .await
    }

    /// Moves it forward to `at`; one that is further already stays.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn advance(self, name: &str, at: Timestamp) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.0
            .write(Shape::OneStatement, move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO cursors (name, at_us) VALUES (?1, ?2) ON CONFLICT (name) \
                         DO UPDATE SET at_us = max(at_us, excluded.at_us)",
                    )?
                    .execute(params![name, at.as_microsecond()])?;
                Ok(())
            })
            .await
    }
}
