//! The coordinator's grant key: made once per data folder, readable by its owner only.
//!
//! Every process of the folder derives the public key from the same file; a provision server elsewhere gets only that.

use anyhow::{Context as _, Result, bail};
use ed25519_dalek::SigningKey;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
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
    let secret: [u8; 32] = rand::random();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .with_context(|| format!("cannot make the grant key {}", draft.display()))?;
    file.write_all(&secret)?;
    file.sync_all()?;
    // A hard link fails when another process was first, and then its key counts.
    let linked = fs::hard_link(&draft, &path);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot keep the grant key {}", path.display()));
        }
    }
    read(&path)
}

fn is_absent(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

fn read(path: &Path) -> Result<SigningKey> {
    let mut secret = Vec::new();
    fs::File::open(path)?.take(64).read_to_end(&mut secret)?;
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
    fn a_damaged_key_is_named_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("grant.key"), b"short").unwrap();
        let error = grant_key(folder.path()).unwrap_err().to_string();
        assert!(error.contains("grant.key") && error.contains("damaged"), "{error}");
    }
}
