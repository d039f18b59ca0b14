//! `gangway`: parses the command line, begins logs and traces, sets up the runtime, calls one command, says what went wrong.

mod access;
mod adviser;
mod api_keys;
mod approvals;
mod auditing;
mod backup;
mod cli;
mod commands;
mod config;
mod crash;
mod installation;
mod keys;
mod listening;
mod onboarding;
mod outbox;
mod output;
mod pages;
mod people;
mod refused;
mod reload;
mod reports;
mod rules;
mod schedule;
mod serve;
mod shutdown;
mod telemetry;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use cli::{Cli, Command, Globals};
use std::process::ExitCode;
use telemetry::Telemetry;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Building any TLS client panics without a provider. A second installation is the only way to fail, and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let telemetry = Telemetry::begin();
    let code = run(cli).unwrap_or_else(|error| {
        complain(&error);
        ExitCode::FAILURE
    });
    telemetry.end();
    code
}

/// One line: what was tried, and why it failed. A failed write to standard error has nobody left to be told.
fn complain(error: &anyhow::Error) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "gangway: {error:#}");
}

fn run(cli: Cli) -> Result<ExitCode> {
    // Deciding needs no runtime, and must not be able to do anything else.
    if let Command::Decide(args) = &cli.command {
        return commands::decide::run(args);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")?;
    let code = runtime.block_on(dispatch(cli.command, cli.globals));
    // What still runs now is a connection's read or a simulator's accept: nothing that must finish.
    runtime.shutdown_background();
    code
}

async fn dispatch(command: Command, globals: Globals) -> Result<ExitCode> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        Command::Demo(output) => commands::demo::run(output, &globals).await,
        Command::Run(args) => commands::run::run(args, &globals).await,
        Command::RunAll(args) => commands::run_all::run(args, &globals).await,
        Command::Decide(args) => commands::decide::run(&args),
        Command::Serve(args) => commands::serve::run(args, &globals).await.map(done),
        Command::Mcp(args) => commands::mcp::run(args, &globals).await.map(done),
        Command::Monitor(args) => commands::monitor::run(args, &globals).await,
        Command::Schedule(command) => commands::schedule::run(command, &globals).await,
        Command::Backup(args) => commands::backup::back_up(args, &globals).await.map(done),
        Command::Restore(args) => commands::backup::restore(args, &globals).await.map(done),
        Command::Simulate(args) => commands::simulate::run(args).await.map(done),
        Command::Runs(command) => commands::runs::run(command, &globals).await,
        Command::Tasks(command) => {
            commands::tasks::run(command, &config::Sources::read(&globals)?).await.map(done)
        }
        Command::Approvals(command) => commands::approvals::run(command, &globals).await,
        Command::Tenants(command) => commands::tenants::run(command, &globals).await.map(done),
        Command::Outbox(command) => commands::outbox::run(command, &globals).await,
        Command::Rules(command) => commands::rules::run(command, &config::Sources::read(&globals)?).await,
        Command::Replay(args) => commands::replay::run(args, &config::Sources::read(&globals)?).await,
        Command::Policy(command) => commands::policy::run(command, &config::Sources::read(&globals)?).await,
        Command::Audit(command) => commands::audit::run(command, &config::Sources::read(&globals)?).await,
        Command::Llm(command) => {
            commands::llm::run(command, &config::Sources::read(&globals)?).await.map(done)
        }
        Command::Prompts(command) => commands::prompts::run(&command).map(done),
        Command::Eval(args) => commands::eval::run(args, &globals).await,
        Command::Keys(command) => commands::keys::run(command, &globals).await.map(done),
        Command::Config(command) => commands::config::run(&command, &globals).map(done),
        Command::Doctor(output) => commands::doctor::run(output, &globals).await,
        Command::Bench(args) => commands::bench::run(args, &globals).await,
    }
}
