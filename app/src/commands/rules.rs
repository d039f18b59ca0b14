//! `gangway rules`: look at rules, check a file, put one in force for new runs, go back. Running services take a change
//! up with their next run; runs on their way keep their rules.

use crate::cli::{RulesCommand, RulesFile};
use crate::config::Sources;
use crate::people::Action;
use crate::{output, rules};
use anyhow::{Context as _, Result, bail};
use gangway_coordinator::RuleBook;
use gangway_decision::{Difference, MAX_STEPS_TOGETHER, Reading, Rule, RuleSet, Shape};
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::{Person, Severity};
use gangway_store::{Canary, RuleChange, RuleOrder, RulesInForce, ShadowReport, Store};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Differing runs that `status` lists.
const LISTED: u32 = 20;

/// Runs one of its commands.
pub async fn run(command: RulesCommand, sources: &Sources) -> Result<ExitCode> {
    match command {
        RulesCommand::Check { file, output } => check(&file, output.json)?,
        RulesCommand::List { of, output } => list(&*chosen(&of, sources).await?, output.json)?,
        RulesCommand::Explain { rule, of, output } => {
            explain(&*chosen(&of, sources).await?, &rule, output.json)?;
        }
        RulesCommand::Status(output) => status(sources, output.json).await?,
        RulesCommand::Shadow { file: Some(file), output, .. } => {
            put(sources, &file, output.json, |digest| RuleOrder::Shadow { digest }).await?;
        }
        RulesCommand::Shadow { file: None, output, .. } => {
            let orders = Orders::of_an_administrator(sources).await?;
            orders.told(orders.give(RuleOrder::EndShadow).await?, output.json).await?;
        }
        RulesCommand::Activate { file, canary, output } => {
            let wanted = |digest| match canary {
                None => RuleOrder::Activate { digest },
                Some(percent) => RuleOrder::Canary(Canary { digest, percent }),
            };
            put(sources, &file, output.json, wanted).await?;
        }
        RulesCommand::Rollback(output) => {
            let orders = Orders::of_an_administrator(sources).await?;
            let changed = orders.give(RuleOrder::RollBack).await?;
            if changed.is_none() {
                bail!("what is configured decides, and no canary: there is nothing to go back to");
            }
            orders.told(changed, output.json).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The rules of the file, else those that decide the next run of an account no canary takes.
async fn chosen(of: &RulesFile, sources: &Sources) -> Result<Arc<RuleSet>> {
    if let Some(file) = &of.rules {
        return Ok(Arc::new(rules::read(file)?.rules));
    }
    let configured = rules::configured(&sources.rules()?)?;
    let Some(store) = super::store_in_use(sources)? else { return Ok(Arc::new(configured)) };
    match store.rules().in_force().await?.live {
        Some(live) => Ok(RuleBook::new(store, configured, Arc::new(Timestamp::now)).of_digest(&live).await?),
        None => Ok(Arc::new(configured)),
    }
}

fn check(file: &Path, as_json: bool) -> Result<()> {
    let Reading { rules, changes, remarks, steps } = rules::read(file)?;
    let reference = rules.reference();
    let added = rules.rules().iter().filter(|rule| rule.stated_message().is_some()).count();
    if as_json {
        return output::json(&json!({
            "rule_set": reference, "added_rules": added, "changes": changes, "remarks": remarks, "steps": steps,
        }));
    }
    output::line(&format!(
        "{} {} can be used: {added} rules added, {} changes to the built-in ones",
        reference.id,
        reference.version,
        changes.len()
    ))?;
    for change in &changes {
        let mark = if change.weakens { "WEAKER: " } else { "" };
        output::line(&format!("  {mark}{} from {} to {}", change.what, change.from, change.to))?;
    }
    for remark in &remarks {
        output::line(&format!(
            "  {}: on {} it cannot be judged, and is a violation: {}",
            remark.rule, remark.sample, remark.reason
        ))?;
    }
    if let Some(most) = steps.iter().max_by_key(|took| took.steps).filter(|_| added > 0) {
        output::line(&format!(
            "  on {} they take {} of {MAX_STEPS_TOGETHER} steps",
            most.sample, most.steps
        ))?;
    }
    output::line(&reference.digest)
}

fn list(rules: &RuleSet, as_json: bool) -> Result<()> {
    if as_json {
        let fields = Shape::of_facts().fields();
        return output::json(&json!({
            "rule_set": rules.reference(), "thresholds": rules.thresholds(), "rules": rules.rules(), "fields": fields,
        }));
    }
    let mut table = output::table(&["rule", "domain", "severity", "fires when", "owner"]);
    for rule in rules.rules() {
        table.add_row([&*rule.id, &word(&rule.domain)?, severity(rule), &rule.fires_when, &rule.owner]);
    }
    output::line(&table.to_string())
}

fn explain(rules: &RuleSet, id: &str, as_json: bool) -> Result<()> {
    let rule = rules.rules().iter().find(|rule| rule.id.eq_ignore_ascii_case(id)).with_context(|| {
        format!("there is no rule {id} in {}; gangway rules list names them all", rules.reference().id)
    })?;
    if as_json {
        return output::json(&json!({
            "rule": rule, "message": rule.stated_message(), "reads": rule.reads(), "thresholds": rules.thresholds(),
        }));
    }
    output::line(&format!("{}  {} of the {}", rule.id, severity(rule), word(&rule.domain)?))?;
    output::line(&format!("  fires when: {}", rule.fires_when))?;
    if let Some(message) = rule.stated_message() {
        output::line(&format!("  says:       {message}"))?;
        output::line(&format!("  reads:      {}", rule.reads().join(", ")))?;
    }
    output::line(&format!("  mended by:  {}", rule.owner))?;
    output::line(&format!("  how:        {}", rule.resolution))
}

fn severity(rule: &Rule) -> &'static str {
    match rule.severity {
        Severity::Violation => "violation",
        Severity::Warning => "warning",
    }
}

fn word(value: &impl serde::Serialize) -> Result<String> {
    Ok(serde_json::to_value(value)?.as_str().unwrap_or_default().to_owned())
}

async fn status(sources: &Sources, as_json: bool) -> Result<()> {
    let (store, _) = super::acting(sources, Action::Read).await?;
    let (in_force, changes) = (store.rules().in_force().await?, store.rules().changes(LISTED).await?);
    let shadow: Option<ShadowReport<Difference>> = match &in_force.shadow {
        Some(digest) => Some(store.rules().shadow_report(digest, LISTED).await?),
        None => None,
    };
    let configured = rules::configured(&sources.rules()?)?.reference();
    if as_json {
        return output::json(&json!({
            "configured": configured, "in_force": in_force, "shadow": shadow, "changes": changes,
        }));
    }
    output::line(&standing(sources, &store, &in_force).await?)?;
    if let Some(report) = shadow {
        let (judged, differs) = (report.judged, report.differs);
        output::line(&format!(
            "Runs the shadow has judged: {judged}; it would have decided otherwise: {differs}"
        ))?;
        for run in report.runs {
            output::line(&format!("  {} {}", run.run_id, rules::in_words(&run.difference)))?;
        }
    }
    if !changes.is_empty() {
        output::line("Changes, newest first:")?;
    }
    for change in changes {
        let (at, did) = (format!("{:.0}", change.at), in_words(&store, &change.order).await?);
        output::line(&format!("  {} {at} {}: {did}", change.seq, change.actor))?;
    }
    Ok(())
}

async fn in_words(store: &Store, order: &RuleOrder) -> Result<String> {
    Ok(match order {
        RuleOrder::Activate { digest } => format!("activate {}", name(store, digest).await?),
        RuleOrder::Canary(canary) => {
            format!("canary of {} % with {}", canary.percent, name(store, &canary.digest).await?)
        }
        RuleOrder::Shadow { digest } => format!("shadow {}", name(store, digest).await?),
        RuleOrder::RollBack => "roll back".to_owned(),
        RuleOrder::EndShadow => "end the shadow".to_owned(),
    })
}

/// Who decides, who decides for some, and who only judges.
async fn standing(sources: &Sources, store: &Store, in_force: &RulesInForce) -> Result<String> {
    let live = match &in_force.live {
        Some(digest) => name(store, digest).await?,
        None => {
            let configured = rules::configured(&sources.rules()?)?.reference();
            format!("{} {} (as configured)", configured.id, configured.version)
        }
    };
    let mut says = format!("in force: {live}");
    if let Some(canary) = &in_force.canary {
        says.push_str(&format!(
            "\ncanary:   {} for {} % of the accounts",
            name(store, &canary.digest).await?,
            canary.percent
        ));
    }
    if let Some(digest) = &in_force.shadow {
        says.push_str(&format!("\nshadow:   {}, without effect", name(store, digest).await?));
    }
    Ok(says)
}

async fn name(store: &Store, digest: &str) -> Result<String> {
    let kept = store.rules().get(digest).await?;
    Ok(kept.map_or_else(|| digest.to_owned(), |kept| format!("{} {} ({digest})", kept.id, kept.version)))
}

/// Keeps a file's rules and gives the order that names them.
async fn put(
    sources: &Sources,
    file: &Path,
    as_json: bool,
    wanted: impl FnOnce(String) -> RuleOrder,
) -> Result<()> {
    let reading = rules::read(file)?;
    for change in reading.changes.iter().filter(|change| change.weakens) {
        output::remark(&format!("this makes {} weaker: from {} to {}", change.what, change.from, change.to))?;
    }
    // Before anything is kept: whoever may not order it leaves no trace of the file.
    let orders = Orders::of_an_administrator(sources).await?;
    let rules = Arc::new(reading.rules);
    let book = RuleBook::new(orders.store.clone(), RuleSet::builtin(), Arc::new(Timestamp::now));
    book.keep(&rules).await?;
    orders.told(orders.give(wanted(rules.digest().to_owned())).await?, as_json).await
}

/// What somebody who may orders of the rules.
struct Orders<'a> {
    sources: &'a Sources,
    store: Store,
    person: Person,
}

impl<'a> Orders<'a> {
    async fn of_an_administrator(sources: &'a Sources) -> Result<Self> {
        let (store, person) = super::acting_in_new(sources, Action::Administer).await?;
        Ok(Self { sources, store, person })
    }

    async fn give(&self, order: RuleOrder) -> Result<Option<RuleChange>> {
        let (tool, arguments) = match &order {
            RuleOrder::Activate { digest } => ("rules.activate", json!({ "digest": digest })),
            RuleOrder::Canary(canary) => ("rules.activate", json!(canary)),
            RuleOrder::Shadow { digest } => ("rules.shadow", json!({ "digest": digest })),
            RuleOrder::RollBack => ("rules.rollback", Value::Null),
            RuleOrder::EndShadow => ("rules.shadow", json!({ "off": true })),
        };
        let audit = AuditRecord::done(tool, &self.person.actor(), arguments, Timestamp::now());
        Ok(self.store.rules().change(order, &self.person.name, audit).await?)
    }

    /// Says what decides from the next run on, by name.
    async fn told(&self, change: Option<RuleChange>, as_json: bool) -> Result<()> {
        let Some(change) = change else { return Ok(()) };
        if as_json {
            return output::json(&change);
        }
        let standing = standing(self.sources, &self.store, &change.in_force).await?;
        output::line(&format!("From the next run on:\n{standing}"))
    }
}
