//! `gangway simulate`: the simulated vendors as a process of their own, until interrupted.

use crate::cli::SimulateArgs;
use crate::output;
use anyhow::{Context as _, Result};
use gangway_simulator::{Options, Simulator, TlsFiles};
use std::time::Duration;

/// Serves until interrupted. Prints where as one JSON line, so that a script can read it.
pub async fn run(args: SimulateArgs) -> Result<()> {
    let simulator = Simulator::start(options(args)).await.context("the simulator did not start")?;
    let addresses = simulator.addresses();
    output::line(&serde_json::to_string(&addresses)?)?;
    tracing::info!(
        "vendors simulated at {0}; use them with GANGWAY_SIMULATOR={0} gangway run ACME-001",
        addresses.base_url
    );
    crate::shutdown::requested().await;
    simulator.shutdown().await;
    Ok(())
}

fn options(args: SimulateArgs) -> Options {
    let tls = args.tls.and_then(|files| match <[_; 2]>::try_from(files) {
        Ok([cert, key]) => Some(TlsFiles { cert, key }),
        // The command line demands exactly two values.
        Err(_) => None,
    });
    Options {
        port: args.port,
        tls,
        seed: args.seed,
        latency: Duration::from_millis(args.latency_ms),
        ledger: args.ledger,
        synthetic: args.synthetic,
        accounts_dir: args.accounts,
        today: None,
    }
}
