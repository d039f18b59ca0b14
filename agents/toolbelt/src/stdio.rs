//! A server in a child process, speaking over its standard input and output. Its standard error is ours.

use crate::credential::Credential;
use crate::ears::Ears;
use crate::session::{Client, ConnectError, handshake, lifecycle};
use rmcp::service::ClientServiceExt as _;
use rmcp::transport::TokioChildProcess;
use std::fmt;
use tokio::process::Command;

/// How to launch a server.
#[derive(Clone)]
pub struct StdioLaunch {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment variables it gets in addition to ours; they may hold secrets.
    pub env: Vec<(String, String)>,
    /// A variable with a credential that is made anew for each launch.
    pub credential: Option<(String, Credential)>,
}

impl fmt::Debug for StdioLaunch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.env.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("StdioLaunch")
            .field("program", &self.program)
            .field("args", &self.args)
            .field("env", &names)
            .finish()
    }
}

impl StdioLaunch {
    /// Launches the program and opens a session. The child is killed and reaped when the connection is dropped.
    pub(crate) async fn connect(&self) -> Result<Client, ConnectError> {
        let mut command = Command::new(&self.program);
        if let Some((name, credential)) = &self.credential {
            command.env(name, credential.make().map_err(ConnectError::Credential)?);
        }
        command.args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value))).kill_on_drop(true);
        let child = TokioChildProcess::new(command)
            .map_err(|source| ConnectError::Launch { program: self.program.clone(), source })?;
        Ears::default().serve_with_lifecycle(child, lifecycle()).await.map_err(|error| handshake(&error))
    }
}
