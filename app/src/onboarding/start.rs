//! Starting a run, the same for the command line, the demo, the batch and the MCP tool; finishing what was begun before.

use crate::installation::{Installation, OnboardingEngine};
use crate::output;
use anyhow::Result;
use futures::stream::{self, StreamExt as _};
use gangway_coordinator::new_run;
use gangway_durable::EngineError;
use gangway_protocol::run::RunRequest;
use gangway_protocol::{AccountId, RunRecord, TraceParent};
use jiff::Timestamp;
use uuid::Uuid;

/// Earlier runs driven at once.
const EARLIER_AT_ONCE: usize = 16;

/// Accepts the request and drives the run as far as it goes by itself. The flag says whether it is a new run.
/// A run without a trace to join begins one.
pub async fn start(
    engine: &OnboardingEngine,
    request: RunRequest,
    trace: Option<TraceParent>,
) -> Result<(RunRecord, bool)> {
    let record = new_run(request, Timestamp::now(), Uuid::now_v7(), engine.versions()).within(trace);
    let submitted = engine.durable().submit(record).await?;
    if !submitted.record.state.is_live() {
        return Ok((submitted.record, submitted.started));
    }
    let record = engine.durable().drive(&submitted.record.run_id).await?;
    Ok((record, submitted.started))
}

/// Finishes the runs that an earlier process left, and says on standard error how many.
///
/// The runs of the accounts `asked` for now are left to the request that comes next: it joins them. Finished here, they
/// would be followed by a second run with messages of its own.
pub async fn finish_earlier(
    installation: &Installation,
    engine: &OnboardingEngine,
    asked: &[AccountId],
) -> Result<()> {
    let runs = installation.store().runs();
    let mut earlier = Vec::new();
    for run_id in runs.unfinished().await? {
        let found = runs.get(&run_id).await?;
        earlier.extend(found.filter(|record| !asked.iter().any(|account| record.is_of(account))));
    }
    let drives = earlier.into_iter().map(|record| async move {
        let driven = engine.durable().drive(&record.run_id).await;
        (record, driven)
    });
    let driven: Vec<_> = stream::iter(drives).buffered(EARLIER_AT_ONCE).collect().await;
    let mut finished = 0_usize;
    for (before, driven) in driven {
        match driven {
            Ok(after) if after.state == before.state => {}
            Ok(_) => finished += 1,
            Err(error) => {
                let error = anyhow::Error::from(error);
                output::remark(&format!("run {} of before goes on another time: {error:#}", before.run_id))?;
            }
        }
    }
    match finished {
        0 => Ok(()),
        1 => output::remark("1 run of before was resumed"),
        several => output::remark(&format!("{several} runs of before were resumed")),
    }
}

/// The same where no engine is needed otherwise: none is opened when nothing is unfinished, and one that works
/// elsewhere on the folder is left to it.
pub async fn finish_earlier_if_free(installation: &Installation) -> Result<()> {
    if installation.store().runs().unfinished().await?.is_empty() {
        return Ok(());
    }
    match installation.engine().await {
        Ok(engine) => finish_earlier(installation, &engine, &[]).await,
        Err(error) if matches!(error.downcast_ref(), Some(EngineError::Taken { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}
