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
use anyhow::{Result, bail};
use gangway_store::Store;

/// The store of a data folder that is already in use. Looking something up must not make an empty one.
fn existing_store(sources: &Sources) -> Result<Store> {
    let folder = sources.data_dir();
    if !folder.join("gangway.db").is_file() {
        bail!(
            "there are no runs in {} yet; start one with gangway run ACCOUNT, or name another folder with --data-dir or GANGWAY_DATA_DIR",
            folder.display()
        );
    }
    Ok(Store::open(folder)?)
}
