//! `gangway run-all`: many accounts, a bounded number at once, with a progress bar.

use super::run::beside_a_service;
use crate::cli::{Globals, RunAllArgs};
use crate::config::Sources;
use crate::installation::{Installation, OnboardingEngine};
use crate::onboarding::{finish_earlier, start};
use crate::outbox::deliver_due;
use crate::output;
use crate::people::Action;
use anyhow::{Context as _, Result, bail};
use comfy_table::Cell;
use futures::stream::{FuturesUnordered, StreamExt as _};
use gangway_coordinator::reasons;
use gangway_protocol::run::{RunRequest, Trigger};
use gangway_protocol::{AccountId, CorrelationId, RunRecord, RunState};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How one account went.
pub struct Finished {
    /// The account.
    pub account_id: AccountId,
    /// Its record, or why there is none.
    pub record: Result<RunRecord>,
    /// From request to rest.
    pub took: Duration,
}

/// Runs the accounts and prints a line each.
pub async fn run(args: RunAllArgs, globals: &Globals) -> Result<ExitCode> {
    let accounts = match &args.file {
        Some(path) => read_ids(path)?,
        None => demo_ids()?,
    };
    let finished = Installation::session(Sources::read(globals)?, async |installation| {
        let person = installation.acting(Action::StartRuns).await?;
        favour_batches(&installation);
        let engine = installation.engine().await.map_err(beside_a_service)?;
        finish_earlier(&installation, &engine, &accounts).await?;
        let finished =
            run_accounts(&engine, accounts, usize::from(args.in_flight), (Trigger::Batch, &person.name))
                .await;
        deliver_due(&installation, Timestamp::now()).await?;
        Ok(finished)
    })
    .await?;
    let failed = finished
        .iter()
        .any(|row| row.record.as_ref().map_or(true, |record| record.state == RunState::Parked));
    if args.output.json {
        output::json(
            &json!({ "results": finished.iter().map(row).collect::<Vec<_>>(), "total": finished.len() }),
        )?;
    } else {
        print(&finished)?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Lets reads wait a little longer for others: many accounts together want few vendor calls more than short ones.
pub fn favour_batches(installation: &Installation) {
    let mut limits = installation.config().limits.clone();
    limits.coalesce = limits.coalesce.for_many();
    installation.limits().replace(&limits);
}

/// Runs every account, as and for whom it was asked, at most `in_flight` at once; the result is in the order asked.
///
/// Runs are begun in bursts, whenever half of them are done: what begins together asks the vendors together, and then
/// shares their calls.
pub async fn run_accounts(
    engine: &OnboardingEngine,
    accounts: Vec<AccountId>,
    in_flight: usize,
    asked: (Trigger, &str),
) -> Vec<Finished> {
    let bar = progress(accounts.len());
    let mut waiting = accounts.into_iter().enumerate().map(|(place, account_id)| {
        let (engine, bar) = (engine.clone(), bar.clone());
        async move {
            let begun = Instant::now();
            let record =
                start(&engine, request(account_id.clone(), asked), None).await.map(|(record, _)| record);
            bar.inc(1);
            (place, Finished { account_id, record, took: begun.elapsed() })
        }
    });
    let mut running = FuturesUnordered::new();
    let mut finished = Vec::new();
    loop {
        if running.len() <= in_flight / 2 {
            running.extend(waiting.by_ref().take(in_flight - running.len()));
        }
        let Some(ended) = running.next().await else { break };
        finished.push(ended);
    }
    bar.finish_and_clear();
    finished.sort_by_key(|(place, _)| *place);
    finished.into_iter().map(|(_, row)| row).collect()
}

fn request(account_id: AccountId, (trigger, by): (Trigger, &str)) -> RunRequest {
    RunRequest {
        account_id,
        opportunity_id: None,
        correlation_id: CorrelationId::from_uuid(Uuid::now_v7()),
        as_of: None,
        trigger,
        requested_by: by.to_owned(),
    }
}

fn progress(total: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40.cyan/dim} {pos}/{len} accounts  {per_sec}  {eta} left");
    ProgressBar::new(total as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// One account's result as JSON.
pub fn row(finished: &Finished) -> Value {
    match &finished.record {
        Err(error) => json!({ "account_id": finished.account_id, "error": format!("{error:#}") }),
        Ok(record) => {
            let (rules, _) = reasons(record);
            json!({
                "account_id": finished.account_id,
                "decision": record.decision.as_ref().map(|decision| decision.outcome),
                "risk_level": record.decision.as_ref().map(|decision| decision.risk_level),
                "state": record.state,
                "rules": rules,
                "api_errors": record.decision.as_ref().map(|decision| &decision.api_errors),
                "run_id": record.run_id,
                "correlation_id": record.request.correlation_id,
                "tenant_id": record.tenant.as_ref().map(|tenant| &tenant.tenant_id),
                "duration_ms": u64::try_from(finished.took.as_millis()).unwrap_or(u64::MAX),
            })
        }
    }
}

fn print(finished: &[Finished]) -> Result<()> {
    let mut table = output::table(&["account", "decision", "risk", "state", "because", "ms"]);
    for row in finished {
        let took = Cell::new(row.took.as_millis());
        match &row.record {
            Err(error) => table.add_row(vec![
                Cell::new(&row.account_id),
                output::outcome(None),
                output::risk(None),
                output::verdict(false),
                Cell::new(format!("{error:#}")),
                took,
            ]),
            Ok(record) => {
                let decision = record.decision.as_ref();
                let (rules, errors) = reasons(record);
                table.add_row(vec![
                    Cell::new(&row.account_id),
                    output::outcome(decision.map(|decision| decision.outcome)),
                    output::risk(decision.map(|decision| decision.risk_level)),
                    output::run_state(record.state),
                    Cell::new(errors.into_iter().chain(rules).collect::<Vec<_>>().join(", ")),
                    took,
                ])
            }
        };
    }
    output::line(&table.to_string())
}

fn demo_ids() -> Result<Vec<AccountId>> {
    gangway_simulator::demo_accounts()
        .into_iter()
        .map(|account| AccountId::parse(account.account_id).map_err(Into::into))
        .collect()
}

/// The first column of each line; a header and blank lines are passed over, a bad id names its line.
fn read_ids(path: &std::path::Path) -> Result<Vec<AccountId>> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).context("cannot read account ids from standard input")?;
    } else {
        text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read account ids from {}", path.display()))?;
    }
    let mut ids = Vec::new();
    // Spreadsheets begin their files with a byte order mark.
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let first = line.split(',').next().unwrap_or_default().trim().trim_matches('"');
        if first.is_empty() || (number == 0 && first.eq_ignore_ascii_case("account_id")) {
            continue;
        }
        ids.push(
            AccountId::parse(first).with_context(|| format!("{}, line {}", path.display(), number + 1))?,
        );
    }
    if ids.is_empty() {
        bail!("{} holds no account ids: one a line, the first column counts", path.display());
    }
    Ok(ids)
}
