//! One engine per data folder.

use crate::toy::{SOUND, Stage, Toy};
use gangway_durable::{Engine, EngineError};
use gangway_protocol::crash_point::CrashPoints;
use gangway_store::Store;
use std::sync::Arc;

#[tokio::test]
async fn a_second_engine_is_refused_by_name_until_the_first_is_gone() {
    let stage = Stage::new();
    let (_store, first) = stage.sound();
    // Server processes may share the folder; only engines may not.
    let store = Store::open(stage.folder.path()).unwrap();
    let open = || {
        let options = stage.options(CrashPoints::default());
        Engine::<Toy<SOUND>>::open(store.clone(), Arc::clone(&stage.world), options)
    };
    let error = open().unwrap_err();
    assert!(
        matches!(error, EngineError::Taken { pid: Some(pid), .. } if pid == std::process::id()),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains(stage.folder.path().to_str().unwrap()) && text.contains("GANGWAY_DATA_DIR"),
        "{text}"
    );
    let (clone, weak) = (first.clone(), first.downgrade());
    drop(first);
    assert!(open().is_err(), "a clone still holds it");
    assert!(weak.upgrade().is_some());
    drop(clone);
    assert!(weak.upgrade().is_none(), "a weak one does not");
    open().unwrap();
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let stage = Stage::new();
    let store = Store::in_memory().unwrap();
    let mut options = stage.options(CrashPoints::default());
    options.data_dir = stage.folder.path().join("missing");
    let error = Engine::<Toy<SOUND>>::open(store, Arc::clone(&stage.world), options).unwrap_err();
    assert!(matches!(error, EngineError::Lock { .. }), "{error:?}");
    assert!(error.to_string().contains("missing/engine.lock"), "{error}");
}
