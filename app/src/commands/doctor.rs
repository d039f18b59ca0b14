//! `gangway doctor`: each configured system, reached and logged in to; the data folder, opened.

use crate::auditing::{self, Trust};
use crate::cli::{Globals, Json};
use crate::config::{Config, Sources, section};
use crate::installation::Installation;
use crate::output;
use anyhow::{Result, anyhow};
use comfy_table::Cell;
use gangway_governance::limits::Vendor;
use gangway_protocol::ApiError;
use serde_json::{Value, json};
use std::process::ExitCode;

/// One system's state.
struct Check {
    system: &'static str,
    good: bool,
    says: String,
    next_step: Option<String>,
}

/// Checks everything at once; fails when anything failed.
pub async fn run(output: Json, globals: &Globals) -> Result<ExitCode> {
    let (checks, simulated) =
        Installation::session_even_unsealed(Sources::read(globals)?, async |installation| {
            Ok((check(&installation).await, installation.simulator().is_some()))
        })
        .await?;
    let good = checks.iter().all(|check| check.good);
    if output.json {
        let rows: Vec<Value> = checks
            .iter()
            .map(|check| json!({ "system": check.system, "ok": check.good, "says": check.says, "next_step": check.next_step }))
            .collect();
        output::json(&json!({ "ok": good, "simulated": simulated, "checks": rows }))?;
    } else {
        let mut table = output::table(&["system", "", "says", "next step"]);
        for check in &checks {
            table.add_row(vec![
                Cell::new(check.system),
                output::verdict(check.good),
                Cell::new(&check.says),
                Cell::new(check.next_step.as_deref().unwrap_or_default()),
            ]);
        }
        output::line(&table.to_string())?;
        if simulated {
            output::line("No vendor is configured: these are the simulated ones.")?;
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn check(installation: &Installation) -> Vec<Check> {
    let config = installation.config();
    let (salesforce, clm, netsuite, notify) = tokio::join!(
        salesforce(config, installation),
        clm(config, installation),
        netsuite(config, installation),
        notify(config, installation),
    );
    let mut checks = vec![folder(installation).await, salesforce, clm, netsuite];
    checks.extend(notify);
    checks
}

fn verdict(system: &'static str, answer: Result<String, ApiError>) -> Check {
    match answer {
        Ok(says) => Check { system, good: true, says, next_step: None },
        Err(error) => Check {
            system,
            good: false,
            says: format!("{} {}: {}", error.error_type.name(), error.error_code, error.message),
            next_step: Some(format!("{} ({})", error.resolution, error.owner)),
        },
    }
}

fn unconfigured(system: &'static str, error: &anyhow::Error) -> Check {
    Check { system, good: false, says: "not configured".to_owned(), next_step: Some(error.to_string()) }
}

async fn folder(installation: &Installation) -> Check {
    let says = installation.data_dir().display().to_string();
    if let Err(error) = installation.sealer().find_place() {
        let next_step = Some("Mend that, or change the setting: no command begins work before".to_owned());
        return Check { system: "data folder", good: false, says: format!("{error:#}"), next_step };
    }
    let trust = Trust::of_folder(installation.data_dir(), &installation.config().audit);
    let verified = match &trust {
        Ok(trust) => auditing::verify_store(installation.store(), trust).await,
        Err(_) => Err(anyhow!("the audit's key or checkpoints cannot be read")),
    };
    match verified {
        Ok(report) => Check {
            system: "data folder",
            good: report.is_whole(),
            says: format!("{says}, audit: {}", report.lines().first().map_or("", String::as_str)),
            next_step: (!report.is_whole()).then(|| {
                "gangway audit verify says more; restore the folder from a backup and find out who changed it".to_owned()
            }),
        },
        Err(error) => Check {
            system: "data folder",
            good: false,
            says: format!("{error:#}"),
            next_step: Some(format!("Check {says}")),
        },
    }
}

async fn salesforce(config: &Config, installation: &Installation) -> Check {
    match section(config.salesforce.as_ref(), "salesforce") {
        Ok(settings) => verdict(
            "salesforce",
            gangway_salesforce::check(settings, installation.outbound(Vendor::Salesforce)).await,
        ),
        Err(error) => unconfigured("salesforce", &error),
    }
}

async fn clm(config: &Config, installation: &Installation) -> Check {
    match section(config.clm.as_ref(), "clm") {
        Ok(settings) => {
            verdict("clm", gangway_clm::check(settings, installation.outbound(Vendor::Clm)).await)
        }
        Err(error) => unconfigured("clm", &error),
    }
}

async fn netsuite(config: &Config, installation: &Installation) -> Check {
    match section(config.netsuite.as_ref(), "netsuite") {
        Ok(settings) => verdict(
            "netsuite",
            gangway_netsuite::check(settings, installation.outbound(Vendor::Netsuite)).await,
        ),
        Err(error) => unconfigured("netsuite", &error),
    }
}

async fn notify(config: &Config, installation: &Installation) -> Vec<Check> {
    let settings = match section(config.notify.as_ref(), "notify") {
        Ok(settings) => settings,
        Err(error) => return vec![unconfigured("notify", &error)],
    };
    match gangway_notify::check(settings, installation.http(), installation.limits()).await {
        Err(error) => vec![unconfigured("notify", &error.into())],
        Ok(channels) => channels
            .into_iter()
            .map(|channel| match channel.state {
                Some(answer) => verdict(channel.channel, answer),
                // A channel may be left out on purpose: what it would carry is then answered with an error.
                None => Check {
                    system: channel.channel,
                    good: true,
                    says: "not configured".to_owned(),
                    next_step: None,
                },
            })
            .collect(),
    }
}
