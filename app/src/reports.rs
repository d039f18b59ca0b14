//! The reports folder: each report is written whole or not at all.

use anyhow::{Context as _, Result};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_coordinator::ReportSink;
use std::io;
use std::path::{Path, PathBuf};
use tokio::sync::Mutex;

/// A folder of reports, readable by its owner only: reports name people.
///
/// One run's reports are written at a time: files made at once in one folder wait for the folder's lock by spinning, which
/// under load took a third of the processor's time, and each waiting thread keeps memory of its own.
pub struct ReportFolder {
    folder: PathBuf,
    turn: Mutex<()>,
}

impl ReportFolder {
    /// Opens the folder, making it if need be.
    pub fn open(folder: PathBuf) -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("cannot make the reports folder {}", folder.display()))?;
        Ok(Self { folder, turn: Mutex::new(()) })
    }
}

impl ReportSink for ReportFolder {
    fn write(&self, reports: Vec<(String, String)>) -> BoxFuture<'_, Vec<io::Result<()>>> {
        let files: Vec<(PathBuf, String)> =
            reports.into_iter().map(|(file, content)| (self.folder.join(file), content)).collect();
        let expected = files.len();
        async move {
            let _turn = self.turn.lock().await;
            let written = tokio::task::spawn_blocking(move || {
                files.into_iter().map(|(path, content)| replace(&path, &content)).collect()
            });
            match written.await {
                Ok(results) => results,
                Err(error) => (0..expected).map(|_| Err(io::Error::other(error.to_string()))).collect(),
            }
        }
        .boxed()
    }
}

/// A full disk leaves the older version as it was.
fn replace(path: &Path, content: &str) -> io::Result<()> {
    let draft = path.with_extension("draft");
    std::fs::write(&draft, content)?;
    std::fs::rename(&draft, path)
}
