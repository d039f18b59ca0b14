//! The reports folder: each report is written whole or not at all.

use anyhow::{Context as _, Result};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use gangway_coordinator::ReportSink;
use std::io;
use std::path::PathBuf;

/// A folder of reports, readable by its owner only: reports name people.
pub struct ReportFolder(PathBuf);

impl ReportFolder {
    /// Opens the folder, making it if need be.
    pub fn open(folder: PathBuf) -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("cannot make the reports folder {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl ReportSink for ReportFolder {
    fn write<'a>(&'a self, file: &'a str, content: String) -> BoxFuture<'a, io::Result<()>> {
        let path = self.0.join(file);
        let draft = self.0.join(format!(".{file}.draft"));
        async move {
            let written = tokio::task::spawn_blocking(move || {
                std::fs::write(&draft, content)?;
                std::fs::rename(&draft, &path)
            });
            written.await.map_err(io::Error::other)?
        }
        .boxed()
    }
}
