//! The commands, one file each. A command wires, calls and prints; what it calls lives in the rooms.

pub mod approvals;
pub mod audit;
pub mod backup;
pub mod bench;
pub mod config;
pub mod decide;
pub mod demo;
pub mod doctor;
pub mod eval;
pub mod keys;
pub mod llm;
pub mod mcp;
pub mod monitor;
pub mod outbox;
pub mod policy;
pub mod prompts;
pub mod replay;
pub mod rules;
pub mod run;
pub mod run_all;
pub mod runs;
pub mod schedule;
pub mod serve;
pub mod simulate;
pub mod tasks;
pub mod tenants;

use crate::config::Sources;
use crate::people::{self, Action};
use anyhow::{Context as _, Result};
use gangway_protocol::Person;
use gangway_store::Store;

/// The store of a data folder that is already in use, and who acts there, if that person may: no command that works on what
/// is there gets the store in another way.
async fn acting(sources: &Sources, action: Action) -> Result<(Store, Person)> {
    let store = existing_store(sources)?;
    let person = people::acting(sources.api_key(), &store, action).await?;
    Ok((store, person))
}

/// The same, of a folder that may be new.
async fn acting_in_new(sources: &Sources, action: Action) -> Result<(Store, Person)> {
    let store = Store::open(sources.data_dir())?;
    let person = people::acting(sources.api_key(), &store, action).await?;
    Ok((store, person))
}

/// The store of a data folder that is already in use. Looking something up must not make an empty one.
fn existing_store(sources: &Sources) -> Result<Store> {
    store_in_use(sources)?.with_context(|| {
        format!(
            "there are no runs in {} yet; start one with gangway run ACCOUNT, or name another folder with --data-dir or GANGWAY_DATA_DIR",
            sources.data_dir().display()
        )
    })
}

/// The same; none where the folder was never used.
fn store_in_use(sources: &Sources) -> Result<Option<Store>> {
    let folder = sources.data_dir();
    let used = folder.join("gangway.db").is_file();
    Ok(used.then(|| Store::open(folder)).transpose()?)
}
