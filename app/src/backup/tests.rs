//! A backup is private and whole, and a restore refuses whatever is not.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{Manifest, draft_of, make, restore};
use gangway_store::Store;
use jiff::Timestamp;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Place {
    folder: TempDir,
    store: Store,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("data")).unwrap();
        let data = folder.path().join("data");
        fs::write(data.join("grant.key"), b"a secret of thirty-two bytes ...").unwrap();
        fs::write(data.join("engine.lock"), b"1").unwrap();
        fs::create_dir(data.join("reports")).unwrap();
        fs::write(data.join("reports/run_report.1.md"), b"# Run").unwrap();
        Self { folder, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn back_up(&self) -> Manifest {
        make(&self.path("data"), &self.path("backup"), Timestamp::now()).unwrap()
    }

    async fn refusal(&self, target: &str) -> String {
        let error =
            restore(&self.path("backup"), &self.path(target), None, Timestamp::now()).await.unwrap_err();
        assert!(!self.path(target).join("gangway.db").exists(), "nothing appears");
        format!("{error:#}")
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn it_holds_database_keys_and_reports_for_their_owner_alone() {
    let place = Place::new();
    let manifest = place.back_up();
    let listed: Vec<&str> = manifest.files.iter().filter_map(|file| file.path.to_str()).collect();
    assert_eq!(listed, ["gangway.db", "grant.key", "reports/run_report.1.md"]);
    assert_eq!(mode(&place.path("backup")), 0o700);
    for file in listed.into_iter().chain(["backup.json"]) {
        assert_eq!(mode(&place.path("backup").join(file)), 0o600, "{file}");
    }
    restore(&place.path("backup"), &place.path("restored"), None, Timestamp::now()).await.unwrap();
    assert_eq!(fs::read(place.path("restored/reports/run_report.1.md")).unwrap(), b"# Run");
    assert_eq!(mode(&place.path("restored/grant.key")), 0o600);
    place.store.close().await;
}

#[tokio::test]
async fn what_was_there_before_is_kept() {
    let place = Place::new();
    place.back_up();
    let again = make(&place.path("data"), &place.path("backup"), Timestamp::now()).unwrap_err();
    assert!(again.to_string().contains("is there already"), "{again}");
}

#[tokio::test]
async fn a_folder_in_use_is_not_restored_over() {
    let place = Place::new();
    place.back_up();
    let error =
        restore(&place.path("backup"), &place.path("data"), None, Timestamp::now()).await.unwrap_err();
    assert!(error.to_string().contains("is not empty"), "{error}");
    fs::create_dir(place.path("empty")).unwrap();
    restore(&place.path("backup"), &place.path("empty"), None, Timestamp::now()).await.unwrap();
}

#[tokio::test]
async fn an_altered_file_is_found() {
    for file in ["gangway.db", "grant.key"] {
        let place = Place::new();
        place.back_up();
        let path = place.path("backup").join(file);
        let mut content = fs::read(&path).unwrap();
        let last = content.len() - 1;
        content[last] ^= 1;
        fs::write(&path, content).unwrap();
        let refusal = place.refusal("restored").await;
        assert!(refusal.contains(file) && refusal.contains("not what was saved"), "{refusal}");
    }
}

#[tokio::test]
async fn a_list_that_points_elsewhere_is_refused() {
    let place = Place::new();
    let mut manifest = place.back_up();
    manifest.files[1].path = "../data/grant.key".into();
    fs::remove_file(place.path("backup/backup.json")).unwrap();
    manifest.write(&place.path("backup")).unwrap();
    assert!(place.refusal("restored").await.contains("outside of itself"));
}

#[tokio::test]
async fn half_a_backup_has_another_name_and_is_not_restored() {
    let place = Place::new();
    place.back_up();
    fs::remove_file(place.path("backup/backup.json")).unwrap();
    assert!(place.refusal("restored").await.contains("not finished"));
    fs::create_dir(draft_of(&place.path("next"))).unwrap();
    let error = make(&place.path("data"), &place.path("next"), Timestamp::now()).unwrap_err();
    assert!(error.to_string().contains("interrupted"), "{error}");
    assert!(!place.path("next").exists());
}
