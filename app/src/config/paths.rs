//! Paths in the configuration. In a file they are relative to that file, so that they mean the same wherever a host launches
//! us; in a variable they are relative to the working folder, as a shell's user expects.

use figment::value::magic::RelativePathBuf;
use serde::{Deserialize, Deserializer};
use std::path::PathBuf;

/// For a setting that may be absent.
///
/// # Errors
/// What stands there is no path.
pub fn beside_the_file<'de, D: Deserializer<'de>>(given: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(Option::<RelativePathBuf>::deserialize(given)?.map(|path| path.relative()))
}
