//! The callers' side of the wiring: every agent's tool belt, a person's, and the way from each to its servers.

use super::Installation;
use super::drifts::Drifts;
use crate::config::Route;
use anyhow::{Context as _, Result};
use gangway_governance::{Governed, Holder, PassMint, Principal, ToolNames};
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::{Person, System};
use gangway_toolbelt::{Agent, Connection, Credential, OnDrift, StdioLaunch, Toolbelt};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Variable in which a child process finds the pass of its caller.
pub const PASS_VARIABLE: &str = "GANGWAY_PASS";

/// Every agent's tool belt, made when first needed: servers, their tokens and child processes are worth keeping.
#[derive(Default)]
pub struct Belts {
    coordinator: OnceCell<Toolbelt>,
    contract: OnceCell<Toolbelt>,
    finance: OnceCell<Toolbelt>,
    task_monitor: OnceCell<Toolbelt>,
    /// Tools that were refused because they are not what they are pinned to.
    drifts: Arc<Drifts>,
}

impl Installation {
    /// An agent's tool belt, made once.
    pub async fn belt(&self, agent: Agent) -> Result<Toolbelt> {
        let belt = match agent {
            Agent::Coordinator => &self.belts.coordinator,
            Agent::Contract => &self.belts.contract,
            Agent::Finance => &self.belts.finance,
            Agent::TaskMonitor => &self.belts.task_monitor,
        };
        Ok(belt.get_or_try_init(|| self.make_belt(agent)).await?.clone())
    }

    /// A connection to every server on the agent's list.
    async fn make_belt(&self, agent: Agent) -> Result<Toolbelt> {
        let systems: &[System] = match agent {
            Agent::Coordinator => &[System::Salesforce, System::Provision, System::Tasks, System::Notify],
            Agent::Contract => &[System::Clm],
            Agent::Finance => &[System::Netsuite],
            Agent::TaskMonitor => &[System::Tasks, System::Notify],
        };
        let mut belt = Toolbelt::new(agent);
        for system in systems {
            belt = belt.with(*system, self.connection(Holder::Agent(agent), *system).await?);
        }
        Ok(belt)
    }

    /// A person's way to provisioning: the coordinator's tools under the person's own name and rights.
    pub async fn operator_belt(&self, operator: &Person) -> Result<Toolbelt> {
        let connection = self.connection(Holder::Person(operator.clone()), System::Provision).await?;
        Ok(Toolbelt::new(Agent::Coordinator).with(System::Provision, connection))
    }

    /// A person's way to the tasks, under their own name and rights.
    pub async fn person_belt(&self, person: &Person) -> Result<Toolbelt> {
        let connection = self.connection(Holder::Person(person.clone()), System::Tasks).await?;
        Ok(Toolbelt::new(Agent::TaskMonitor).with(System::Tasks, connection))
    }

    /// The way from a caller to a server, as configured. To another process it shows a pass made for that server.
    async fn connection(&self, holder: Holder, system: System) -> Result<Connection> {
        let caller = Principal::from(holder.clone());
        let connected = match self.route(system) {
            Route::Embedded => {
                let server = self.server(system)?;
                let governed = Governed::new(server, self.governance(), caller.clone(), ToolNames::Dotted);
                Connection::embedded(governed).await
            }
            Route::Stdio => Connection::stdio(self.launch(holder, system)?).await,
            Route::Http(url) => Connection::http_with(url, self.pass(holder, system)).await,
        };
        let connected = connected.with_context(|| format!("{caller} cannot reach the {system} server"))?;
        Ok(connected.telling(self.on_drift(&caller)))
    }

    /// The tools that were refused because they are not what they are pinned to.
    pub fn drifts(&self) -> &Drifts {
        &self.belts.drifts
    }

    /// A tool that is not what it is pinned to is for whoever runs this: in the log, in the audit, and for who is on call.
    fn on_drift(&self, caller: &Principal) -> OnDrift {
        let (store, caller, drifts) = (self.store.clone(), caller.clone(), Arc::clone(&self.belts.drifts));
        Arc::new(move |drift| {
            tracing::error!(%drift, pinned = drift.pinned, found = ?drift.found, "a tool is refused");
            let now = Timestamp::now();
            drifts.note(drift.tool, now);
            let what = json!({"tool": drift.tool, "pinned": drift.pinned, "found": drift.found});
            let record = AuditRecord::refused("tools.drift", caller.actor(), what, now, "TOOL_DRIFTED");
            let store = store.clone();
            tokio::spawn(async move {
                if let Err(error) = store.audit().append_later(record).await {
                    tracing::error!(error = error.with_cause(), "a drifted tool could not be recorded");
                }
            });
        })
    }

    fn route(&self, system: System) -> &Route {
        let routes = &self.config.servers;
        match system {
            System::Salesforce => &routes.salesforce,
            System::Clm => &routes.clm,
            System::Netsuite => &routes.netsuite,
            System::Provision => &routes.provision,
            System::Tasks => &routes.tasks,
            System::Notify => &routes.notify,
            System::Onboarding => &Route::Embedded,
        }
    }

    fn pass(&self, holder: Holder, system: System) -> Credential {
        let mint = Arc::new(PassMint::new(&self.pass_key.to_bytes()));
        Credential::new(move || {
            mint.make(holder.clone(), system, Timestamp::now()).map_err(|error| error.to_string())
        })
    }

    /// A server as a child process that shares our data folder, our configuration and our vendors.
    fn launch(&self, holder: Holder, system: System) -> Result<StdioLaunch> {
        let program = std::env::current_exe().context("cannot tell where the gangway program is")?;
        let mut env = vec![("GANGWAY_DATA_DIR".to_owned(), self.config.data_dir.display().to_string())];
        if let Some(file) = &self.config_file {
            env.push(("GANGWAY_CONFIG".to_owned(), file.display().to_string()));
        }
        if let Some(vendors) = &self.vendors {
            env.push(("GANGWAY_SIMULATOR".to_owned(), vendors.base_url().to_owned()));
        }
        Ok(StdioLaunch {
            program: program.display().to_string(),
            args: vec!["mcp".to_owned(), system.name().to_owned()],
            env,
            credential: Some((PASS_VARIABLE.to_owned(), self.pass(holder, system))),
        })
    }
}
