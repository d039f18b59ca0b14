//! `gangway keys`: make, list and revoke the keys of the HTTP API.

use crate::cli::{Globals, KeysCommand};
use crate::config::Sources;
use crate::people::Action;
use crate::{api_keys, output};
use anyhow::{Context as _, Result, bail};
use gangway_protocol::{Domain, Person, Role};
use gangway_store::{KeyRefusal, Store, StoredKey};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Runs one of its commands.
pub async fn run(command: KeysCommand, globals: &Globals) -> Result<()> {
    let sources = Sources::read(globals)?;
    // A key is often the first thing an installation gets, so the folder may be new.
    let (store, person) = super::acting_in_new(&sources, Action::Administer).await?;
    match command {
        KeysCommand::Create { name, role, domain, expires, output } => {
            let (roles, domains) = (BTreeSet::from_iter(role), BTreeSet::from_iter(domain));
            create(&store, &person, Asked { name, roles, domains, expires }, output).await?
        }
        KeysCommand::List(output) => list(&store, output).await?,
        KeysCommand::Revoke { key, output } => {
            let Some(revoked) = api_keys::revoke(&store, &key, &person.actor()).await? else {
                bail!("there is no key {key}; gangway keys list shows the keys");
            };
            if output.json {
                output::json(&revoked)?
            } else {
                output::line(&format!("The key {key} of {} opens nothing any more.", revoked.person.name))?
            }
        }
    }
    store.close().await;
    Ok(())
}

/// What a new key is to be.
struct Asked {
    name: String,
    roles: BTreeSet<Role>,
    domains: BTreeSet<Domain>,
    expires: Option<u32>,
}

async fn create(store: &Store, by: &Person, asked: Asked, output: crate::cli::Json) -> Result<()> {
    let days = asked.expires.map(|days| SignedDuration::from_hours(i64::from(days) * 24));
    let expires_at = days
        .map(|days| Timestamp::now().checked_add(days))
        .transpose()
        .context("--expires lies too far in the future")?;
    let person = Person { name: asked.name, roles: asked.roles, domains: asked.domains };
    let issued = api_keys::issue(store, person, expires_at, &by.actor()).await?;
    let token = issued.token.expose_secret();
    if output.json {
        let mut shown = serde_json::to_value(&issued.key)?;
        if let Value::Object(fields) = &mut shown {
            fields.insert("key".to_owned(), Value::from(token));
        }
        return output::json(&shown);
    }
    output::line(&format!(
        "{token}\n\nShown this once and stored only as a hash. Over HTTP it is sent as Authorization: Bearer KEY; with GANGWAY_API_KEY=KEY the command line acts as {}.",
        issued.key.person.name
    ))
}

async fn list(store: &Store, output: crate::cli::Json) -> Result<()> {
    let keys = store.api_keys().list().await?;
    let now = Timestamp::now();
    if output.json {
        let keys: Vec<Value> = keys.iter().map(|stored| {
            json!({ "key": stored.key, "state": state(stored, now), "last_used_at": stored.last_used_at })
        }).collect();
        return output::json(&json!({ "keys": keys }));
    }
    if keys.is_empty() {
        return output::line("No keys. Make one with: gangway keys create --name NAME --role viewer");
    }
    let mut table =
        output::table(&["key", "name", "roles", "approves", "state", "made", "last used (about)"]);
    for stored in &keys {
        let person = &stored.key.person;
        let roles: Vec<&str> = person.roles.iter().map(|role| role.name()).collect();
        let last = stored.last_used_at.map_or_else(|| "never".to_owned(), |at| format!("{at:.0}"));
        table.add_row([
            stored.key.key_id.clone(),
            person.name.clone(),
            roles.join(", "),
            approves(person),
            state(stored, now).to_owned(),
            format!("{:.0}", stored.key.created_at),
            last,
        ]);
    }
    output::line(&table.to_string())
}

/// What a person's yes counts for: without domains, everything; nothing without the role.
fn approves(person: &Person) -> String {
    if !person.may_act_as(Role::Approver) {
        return "–".to_owned();
    }
    if person.domains.is_empty() || person.roles.contains(&Role::Admin) {
        return "all".to_owned();
    }
    person.domains.iter().map(|domain| domain.name()).collect::<Vec<_>>().join(", ")
}

fn state(stored: &StoredKey, now: Timestamp) -> &'static str {
    match stored.key.refusal(now) {
        None => "good",
        Some(KeyRefusal::Expired) => "expired",
        Some(KeyRefusal::Revoked) => "revoked",
    }
}
