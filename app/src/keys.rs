//! The coordinator's grant key: made once per data folder, readable by its owner only.
//!
//! Every process of the folder derives the public key from the same file; a provision server elsewhere gets only that.

use anyhow::{Context as _, Result, bail};
use ed25519_dalek::SigningKey;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

const FILE: &str = "grant.key";

/// The folder's grant key, made if there is none yet.
pub fn grant_key(data_dir: &Path) -> Result<SigningKey> {
    let path = data_dir.join(FILE);
    match read(&path) {
        Ok(key) => return Ok(key),
        Err(error) if is_absent(&error) => {}
        Err(error) => return Err(error),
    }
    let draft = data_dir.join(format!("{FILE}.{}", uuid::Uuid::new_v4().simple()));
    // A hard link fails when another process was first, and then its key counts.
    let kept = write_new(&draft).and_then(|()| fs::hard_link(&draft, &path));
    // Half a draft must not stay behind; one that was never made cannot be removed.
    let _ = fs::remove_file(&draft);
    match kept {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot make the grant key {}", path.display()));
        }
    }
    read(&path)
}

fn write_new(draft: &Path) -> io::Result<()> {
    let secret: [u8; 32] = rand::random();
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(&secret)?;
    file.sync_all()
}

fn is_absent(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

fn read(path: &Path) -> Result<SigningKey> {
    let mut secret = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(64).read_to_end(&mut secret))
        .with_context(|| format!("cannot read the grant key {}", path.display()))?;
    match <[u8; 32]>::try_from(secret) {
        Ok(secret) => Ok(SigningKey::from_bytes(&secret)),
        Err(_) => bail!(
            "the grant key {} is damaged: restore it, or delete it to have a new one made",
            path.display()
        ),
    }
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
