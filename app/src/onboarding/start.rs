//! Starting a run: the same for the command line, the demo, the batch and the MCP tool.

use crate::installation::OnboardingEngine;
use anyhow::Result;
use gangway_coordinator::{new_run, versions};
use gangway_protocol::RunRecord;
use gangway_protocol::run::{RunRequest, Versions};
use jiff::Timestamp;
use std::sync::LazyLock;
use uuid::Uuid;

/// Digesting every contract takes milliseconds and never changes while the process lives.
static VERSIONS: LazyLock<Versions> = LazyLock::new(versions);

/// Accepts the request and drives the run as far as it goes by itself. The flag says whether it is a new run.
pub async fn start(engine: &OnboardingEngine, request: RunRequest) -> Result<(RunRecord, bool)> {
    let record = new_run(request, Timestamp::now(), Uuid::now_v7(), &VERSIONS);
    let submitted = engine.submit(record).await?;
    if !submitted.record.state.is_live() {
        return Ok((submitted.record, submitted.started));
    }
    let record = engine.drive(&submitted.record.run_id).await?;
    Ok((record, submitted.started))
}
