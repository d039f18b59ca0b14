//! The agents' own MCP server: runs, explanations, assessments, the sweep. Handlers only; the agents do the work.

mod agents;
mod runs;
mod start;

pub use start::start;

use crate::installation::{Installation, OnboardingEngine};
use gangway_governance::{Call, Server};
use gangway_protocol::tools::onboarding::{
    ContractAssess, Explain, FinanceAssess, GetRun, ListBlocked, ListRuns, RequestRun, StartRun, Sweep,
};
use gangway_protocol::{ApiError, ErrorType, System};
use std::sync::Arc;
use tokio::sync::Mutex;

const INSTRUCTIONS: &str = "Enterprise customer onboarding. Ask onboarding.explain why an account is blocked or escalated and who should do \
what; onboarding.list_blocked for all blocked accounts; onboarding.start_run to decide an account anew. Decisions are made by fixed rules: \
nothing said here changes them.";

/// What the handlers share.
struct Desk {
    installation: Arc<Installation>,
    /// Taken while runs are under way, so that other processes may use the folder's engine in between.
    engine: Mutex<Option<(OnboardingEngine, usize)>>,
}

/// The server.
pub fn server(installation: Arc<Installation>) -> Server {
    let desk = Arc::new(Desk { installation, engine: Mutex::new(None) });
    let with = || Arc::clone(&desk);
    let (start, request, get, list) = (with(), with(), with(), with());
    let (blocked, explain, contract, finance, sweep) = (with(), with(), with(), with(), with());
    Server::new(System::Onboarding, "Onboarding agents", INSTRUCTIONS)
        .tool::<StartRun, _, _>(move |args, call| runs::start_run(Arc::clone(&start), args, call))
        .tool::<RequestRun, _, _>(move |args, call| runs::request_run(Arc::clone(&request), args, call))
        .tool::<GetRun, _, _>(move |args, call| runs::get_run(Arc::clone(&get), args, call))
        .tool::<ListRuns, _, _>(move |args, call| runs::list_runs(Arc::clone(&list), args, call))
        .tool::<ListBlocked, _, _>(move |_, call| runs::list_blocked(Arc::clone(&blocked), call))
        .tool::<Explain, _, _>(move |args, call| runs::explain(Arc::clone(&explain), args, call))
        .tool::<ContractAssess, _, _>(move |args, call| agents::contract(Arc::clone(&contract), args, call))
        .tool::<FinanceAssess, _, _>(move |args, call| agents::finance(Arc::clone(&finance), args, call))
        .tool::<Sweep, _, _>(move |args, call| agents::sweep(Arc::clone(&sweep), args, call))
}

impl Desk {
    /// The engine, held until `release_engine`.
    async fn hold_engine(&self, call: &Call) -> Result<OnboardingEngine, ApiError> {
        let mut slot = self.engine.lock().await;
        if let Some((engine, holders)) = slot.as_mut() {
            *holders += 1;
            return Ok(engine.clone());
        }
        let engine = self.installation.engine().await.map_err(|error| unavailable(call, &error))?;
        *slot = Some((engine.clone(), 1));
        Ok(engine)
    }

    async fn release_engine(&self) {
        let mut slot = self.engine.lock().await;
        match slot.as_mut() {
            Some((_, holders)) if *holders > 1 => *holders -= 1,
            Some(_) | None => *slot = None,
        }
    }
}

/// Our own side failed: the store, the engine's lock, a server that cannot be reached.
fn unavailable(call: &Call, error: &anyhow::Error) -> ApiError {
    call.error(ErrorType::ServerError, "UNAVAILABLE", &format!("{error:#}"))
}
