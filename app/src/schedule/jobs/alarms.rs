//! Pages the person on call for what [`gangway_governance::limits::alarms`] finds: a vendor that stays away, credentials
//! that are refused, a day's calls that run out, a BLOCK rate that jumps, a tool that drifted, an audit that is not sealed; and
//! for effects that failed for good. While a trouble lasts it pages once an hour: the hour is part of the key.

use super::super::failure_of;
use super::super::settings::JobName;
use super::Crew;
use anyhow::Result;
use gangway_governance::limits::alarms::{Alarm, AlarmSettings, Decided, alarms, drifted, unsealed};
use gangway_protocol::redact::Personal;
use gangway_protocol::run::{Effect, EffectStatus};
use gangway_protocol::tools::notify::{Page, PageArgs, PageSeverity};
use gangway_protocol::{IdempotencyKey, Outcome, RunRecord};
use gangway_toolbelt::{Agent, Scope};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Decisions whose BLOCK rate is looked at.
const RECENT: usize = 20;
/// Decisions before those, to compare with.
const USUAL: usize = 200;
/// The newest runs, among which effects that failed are looked for.
const NEWEST: u32 = 500;
/// How long a run's failed effects are told of.
const LATELY: SignedDuration = SignedDuration::from_hours(1);

pub(super) async fn work(crew: Crew, now: Timestamp) -> Result<Value> {
    let installation = &crew.installation;
    let limit = u32::try_from(RECENT + USUAL)?;
    let outcomes = installation.store().runs().newest_outcomes(limit).await?;
    let (recent, usual) = outcomes.split_at(RECENT.min(outcomes.len()));
    let settings = AlarmSettings::default();
    let mut due = alarms(&settings, &installation.limits().view(), decided(recent), decided(usual));
    due.extend(installation.drifts().lately(now).into_iter().map(drifted));
    let not_sealed = failure_of(installation.store(), JobName::Audit).await?;
    due.extend(not_sealed.map(|why| unsealed(&why)));
    due.extend(undone(&installation.store().runs().newest_undone(now - LATELY, NEWEST).await?));
    if due.is_empty() {
        return Ok(json!({ "alarms": [] }));
    }
    let belt = installation.belt(Agent::TaskMonitor).await?;
    let scope = Scope::of_no_run(installation.call_deadline());
    let mut told = Vec::new();
    for alarm in due {
        tracing::warn!(alarm = alarm.dedup_key, "{}", alarm.summary);
        let paged = belt.call::<Page>(&scope, &page(&alarm, now)?).await;
        told.push(match paged {
            Ok(delivery) => json!({ "alarm": alarm.dedup_key, "page": delivery.status }),
            Err(error) => json!({ "alarm": alarm.dedup_key, "page_failed": error.error_code }),
        });
    }
    Ok(json!({ "alarms": told }))
}

/// The alarm of runs, newest first, with effects that failed for good; none without such a run.
fn undone(runs: &[RunRecord]) -> Option<Alarm> {
    let newest = runs.first()?;
    let is_undone = |effect: &&Effect| effect.status == EffectStatus::Failed && effect.message_id.is_none();
    let told = |effect: &Effect| {
        let code = effect.error.as_ref().map_or("no code", |error| error.error_code.as_str());
        format!("{} ({code})", effect.label)
    };
    let effects: Vec<String> = newest.effects.iter().filter(is_undone).map(told).collect();
    let (run_id, account) = (&newest.run_id, &newest.request.account_id);
    Some(Alarm {
        dedup_key: "gangway/undone".to_owned(),
        summary: format!(
            "{} of the last hour's onboardings did not tell all that was due, and nothing repeats it; the newest: {account}, {}. See why, and do it by hand: gangway runs show {run_id}",
            runs.len(),
            effects.join(", ")
        ),
    })
}

fn decided(outcomes: &[Outcome]) -> Decided {
    let count = |wanted: fn(&Outcome) -> bool| {
        u32::try_from(outcomes.iter().filter(|outcome| wanted(outcome)).count()).unwrap_or(u32::MAX)
    };
    Decided { decisions: count(|_| true), blocked: count(|outcome| *outcome == Outcome::Block) }
}

fn page(alarm: &Alarm, now: Timestamp) -> Result<PageArgs> {
    let hour = now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H");
    Ok(PageArgs {
        summary: Personal(alarm.summary.clone()),
        severity: PageSeverity::Critical,
        dedup_key: IdempotencyKey::parse(format!("{}/{hour}", alarm.dedup_key))?,
    })
}
