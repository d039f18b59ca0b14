//! Keys of the data folder, each made once and readable by its owner only: the coordinator's grant key, the pass key
//! by which its callers prove themselves to servers in other processes, the key that signs the audit's checkpoints, and the
//! secret that a demo's webhooks are signed with.
//!
//! Every process of the folder derives the grant's public key from the same file; a provision server elsewhere gets only that.

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use secrecy::SecretString;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

const GRANT_KEY: &str = "grant.key";
const PASS_KEY: &str = "pass.key";
const AUDIT_KEY: &str = "audit.key";
/// The audit's key until a checkpoint that it signed is kept.
const UNUSED_AUDIT_KEY: &str = "audit.key.unused";
const WEBHOOK_SECRET: &str = "webhook.secret";

/// The folder's grant key, made if there is none yet.
pub fn grant_key(data_dir: &Path) -> Result<SigningKey> {
    signing_key(&data_dir.join(GRANT_KEY))
}

/// The folder's pass key, made if there is none yet.
pub fn pass_key(data_dir: &Path) -> Result<SigningKey> {
    signing_key(&data_dir.join(PASS_KEY))
}

/// The key that signs checkpoints of the folder's audit, made if there is none yet. A key of its own: whoever has it can
/// rewrite history, and nothing else.
pub fn audit_key(data_dir: &Path) -> Result<SigningKey> {
    if !was_sealed(data_dir) {
        let unused = signing_key(&data_dir.join(UNUSED_AUDIT_KEY))?;
        // Another process may have used one meanwhile, and then that is the key.
        if !was_sealed(data_dir) {
            return Ok(unused);
        }
    }
    signing_key(&data_dir.join(AUDIT_KEY))
}

/// The same key if there is one: looking at an audit must not make one.
pub fn audit_key_if_any(data_dir: &Path) -> Result<Option<SigningKey>> {
    let is_there = was_sealed(data_dir) || data_dir.join(UNUSED_AUDIT_KEY).is_file();
    is_there.then(|| audit_key(data_dir)).transpose()
}

/// Whether the folder's key has signed a checkpoint that was kept. It is so for ever: checkpoints that are not there any
/// more were taken away.
pub fn was_sealed(data_dir: &Path) -> bool {
    data_dir.join(AUDIT_KEY).exists()
}

/// From now on the folder says that its audit was sealed. Called when the first checkpoint is on disk and not before, so
/// that a process that dies between leaves no key without a checkpoint.
pub fn audit_key_was_used(data_dir: &Path) -> Result<()> {
    if was_sealed(data_dir) {
        return Ok(());
    }
    let (unused, used) = (data_dir.join(UNUSED_AUDIT_KEY), data_dir.join(AUDIT_KEY));
    fs::rename(&unused, &used).with_context(|| format!("cannot give the key {} its name", unused.display()))
}

fn signing_key(path: &Path) -> Result<SigningKey> {
    let kept = kept(path, || rand::random::<[u8; 32]>().to_vec())?;
    match <[u8; 32]>::try_from(kept) {
        Ok(secret) => Ok(SigningKey::from_bytes(&secret)),
        Err(_) => bail!(damaged(path)),
    }
}

/// Where the demo's webhook secret is.
pub fn webhook_secret_file(data_dir: &Path) -> PathBuf {
    data_dir.join(WEBHOOK_SECRET)
}

/// The secret that a demo's webhooks are signed with, as Standard Webhooks write it; made if there is none yet.
pub fn webhook_secret(data_dir: &Path) -> Result<SecretString> {
    let path = webhook_secret_file(data_dir);
    let fresh = || format!("whsec_{}", STANDARD.encode(rand::random::<[u8; 32]>())).into_bytes();
    match String::from_utf8(kept(&path, fresh)?) {
        Ok(text) => Ok(SecretString::from(text)),
        Err(_) => bail!(damaged(&path)),
    }
}

fn damaged(path: &Path) -> String {
    format!("the key {} is damaged: restore it, or delete it to have a new one made", path.display())
}

/// What the file holds; where there is no file yet, what `fresh` gives, kept from now on.
fn kept(path: &Path, fresh: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>> {
    match read(path) {
        Err(error) if is_absent(&error) => {}
        found => return found,
    }
    let draft = path.with_added_extension(uuid::Uuid::new_v4().simple().to_string());
    // A hard link fails when another process was first, and then its key counts.
    let kept = write_new(&draft, &fresh()).and_then(|()| fs::hard_link(&draft, path));
    // Half a draft must not stay behind; one that was never made cannot be removed.
    let _ = fs::remove_file(&draft);
    match kept {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot make the key {}", path.display()));
        }
    }
    read(path)
}

fn write_new(draft: &Path, secret: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(secret)?;
    file.sync_all()
}

fn is_absent(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let mut secret = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(64).read_to_end(&mut secret))
        .with_context(|| format!("cannot read the key {}", path.display()))?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::grant_key;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn every_process_of_a_folder_has_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| grant_key(folder.path()))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let distinct: std::collections::BTreeSet<[u8; 32]> =
            keys.into_iter().filter_map(Result::ok).map(|key| key.to_bytes()).collect();
        assert_eq!(distinct.len(), 1);
        let mode = std::fs::metadata(folder.path().join("grant.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("grant.key")).unwrap();
        let error = grant_key(folder.path()).unwrap_err().to_string();
        assert!(error.contains("grant.key"), "{error}");
    }

    #[test]
    fn a_key_that_cannot_be_kept_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("grant.key")).unwrap();
        grant_key(folder.path()).unwrap_err();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_key_is_named_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("grant.key"), b"short").unwrap();
        let error = grant_key(folder.path()).unwrap_err().to_string();
        assert!(error.contains("grant.key") && error.contains("damaged"), "{error}");
    }
}
