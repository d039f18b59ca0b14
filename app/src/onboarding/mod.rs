//! The agents' own MCP server: runs, explanations, assessments, the sweep. Handlers only; the agents do the work.

mod agents;
mod approvals;
mod card;
mod runs;
mod start;
#[cfg(test)]
mod tests;

pub use start::{finish_earlier, finish_earlier_if_free, start};

use crate::installation::{Installation, OnboardingEngine, WeakOnboardingEngine};
use anyhow::Result;
use gangway_durable::EngineError;
use gangway_governance::{Call, Server};
use gangway_protocol::tools::approvals::{DecideApproval, ListApprovals};
use gangway_protocol::tools::onboarding::{
    ContractAssess, Explain, FinanceAssess, GetRun, ListBlocked, ListRuns, RequestRun, StartRun, Sweep,
};
use gangway_protocol::{ApiError, ErrorType, Person, System};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

const INSTRUCTIONS: &str = "Enterprise customer onboarding. Ask onboarding.explain why an account is blocked or escalated and who should do \
what; onboarding.list_blocked for all blocked accounts; onboarding.start_run to decide an account anew. Decisions are made by fixed rules: \
nothing said here changes them.";

/// How often and after which wait a lock is asked for that this process is giving back.
const OPEN_ATTEMPTS: u32 = 20;
const OPEN_WAIT: Duration = Duration::from_millis(5);

/// What the handlers share.
struct Desk {
    installation: Arc<Installation>,
    /// Who launched this process and is at its host, where that is known.
    person: Option<Person>,
    /// Held by the runs under way and their callers only, so that other processes may use the folder's engine in between.
    engine: Mutex<Option<WeakOnboardingEngine>>,
}

/// The server. `person` is who is at its host, where that is known: whom runs are asked for by, and who may decide.
/// It works on the engine it is given; without one it takes the folder's when a call needs it.
pub fn server(
    installation: Arc<Installation>,
    person: Option<Person>,
    engine: Option<&OnboardingEngine>,
) -> Server {
    let engine = Mutex::new(engine.map(OnboardingEngine::downgrade));
    let desk = Arc::new(Desk { installation, person, engine });
    let with = || Arc::clone(&desk);
    let (start, request, get, list) = (with(), with(), with(), with());
    let (approvals, asking, deciding) = (with(), with(), with());
    let (blocked, explain, contract, finance, sweep) = (with(), with(), with(), with(), with());
    Server::new(System::Onboarding, "Onboarding agents", INSTRUCTIONS)
        .document(card::page())
        .shown::<ListApprovals>(card::ADDRESS)
        .shown::<DecideApproval>(card::ADDRESS)
        .tool::<StartRun, _, _>(move |args, call| runs::start_run(Arc::clone(&start), args, call))
        .tool::<RequestRun, _, _>(move |args, call| runs::request_run(Arc::clone(&request), args, call))
        .tool::<GetRun, _, _>(move |args, call| runs::get_run(Arc::clone(&get), args, call))
        .tool::<ListRuns, _, _>(move |args, call| runs::list_runs(Arc::clone(&list), args, call))
        .tool::<ListBlocked, _, _>(move |args, call| runs::list_blocked(Arc::clone(&blocked), args, call))
        .tool::<Explain, _, _>(move |args, call| runs::explain(Arc::clone(&explain), args, call))
        .tool::<ListApprovals, _, _>(move |args, call| approvals::list(Arc::clone(&approvals), args, call))
        .asking::<DecideApproval, _, _, _, _>(
            move |args, call| approvals::ask(Arc::clone(&asking), args, call),
            move |args, call| approvals::decide(Arc::clone(&deciding), args, call),
        )
        .tool::<ContractAssess, _, _>(move |args, call| agents::contract(Arc::clone(&contract), args, call))
        .tool::<FinanceAssess, _, _>(move |args, call| agents::finance(Arc::clone(&finance), args, call))
        .tool::<Sweep, _, _>(move |args, call| agents::sweep(Arc::clone(&sweep), args, call))
}

impl Desk {
    /// Who is at the host, where that is known: the caller, if it is a person, or whoever launched this process.
    fn person<'a>(&'a self, call: &'a Call) -> Option<&'a Person> {
        call.principal.as_person().or(self.person.as_ref())
    }

    /// Who asks for a run: the person at the host if known, so that they cannot approve it under another name.
    fn requester(&self, call: &Call) -> String {
        self.person(call).map_or_else(|| call.principal.to_string(), |person| person.name.clone())
    }

    /// The engine, held as long as the answer lives.
    async fn engine(&self, call: &Call) -> Result<OnboardingEngine, ApiError> {
        let mut slot = self.engine.lock().await;
        if let Some(engine) = slot.as_ref().and_then(WeakOnboardingEngine::upgrade) {
            return Ok(engine);
        }
        let engine = self.open_engine().await.map_err(|error| unavailable(call, &error))?;
        *slot = Some(engine.downgrade());
        Ok(engine)
    }

    /// The last holder may be giving the folder's lock back at this very moment.
    async fn open_engine(&self) -> Result<OnboardingEngine> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.installation.engine().await {
                Err(error) if is_ours(&error) && attempts < OPEN_ATTEMPTS => {
                    tokio::time::sleep(OPEN_WAIT).await;
                }
                opened => return opened,
            }
        }
    }
}

/// Whether it is this very process that has the engine.
fn is_ours(error: &anyhow::Error) -> bool {
    let own = std::process::id();
    matches!(error.downcast_ref(), Some(EngineError::Taken { pid: Some(pid), .. }) if *pid == own)
}

/// Our own side failed: the store, the engine's lock, a server that cannot be reached.
fn unavailable(call: &Call, error: &anyhow::Error) -> ApiError {
    call.error(ErrorType::ServerError, "UNAVAILABLE", &format!("{error:#}"))
}
