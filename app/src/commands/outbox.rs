//! `gangway outbox`: messages and how they stand, and a person's word on those that cannot be settled without one.

use crate::cli::{Globals, Json, OutboxCommand};
use crate::config::Sources;
use crate::installation::Installation;
use crate::outbox::{Delivered, Word, WordError, deliver_due, judge};
use crate::output;
use crate::people::Action;
use anyhow::{Context as _, Result, bail};
use comfy_table::{Cell, Color};
use gangway_protocol::Person;
use gangway_store::{OutboxFilter, OutboxMessage, OutboxState, Store};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Runs one of its commands.
pub async fn run(command: OutboxCommand, globals: &Globals) -> Result<ExitCode> {
    let sources = Sources::read(globals)?;
    let (store, person) = super::acting(&sources, action(&command)).await?;
    match command {
        OutboxCommand::List { state, run, limit, output } => {
            let filter = OutboxFilter { state, run_id: run, before: None, limit };
            list(&store.outbox().list(filter).await?, output)?;
        }
        OutboxCommand::Show { message, output } => show(&store, &message, output).await?,
        OutboxCommand::Retry { messages, yes_it_did_not_arrive, reason, output } => {
            let word = if yes_it_did_not_arrive { Word::RetryForItDidNotArrive } else { Word::Retry };
            for message in &messages {
                retry(&store, &person, message, word, reason.as_deref()).await?;
            }
            drop(store);
            report(&deliver(sources).await?, output)?;
        }
        OutboxCommand::Settle { message, delivered, drop: _, reason, output } => {
            let word = if delivered { Word::Delivered } else { Word::Drop };
            found(&store, &message).await?;
            let settled = judge(&store, &person, &message, word, &reason).await?;
            drop(store);
            // A mail that arrived completes its task.
            deliver(sources).await?;
            if output.json {
                output::json(&row(&settled))?;
            } else {
                output::line(&format!("{message} is {}.", settled.state.name()))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What each command needs a person to be permitted.
fn action(command: &OutboxCommand) -> Action {
    match command {
        OutboxCommand::List { .. } | OutboxCommand::Show { .. } => Action::SeePeople,
        OutboxCommand::Retry { .. } | OutboxCommand::Settle { .. } => Action::SettleMessages,
    }
}

async fn deliver(sources: Sources) -> Result<Delivered> {
    Installation::session(sources, async |installation| deliver_due(&installation, Timestamp::now()).await)
        .await
}

async fn retry(store: &Store, by: &Person, message_id: &str, word: Word, reason: Option<&str>) -> Result<()> {
    found(store, message_id).await?;
    match judge(store, by, message_id, word, reason.unwrap_or("tried again")).await {
        Err(WordError::MayHaveArrived { target, .. }) => bail!(
            "{message_id} may have arrived: ask {target} first; if it certainly did not arrive, repeat with --yes-it-did-not-arrive, and if it did, gangway outbox settle {message_id} --delivered --reason …"
        ),
        said => said.map(|_| ()).map_err(Into::into),
    }
}

async fn found(store: &Store, message_id: &str) -> Result<OutboxMessage> {
    store
        .outbox()
        .get(message_id)
        .await?
        .with_context(|| format!("there is no message {message_id}; gangway outbox list shows what there is"))
}

fn row(message: &OutboxMessage) -> Value {
    json!({
        "message_id": message.message_id, "key": message.key, "channel": message.channel.name(),
        "target": message.target, "run_id": message.run_id, "correlation_id": message.correlation_id,
        "state": message.state.name(), "attempts": message.attempts, "since": message.since,
        "tried_at": message.tried_at, "due_at": message.due_at, "settled_at": message.settled_at,
        "reference": message.reference, "why": message.why,
    })
}

fn list(messages: &[OutboxMessage], output: Json) -> Result<()> {
    if output.json {
        return output::json(&json!({ "messages": messages.iter().map(row).collect::<Vec<_>>() }));
    }
    if messages.is_empty() {
        return output::line("No such messages.");
    }
    let mut table =
        output::table_with_ids(&["message", "channel", "to", "key", "state", "attempts", "why"], &[0, 3]);
    for message in messages {
        table.add_row(vec![
            Cell::new(&message.message_id),
            Cell::new(message.channel.name()),
            Cell::new(&message.target),
            Cell::new(&message.key),
            state(message.state),
            Cell::new(message.attempts),
            Cell::new(message.why.as_deref().unwrap_or_default()),
        ]);
    }
    output::line(&table.to_string())
}

fn state(state: OutboxState) -> Cell {
    let cell = Cell::new(state.name());
    match state {
        OutboxState::Sent => cell.fg(Color::Green),
        OutboxState::Queued | OutboxState::Sending => cell.fg(Color::Cyan),
        OutboxState::Unknown => cell.fg(Color::Yellow),
        OutboxState::Dead => cell.fg(Color::Red),
        OutboxState::Dropped => cell.fg(Color::DarkGrey),
    }
}

async fn show(store: &Store, message_id: &str, output: Json) -> Result<()> {
    let message = found(store, message_id).await?;
    let body = store.outbox().body(message_id).await?;
    let mut whole = row(&message);
    whole["body"] = body.unwrap_or_default();
    if output.json {
        return output::json(&whole);
    }
    let mut table = output::plain_table();
    for (name, value) in whole.as_object().into_iter().flatten().filter(|(name, _)| *name != "body") {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        table.add_row([name.clone(), if value.is_null() { "–".to_owned() } else { shown }]);
    }
    output::line(&table.to_string())?;
    for part in ["subject", "text"] {
        if let Some(text) = whole["body"][part].as_str() {
            output::line(&format!("{text}\n"))?;
        }
    }
    output::line(match message.state {
        OutboxState::Unknown => {
            "It may have arrived. Find out, then: gangway outbox settle ID --delivered, or gangway outbox retry ID --yes-it-did-not-arrive."
        }
        OutboxState::Dead => "It did not arrive. Mend the cause, then: gangway outbox retry ID.",
        OutboxState::Queued => "It is tried again by itself; gangway outbox retry ID tries at once.",
        OutboxState::Sending => "It is being sent.",
        OutboxState::Sent | OutboxState::Dropped => "It is settled.",
    })
}

fn report(delivered: &Delivered, output: Json) -> Result<()> {
    if output.json {
        return output::json(delivered);
    }
    let round = &delivered.round;
    output::line(&format!(
        "{} sent, {} found to be sent already, {} queued again, {} unknown, {} given up.",
        round.sent, round.found, round.queued, round.unknown, round.dead
    ))
}
