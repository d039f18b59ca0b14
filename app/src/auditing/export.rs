//! Writes an export: header, entries, and as its end a checkpoint made for it. A page at a time, so length costs no memory.

use super::seal::Sealer;
use anyhow::{Context as _, Result, bail};
use gangway_protocol::checkpoint::Checkpoint;
use gangway_store::{Beginning, Store};
use jiff::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Entries read at once.
const PAGE: u32 = 2_000;

/// What was written.
#[derive(Debug)]
pub struct Exported {
    /// How many entries.
    pub entries: u64,
    /// The position of the first.
    pub first: u64,
    /// The export's end.
    pub closing: Checkpoint,
}

/// Writes what the audit holds now, or what came since a time, to a new file.
pub async fn export(
    store: &Store,
    sealer: &Sealer,
    since: Option<Timestamp>,
    target: &Path,
) -> Result<Exported> {
    let beginning = match since {
        Some(since) => store.audit().place_before(since).await?,
        None => Beginning::of_all(),
    };
    let Some(closing) = sealer.seal(Timestamp::now()).await? else {
        bail!("the audit is empty: there is nothing to export");
    };
    let cannot =
        || format!("cannot write the export {}; name a file that is not there yet", target.display());
    let file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(target).with_context(cannot)?;
    let mut out = BufWriter::new(file);
    writeln!(out, "{}", beginning.header()?).with_context(cannot)?;
    let last = closing.attested.seq;
    let mut after = beginning.after;
    let first = after.saturating_add(1);
    while after < last {
        let left = u32::try_from(last - after).unwrap_or(PAGE);
        let lines = store.audit().lines(after, PAGE.min(left)).await?;
        if lines.is_empty() {
            bail!("the audit ends before entry {last}, which was sealed a moment ago: somebody cuts it");
        }
        after = after.saturating_add(u64::try_from(lines.len()).unwrap_or(u64::MAX));
        for line in lines {
            writeln!(out, "{line}").with_context(cannot)?;
        }
    }
    writeln!(out, "{}", closing.line()?).with_context(cannot)?;
    let file: File = out.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(cannot)?;
    file.sync_all().with_context(cannot)?;
    Ok(Exported { entries: (last + 1).saturating_sub(first), first, closing })
}
