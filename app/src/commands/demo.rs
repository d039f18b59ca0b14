//! `gangway demo`: every demo account, in a data folder of its own, against what its file expects.

use super::run_all::{Finished, row, run_accounts};
use crate::cli::{Globals, Json};
use crate::config::Sources;
use crate::installation::{Installation, reports_dir};
use crate::output;
use anyhow::{Context as _, Result, bail};
use comfy_table::Cell;
use gangway_coordinator::reasons;
use gangway_protocol::AccountId;
use gangway_protocol::run::Trigger;
use gangway_simulator::{DemoAccount, demo_accounts};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use uuid::Uuid;

/// Demo runs in flight at once.
const IN_FLIGHT: usize = 8;

/// Runs the demo; fails when a decision is not the expected one.
pub async fn run(output: Json, globals: &Globals) -> Result<ExitCode> {
    let mut sources = Sources::read(globals)?;
    if sources.names_a_vendor() {
        bail!(
            "the demo uses simulated vendors only, but real ones are configured; run it in another folder and without GANGWAY_* settings"
        );
    }
    sources.use_data_dir(sources.data_dir().join("demo").join(Uuid::now_v7().simple().to_string()));
    let accounts = demo_accounts();
    let ids = accounts
        .iter()
        .map(|account| AccountId::parse(account.account_id.clone()))
        .collect::<Result<Vec<_>, _>>()
        .context("a demo account's file has a bad account_id")?;
    let folder = sources.data_dir().to_owned();
    let finished = Installation::session(sources, async |installation| {
        let engine = installation.engine().await?;
        Ok(run_accounts(&engine, ids, IN_FLIGHT, (Trigger::Demo, "demo")).await)
    })
    .await?;

    let matched = accounts.iter().zip(&finished).filter(|(account, done)| matches(account, done)).count();
    if output.json {
        let results: Vec<Value> =
            accounts.iter().zip(&finished).map(|(account, done)| result(account, done, &folder)).collect();
        output::json(&json!({ "results": results, "matched": matched, "total": accounts.len() }))?;
    } else {
        print(&accounts, &finished, matched, &folder)?;
    }
    Ok(if matched == accounts.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn decided(finished: &Finished) -> Option<String> {
    let record = finished.record.as_ref().ok()?;
    Some(record.decision.as_ref()?.outcome.to_string())
}

fn matches(account: &DemoAccount, finished: &Finished) -> bool {
    decided(finished).is_some_and(|outcome| outcome == account.expected)
}

fn result(account: &DemoAccount, finished: &Finished, folder: &Path) -> Value {
    let mut value = row(finished);
    let reports: Vec<String> = match &finished.record {
        Ok(record) => {
            let folder = reports_dir(folder);
            record.reports.iter().map(|report| folder.join(&report.file).display().to_string()).collect()
        }
        Err(_) => Vec::new(),
    };
    value["scenario"] = json!(account.scenario);
    value["expected"] = json!(account.expected);
    value["reports"] = json!(reports);
    value
}

fn print(accounts: &[DemoAccount], finished: &[Finished], matched: usize, folder: &Path) -> Result<()> {
    let mut table =
        output::table(&["account", "scenario", "decision", "", "risk", "because", "tenant", "ms"]);
    for (account, done) in accounts.iter().zip(finished) {
        let record = done.record.as_ref().ok();
        let decision = record.and_then(|record| record.decision.as_ref());
        let because = match &done.record {
            Ok(record) => {
                let (rules, errors) = reasons(record);
                errors.into_iter().chain(rules).collect::<Vec<_>>().join(", ")
            }
            Err(error) => format!("{error:#}"),
        };
        let tenant = record.and_then(|record| record.tenant.as_ref());
        table.add_row(vec![
            Cell::new(&account.account_id),
            Cell::new(&account.scenario),
            output::outcome(decision.map(|decision| decision.outcome)),
            output::verdict(matches(account, done)),
            output::risk(decision.map(|decision| decision.risk_level)),
            Cell::new(because),
            Cell::new(tenant.map_or_else(|| "–".to_owned(), |tenant| tenant.tenant_id.to_string())),
            Cell::new(done.took.as_millis()),
        ]);
    }
    output::line(&table.to_string())?;
    output::line(&format!("{matched} of {} decided as expected.", accounts.len()))?;
    output::line(&format!("Reports: {}", reports_dir(folder).display()))?;
    output::line(&format!(
        "Look further: export GANGWAY_DATA_DIR={}, then gangway runs list, gangway tasks list, gangway audit tail",
        folder.display()
    ))
}
