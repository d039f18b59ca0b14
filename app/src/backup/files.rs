//! Copying files for their owner alone, with a digest of what was copied.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

const CHUNK_BYTES: usize = 256 * 1024;

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Its path inside the folder.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// Makes a folder that must not be there yet.
pub fn new_private_folder(folder: &Path) -> Result<()> {
    DirBuilder::new()
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}

/// Names of the plain files in a folder; links and what has no readable name are left out.
pub fn names(folder: &Path) -> Result<Vec<String>> {
    let cannot = || format!("cannot list {}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        if entry.file_type().with_context(cannot)?.is_file() {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort();
    Ok(names)
}

/// Copies `path` from one folder into another and has it on disk.
pub fn copy_private(from: &Path, to: &Path, path: &Path) -> Result<Copied> {
    let cannot = || format!("cannot copy {} to {}", from.join(path).display(), to.display());
    let mut source = File::open(from.join(path)).with_context(cannot)?;
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to.join(path))
        .with_context(cannot)?;
    let (bytes, sha256) = pass(&mut source, &mut target).with_context(cannot)?;
    target.sync_all().with_context(cannot)?;
    Ok(Copied { path: path.to_owned(), bytes, sha256 })
}

/// What a file of a folder holds.
pub fn digest(folder: &Path, path: &Path) -> Result<Copied> {
    let cannot = || format!("cannot read {}", folder.join(path).display());
    let mut source = File::open(folder.join(path)).with_context(cannot)?;
    let (bytes, sha256) = pass(&mut source, &mut io::sink()).with_context(cannot)?;
    Ok(Copied { path: path.to_owned(), bytes, sha256 })
}

/// A new name is on disk when its folder is.
pub fn sync_folder(folder: Option<&Path>) -> Result<()> {
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot write {} to disk", folder.display()))
}

fn pass(source: &mut File, target: &mut impl io::Write) -> io::Result<(u64, String)> {
    let (mut hash, mut length) = (Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = source.read(&mut chunk)?;
        let Some(part) = chunk.get(..read).filter(|part| !part.is_empty()) else { break };
        hash.update(part);
        target.write_all(part)?;
        length += part.len() as u64;
    }
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        hex.push_str(&format!("{byte:02x}"));
    }
    Ok((length, hex))
}
