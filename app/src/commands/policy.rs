//! `gangway policy`: check a policy file, show the policy in force, explain what somebody may do.

use crate::access;
use crate::cli::{ExplainArgs, PolicyCommand};
use crate::config::Sources;
use crate::output;
use crate::people::Action;
use anyhow::{Context as _, Result, bail};
use gangway_governance::access::policy::{Conditions, Place, Subject, Verdict, scope_of};
use gangway_governance::{Policy, Principal, Reach};
use gangway_protocol::tools::{Contract, known};
use gangway_protocol::{Person, Role};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

/// Runs one of its commands.
pub async fn run(command: PolicyCommand, sources: &Sources) -> Result<ExitCode> {
    match command {
        PolicyCommand::Check { file, output } => check(&file, output.json)?,
        PolicyCommand::Show(output) => show(&in_force(sources)?, output.json)?,
        PolicyCommand::Explain(args) => return explain(&args, sources).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn in_force(sources: &Sources) -> Result<Policy> {
    access::configured(&sources.access()?)
}

fn check(file: &Path, as_json: bool) -> Result<()> {
    let policy = access::read(file)?;
    if as_json {
        return output::json(&json!({ "rules": policy.len(), "digest": policy.digest() }));
    }
    output::line(&format!(
        "{} can be used: {} rules in force with it, {}",
        file.display(),
        policy.len(),
        policy.digest()
    ))
}

fn show(policy: &Policy, as_json: bool) -> Result<()> {
    if as_json {
        return output::json(
            &json!({ "digest": policy.digest(), "rules": policy.len(), "text": policy.text() }),
        );
    }
    output::line(&format!("# {} rules, {}\n{}", policy.len(), policy.digest(), policy.text().trim_end()))
}

/// Ends with 1 when the answer is no, for scripts.
async fn explain(args: &ExplainArgs, sources: &Sources) -> Result<ExitCode> {
    let policy = in_force(sources)?;
    let contract = known().into_iter().map(|tool| tool.contract).find(|contract| contract.name == args.tool);
    let contract = contract.with_context(|| {
        format!("there is no tool {}; mcp-servers/README.md and tools/list name them", args.tool)
    })?;
    let principal = caller(args, &contract, sources).await?;
    let arguments: Option<Value> = match &args.args {
        None => None,
        Some(text) => Some(serde_json::from_str(text).context("--args is not JSON")?),
    };
    let verdict = policy.decide(&principal, &contract, arguments.as_ref());
    // Arguments that are given were judged.
    let open = match (verdict, &arguments) {
        (Verdict::Allowed(_), None) => policy.conditions(&principal, &contract),
        (Verdict::Allowed(_) | Verdict::Refused(_), _) => Conditions::default(),
    };
    let (is_allowed, why) = match verdict {
        Verdict::Allowed(place) => {
            (true, format!("{} may call {}: {place}{open}", args.principal, contract.name))
        }
        Verdict::Refused(refusal) => {
            let said = refusal.error(&principal, &contract).message;
            // Of a role or of all hosts a made-up caller was tried.
            (false, said.replacen(principal.actor().as_str(), &args.principal, 1))
        }
    };
    if args.output.json {
        output::json(&json!({
            "principal": args.principal, "tool": contract.name, "allowed": is_allowed, "why": why,
            "only": places(&open.only), "except": places(&open.except), "scope": scope_of(&contract),
            "policy": policy.digest(),
        }))?;
    } else {
        output::line(&why)?;
    }
    Ok(if is_allowed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn places(rules: &[Place]) -> Vec<String> {
    rules.iter().map(Place::to_string).collect()
}

/// The caller somebody means, named as in a policy file.
async fn caller(args: &ExplainArgs, contract: &Contract, sources: &Sources) -> Result<Principal> {
    let subject = Subject::read(&args.principal).map_err(anyhow::Error::msg)?;
    let with_role = |role: Role| Person {
        name: format!("with-role-{role}"),
        roles: BTreeSet::from([role]),
        domains: BTreeSet::new(),
    };
    let principal = match subject {
        Subject::Agent(agent) => Principal::agent(agent),
        Subject::Role(role) => Principal::person(with_role(role)),
        Subject::Person(name) => Principal::person(person(&name, sources).await?),
        Subject::AnyHost => Principal::host("any", "anybody", [scope_of(contract)].into())?,
        Subject::Host(client) => Principal::host(&client, "anybody", [scope_of(contract)].into())?,
        Subject::Scope(scope) => Principal::host("any", "anybody", [scope].into())?,
        Subject::AnyLocal => Principal::local("stdio", Reach::Writes)?,
        Subject::Local(name) => Principal::local(&name, Reach::Writes)?,
    };
    Ok(if args.read_only { principal.within(Reach::Reads) } else { principal })
}

/// Somebody who has an API key here.
async fn person(name: &str, sources: &Sources) -> Result<Person> {
    let (store, _) = super::acting(sources, Action::Read).await?;
    let found = store.api_keys().list().await?.into_iter().find(|stored| stored.key.person.name == name);
    match found {
        Some(stored) => Ok(stored.key.person),
        None => bail!(
            "nobody here is called {name}; gangway keys list shows who has a key, and role:NAME asks for a role"
        ),
    }
}
