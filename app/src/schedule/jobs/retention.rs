//! Forgetting what is old: store rows of each kind by age, and report files where that is switched on.
//!
//! Between two batches everybody else writes; a firing cut short goes on with the next one.

use super::Crew;
use crate::installation::reports_dir;
use crate::schedule::settings::days;
use anyhow::{Context as _, Result};
use gangway_store::Forgettable;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Batches that give free pages back in one firing; with 256 pages of 4 kB each that is 1 GB.
const SHRINKS: usize = 1_000;

pub(super) async fn work(crew: Crew, now: Timestamp) -> Result<Value> {
    let settings = &crew.installation.config().retention;
    let retention = crew.installation.store().retention();
    while retention.date_some(now).await? > 0 {}
    let mut report = Map::new();
    for kind in Forgettable::ALL {
        let before = now.checked_sub(settings.age(kind))?;
        let mut forgotten = 0_usize;
        loop {
            match retention.forget_some(kind, before).await? {
                0 => break,
                some => forgotten += some,
            }
        }
        report.insert(kind.name().to_owned(), Value::from(forgotten));
    }
    for _ in 0..SHRINKS {
        if !retention.shrink_some().await? {
            break;
        }
    }
    if let Some(age) = settings.reports_days {
        let folder = reports_dir(crew.installation.data_dir());
        let before = SystemTime::from(now.checked_sub(days(age))?);
        let removed = tokio::task::spawn_blocking(move || remove_files(&folder, before)).await??;
        report.insert("reports".to_owned(), Value::from(removed));
    }
    Ok(Value::Object(report))
}

/// Removes the files of a folder that were last written before then.
fn remove_files(folder: &Path, before: SystemTime) -> Result<usize> {
    let cannot = || format!("cannot clear the reports folder {}", folder.display());
    let mut removed = 0;
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let found = entry.metadata().with_context(cannot)?;
        if found.is_file() && found.modified().with_context(cannot)? < before {
            fs::remove_file(entry.path()).with_context(cannot)?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::remove_files;
    use std::fs;
    use std::time::{Duration, SystemTime};

    #[test]
    fn only_old_files_go() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        for (name, age_days) in [("old.md", 40), ("young.md", 20)] {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(now - Duration::from_secs(age_days * 86_400)).unwrap();
        }
        fs::create_dir(folder.path().join("kept")).unwrap();
        assert_eq!(remove_files(folder.path(), now - Duration::from_secs(30 * 86_400)).unwrap(), 1);
        assert!(!folder.path().join("old.md").exists() && folder.path().join("young.md").exists());
    }
}
