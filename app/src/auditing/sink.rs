//! `audit-checkpoints.jsonl`: the second place, a line for each checkpoint, only ever appended to.
//!
//! A line that a lost power supply left half-written is passed over: it is the last one, or those around it follow each
//! other. Any other that cannot be read is a finding. Who may write the file is the operator's matter.

use crate::config::AuditSettings;
use anyhow::{Context as _, Result};
use gangway_protocol::checkpoint::Checkpoint;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

const NAME: &str = "audit-checkpoints.jsonl";
/// More than the longest checkpoint.
const TAIL_BYTES: u64 = 8 * 1024;

/// Where checkpoints of a data folder are kept.
pub fn checkpoints_file(data_dir: &Path, settings: &AuditSettings) -> Result<PathBuf> {
    if let Some(folder) = &settings.checkpoint_dir {
        return Ok(folder.join(NAME));
    }
    let data_dir = std::path::absolute(data_dir).context("cannot find the data folder")?;
    let mut name = data_dir.file_name().unwrap_or_default().to_owned();
    name.push(".checkpoints");
    Ok(data_dir.with_file_name(name).join(NAME))
}

/// What a file of checkpoints holds.
#[derive(Debug, Default)]
pub struct Kept {
    /// Every checkpoint, oldest first.
    pub checkpoints: Vec<Checkpoint>,
    /// Lines, from 1, where one stood that cannot be read any more.
    pub unreadable: Vec<u64>,
}

/// What is kept in a file; nothing when there is no file.
pub fn kept_in(file: &Path) -> Result<Kept> {
    match fs::read(file) {
        Ok(bytes) => Ok(Kept::read(&String::from_utf8_lossy(&bytes))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Kept::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read the checkpoints {}", file.display())),
    }
}

impl Kept {
    fn read(text: &str) -> Self {
        let mut kept = Self::default();
        let mut doubtful = Vec::new();
        for (line, text) in (1..).zip(text.split_inclusive('\n')) {
            let Ok(checkpoint) = serde_json::from_str::<Checkpoint>(text) else {
                doubtful.push((line, text.ends_with('\n')));
                continue;
            };
            let before = kept.checkpoints.last().map_or(0, |before| before.attested.number);
            if before == 0 || checkpoint.attested.number != before.saturating_add(1) {
                kept.unreadable.extend(doubtful.iter().map(|(line, _)| *line));
            }
            doubtful.clear();
            kept.checkpoints.push(checkpoint);
        }
        kept.unreadable.extend(doubtful.into_iter().filter(|(_, is_ended)| *is_ended).map(|(line, _)| line));
        kept
    }
}

/// The file; held against every other process that seals, or merely open.
pub struct Sink {
    file: File,
    path: PathBuf,
}

impl Sink {
    /// Opens and holds it, making it if need be. Waits for whoever holds it.
    pub fn hold(path: &Path) -> Result<Self> {
        let sink = Self::open(path)?;
        sink.file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        Ok(sink)
    }

    /// Opens it to be written, making it if need be.
    pub fn open(path: &Path) -> Result<Self> {
        let cannot = || {
            format!(
                "cannot write checkpoints to {}; set audit.checkpoint_dir to a folder that can be written",
                path.display()
            )
        };
        if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(cannot)?;
        }
        let mut options = OpenOptions::new();
        let file =
            options.read(true).append(true).create(true).mode(0o600).open(path).with_context(cannot)?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// The newest checkpoint; none while there is none.
    pub fn newest(&mut self) -> Result<Option<Checkpoint>> {
        let text = self.tail().with_context(|| format!("cannot read {}", self.path.display()))?;
        Ok(text.lines().rev().find_map(|line| serde_json::from_str(line).ok()))
    }

    fn tail(&mut self) -> std::io::Result<String> {
        let length = self.file.metadata()?.len();
        self.file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut tail = Vec::new();
        self.file.read_to_end(&mut tail)?;
        Ok(String::from_utf8_lossy(&tail).into_owned())
    }

    /// Adds one and has it on disk.
    pub fn add(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let is_torn = !self.tail().is_ok_and(|tail| tail.is_empty() || tail.ends_with('\n'));
        let line = format!("{}{}\n", if is_torn { "\n" } else { "" }, checkpoint.line()?);
        self.file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_all())
            .with_context(|| format!("cannot write to {}", self.path.display()))
    }
}
