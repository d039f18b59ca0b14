//! Sealing, exporting and verifying on real stores and files; and that nothing goes out that could not be recorded first,
//! counted in the simulator's ledger.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::sink::checkpoints_file;
use super::verify::Report;
use super::{Checkpoints, Sealer, Trust, export, verify_export, verify_store};
use crate::config::{AuditSettings, Sources};
use crate::installation::Installation;
use crate::keys;
use gangway_governance::vendor::http_client;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::checkpoint::Checkpoint;
use gangway_protocol::redact::Personal;
use gangway_protocol::tools::notify::{PostMessage, PostMessageArgs};
use gangway_protocol::{Actor, IdempotencyKey};
use gangway_simulator::{EffectKind, Options, Simulator};
use gangway_store::Store;
use gangway_toolbelt::{Agent, Scope};
use jiff::Timestamp;
use serde_json::Value;
use std::path::PathBuf;
use tempfile::TempDir;

mod second_place;

/// A data folder whose audit is sealed beside it.
struct Place {
    folder: TempDir,
    store: Store,
    settings: AuditSettings,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("data")).unwrap();
        Self { folder, store, settings: AuditSettings::default() }
    }

    /// One that posts its checkpoints.
    fn posting_to(url: &str) -> Self {
        let settings = AuditSettings { checkpoint_url: Some(url.to_owned()), ..AuditSettings::default() };
        Self { settings, ..Self::new() }
    }

    async fn seal(&self) -> anyhow::Result<Option<Checkpoint>> {
        self.sealer().seal(Timestamp::now()).await
    }

    async fn verified(&self) -> Report {
        let trust = Trust::of_folder(&self.data(), &self.settings).unwrap();
        verify_store(&self.store, &trust).await.unwrap()
    }

    /// Three checkpoints of three entries each, and their lines.
    async fn sealed_thrice(&self) -> Vec<String> {
        for _ in 0..3 {
            self.append(3).await;
            self.seal().await.unwrap();
        }
        let text = std::fs::read_to_string(self.checkpoints()).unwrap();
        text.lines().map(|line| format!("{line}\n")).collect()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn sealer(&self) -> Sealer {
        let http = self.settings.checkpoint_url.as_ref().map(|_| http_client().unwrap());
        Sealer::of(&self.store, &self.data(), &self.settings, http)
    }

    fn checkpoints(&self) -> PathBuf {
        checkpoints_file(&self.data(), &self.settings).unwrap()
    }

    fn trust(&self) -> Trust {
        let keys = vec![keys::audit_key(&self.data()).unwrap().verifying_key()];
        Trust { keys, checkpoints: Checkpoints::Own(self.checkpoints()) }
    }

    async fn append(&self, count: u32) {
        for _ in 0..count {
            let record =
                AuditRecord::done("tasks.update", &Actor::person("Ada"), Value::Null, Timestamp::now());
            self.store.audit().append(record).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_seal_is_made_once_for_what_is_new_and_stands_beside_the_data_folder() {
    let place = Place::new();
    assert_eq!(place.sealer().seal(Timestamp::now()).await.unwrap(), None, "an empty audit");
    place.append(3).await;
    let first = place.sealer().seal(Timestamp::now()).await.unwrap().unwrap();
    let again = place.sealer().seal(Timestamp::now()).await.unwrap().unwrap();
    assert_eq!((first.attested.seq, &again), (3, &first));
    place.append(2).await;
    let report = verify_store(&place.store, &place.trust()).await.unwrap().json();
    assert_eq!((&report["whole"], &report["unsealed_entries"]), (&true.into(), &2.into()), "{report}");
    let second = place.sealer().seal(Timestamp::now()).await.unwrap().unwrap();
    assert_eq!((second.attested.number, second.attested.previous), (2, first.digest().unwrap()));
    assert_eq!(place.checkpoints(), place.folder.path().join("data.checkpoints/audit-checkpoints.jsonl"));
    place.store.close().await;
}

#[tokio::test]
async fn a_half_written_checkpoint_is_passed_over() {
    let place = Place::new();
    place.append(1).await;
    place.sealer().seal(Timestamp::now()).await.unwrap();
    let text = std::fs::read_to_string(place.checkpoints()).unwrap();
    std::fs::write(place.checkpoints(), format!("{text}{}", &text[..40])).unwrap();
    place.append(1).await;
    let next = place.sealer().seal(Timestamp::now()).await.unwrap().unwrap();
    assert_eq!(next.attested.number, 2);
    let report = verify_store(&place.store, &place.trust()).await.unwrap();
    assert!(report.is_whole(), "{:?}", report.lines());
    place.store.close().await;
}

#[tokio::test]
async fn an_older_database_in_its_place_is_found_and_not_signed_over() {
    let place = Place::new();
    place.append(2).await;
    let older = place.folder.path().join("older.db");
    gangway_store::copy_database(&place.data(), &older).unwrap();
    place.append(2).await;
    place.sealer().seal(Timestamp::now()).await.unwrap();
    place.store.close().await;

    let elsewhere = place.folder.path().join("other/gangway.db");
    std::fs::create_dir(elsewhere.parent().unwrap()).unwrap();
    std::fs::copy(&older, &elsewhere).unwrap();
    let cut = Store::open(elsewhere.parent().unwrap()).unwrap();
    let report = verify_store(&cut, &place.trust()).await.unwrap();
    assert!(
        !report.is_whole() && report.lines()[0].contains("newest 2 were cut off"),
        "{:?}",
        report.lines()
    );
    let settings =
        AuditSettings { checkpoint_dir: place.checkpoints().parent().map(Into::into), checkpoint_url: None };
    let refused = Sealer::of(&cut, &place.data(), &settings, None).seal(Timestamp::now()).await.unwrap_err();
    assert!(refused.to_string().contains("gangway audit verify"), "{refused}");
    cut.close().await;
}

#[tokio::test]
async fn an_export_is_verified_with_files_alone() {
    let place = Place::new();
    place.append(5).await;
    place.sealer().seal(Timestamp::now()).await.unwrap();
    place.append(5).await;
    let file = place.folder.path().join("audit.jsonl");
    let exported = export(&place.store, &place.sealer(), None, &file).await.unwrap();
    assert_eq!((exported.entries, exported.first), (10, 1));
    place.store.close().await;

    let report = verify_export(&file, &place.trust()).unwrap().json();
    assert_eq!(
        (&report["whole"], &report["entries"], &report["unsealed_entries"]),
        (&true.into(), &10.into(), &0.into())
    );
    let others =
        Trust { keys: vec![keys::grant_key(&place.data()).unwrap().verifying_key()], ..place.trust() };
    let forged = verify_export(&file, &others).unwrap();
    assert!(forged.lines()[0].contains("not signed by a key that was given"), "{:?}", forged.lines());
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_sent() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let vendors = Simulator::start(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let sources = Sources::simulated_at(&vendors.addresses().base_url, &data);
    let installation = Installation::open(sources).await.unwrap();
    let belt = installation.belt(Agent::Coordinator).await.unwrap();
    let scope = Scope::of_no_run(installation.call_deadline());
    let post = |key: &str| PostMessageArgs {
        channel: "#cs-onboarding".to_owned(),
        text: Personal("hello".to_owned()),
        blocks: None,
        idempotency_key: IdempotencyKey::parse(key).unwrap(),
    };
    let sent =
        || vendors.ledger().entries().iter().filter(|effect| effect.kind == EffectKind::SlackMessage).count();
    belt.call::<PostMessage>(&scope, &post("one")).await.unwrap();
    assert_eq!(sent(), 1, "what can be recorded goes out");

    // Nothing can be written to this store any more.
    installation.store().close().await;
    let refused = belt.call::<PostMessage>(&scope, &post("two")).await.unwrap_err();
    assert_eq!(refused.error_code, "AUDIT_UNAVAILABLE");
    assert_eq!(sent(), 1);
}
