//! Whether everybody was told. What a run owes by its end must be in the record's effects, sent by the outbox, and in the
//! simulator's ledger for its receiver. A doubt is left only where a crash or a lost answer leaves one, a failure only
//! where the disturbance explains it.

use crate::case::Case;
use crate::disturbance::is_out_of_time;
use crate::verdict::{Found, list};
use gangway_simulator::{Effect, EffectKind, Vendor};
use serde_json::Value;
use std::collections::BTreeMap;

/// Who is to see a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Receiver {
    /// A channel in Slack.
    Channel(&'static str),
    /// One of us, by mail.
    Us,
    /// The customer, by mail.
    Customer,
    /// Salesforce, which is not a message.
    Salesforce,
}

/// A label of the effects plan, and who is told.
type Owed = (&'static str, Receiver);

const ONBOARDING: Receiver = Receiver::Channel("cs-onboarding");
const ALERTS: Receiver = Receiver::Channel("cs-onboarding-alerts");
const FINANCE: Receiver = Receiver::Channel("finance-alerts");

/// What every run of this end tells people.
const TOLD_BY_EACH_RUN: &[(&str, &[Owed])] = &[
    (
        "completed",
        &[
            ("slack_success", ONBOARDING),
            ("email_success", Receiver::Us),
            ("salesforce_status", Receiver::Salesforce),
        ],
    ),
    ("awaiting_approval", &[]),
    ("blocked", &[("slack_blocked", ALERTS), ("email_blocked", Receiver::Us)]),
    ("parked", &[("slack_parked", ALERTS)]),
];
/// What every run that asked a person has told, however that ended.
const TOLD_OF_APPROVALS: &[Owed] = &[("slack_escalation", ONBOARDING), ("email_escalation", Receiver::Us)];
/// What finance is told of an overdue invoice, unless the customer is simply taken in.
const TOLD_OF_ARREARS: &[Owed] = &[("slack_finance", FINANCE)];
const ARREARS: &str = "INV-101";
/// What a customer is told once, by whichever run of theirs comes first.
const TOLD_ONCE: &[Owed] = &[("email_welcome", Receiver::Customer), ("email_training", Receiver::Customer)];

/// Tasks that stand for the customer's mails, each with the mails it comes after.
const TASKS: [(&str, &[&str]); 2] =
    [("T003", &["/email_welcome"]), ("T004", &["/email_welcome", "/email_training"])];

/// Mails that one telling sends at once to a customer who is taken in, and to everybody else.
const MAILS_AT_ONCE: (u64, u64) = (3, 1);
/// Everybody else is a customer.
const OURS: &str = "@northwind.example";

/// Judges what people were told; gives how many messages are of unknown fate.
pub fn judge(case: &Case, found: &Found, ledger: &[Effect], problems: &mut Vec<String>) -> usize {
    let look = Look { case, found, arrived: arrivals(ledger, problems) };
    for record in &found.runs {
        look.presence(record, problems);
        for effect in list(record, "effects") {
            look.fate(record, effect, problems);
        }
    }
    look.checklist(problems);
    look.outbox(problems)
}

/// Who got a message, by its name: a Slack message's is our key in its metadata, a mail's its Message-ID.
fn arrivals<'l>(ledger: &'l [Effect], problems: &mut Vec<String>) -> BTreeMap<&'l str, &'l str> {
    let mut arrived = BTreeMap::new();
    for effect in ledger {
        let name = match effect.kind {
            EffectKind::SlackMessage => &effect.detail["metadata"]["event_payload"]["idempotency_key"],
            EffectKind::Mail => &effect.detail["message_id"],
            EffectKind::SlackUpdate
            | EffectKind::Page
            | EffectKind::CrmUpdate
            | EffectKind::EnvelopeReminder => continue,
        };
        let name = name.as_str().unwrap_or("a message without name");
        if arrived.insert(name, effect.target.as_str()).is_some() {
            problems.push(format!("{name} arrived twice"));
        }
    }
    arrived
}

struct Look<'a> {
    case: &'a Case,
    found: &'a Found,
    arrived: BTreeMap<&'a str, &'a str>,
}

impl Look<'_> {
    /// The record names everything that a run of this end owes.
    fn presence(&self, record: &Value, problems: &mut Vec<String>) {
        let mut missing = |owed: &[Owed], effects: &[&Value]| {
            for (label, _) in owed {
                if !effects.iter().any(|effect| is_labelled(effect, label)) {
                    let state = &record["state"];
                    problems.push(format!("the run is {state} and nothing says what became of {label}"));
                }
            }
        };
        let own: Vec<&Value> = list(record, "effects").iter().collect();
        let by_state = TOLD_BY_EACH_RUN.iter().find(|(state, _)| record["state"] == *state);
        missing(by_state.map_or(&[][..], |(_, owed)| owed), &own);
        let decision = &record["decision"];
        // One that is parked may not have come as far as telling it.
        if record["state"] == "parked" {
            return;
        }
        if decision["outcome"] == "ESCALATE" {
            missing(TOLD_OF_APPROVALS, &own);
        }
        let mut findings = list(decision, "warnings").iter().chain(list(decision, "violations"));
        if decision["outcome"] != "PROCEED" && findings.any(|finding| finding["rule"] == ARREARS) {
            missing(TOLD_OF_ARREARS, &own);
        }
        if record["state"] == "completed" {
            let all: Vec<&Value> = self.found.runs.iter().flat_map(|run| list(run, "effects")).collect();
            missing(TOLD_ONCE, &all);
        }
    }

    /// What an effect says of a message is so: it reached its receiver, or it is known why not.
    fn fate(&self, record: &Value, effect: &Value, problems: &mut Vec<String>) {
        let (label, status) = (&effect["label"], &effect["status"]);
        let Some(receiver) = receiver(effect) else { return };
        if receiver == Receiver::Salesforce {
            // That Salesforce has it is judged with what receivers saw.
            if !self.excuses(status) {
                problems.push(format!(
                    "{label} is {status}, and nothing explains it: {}",
                    effect["error"]["message"]
                ));
            }
            return;
        }
        let Some(message) = self.message(record, effect) else {
            problems
                .push(format!("{label} is {status} and stands in no outbox: {}", effect["error"]["message"]));
            return;
        };
        // The others are judged with the outbox.
        if message["state"] == "sent" {
            let seen_by = name(message).and_then(|name| self.arrived.get(name));
            let is_right = |target: &&str| match receiver {
                Receiver::Channel(channel) => **target == *channel,
                Receiver::Us => target.ends_with(OURS),
                Receiver::Customer => target.contains('@') && !target.ends_with(OURS),
                Receiver::Salesforce => false,
            };
            if !seen_by.is_some_and(is_right) {
                problems.push(format!("{label} counts as sent to {receiver:?}; it arrived at {seen_by:?}"));
            }
        }
    }

    /// The outbox's message for an effect; of a call that was given up before it answered, that of its key.
    fn message(&self, record: &Value, effect: &Value) -> Option<&Value> {
        self.found.outbox.iter().find(|message| match effect["message_id"].as_str() {
            Some(id) => message["message_id"] == id,
            None => {
                let label = message["key"].as_str().and_then(|key| key.rsplit('/').next());
                message["run_id"] == record["run_id"] && label == effect["label"].as_str()
            }
        })
    }

    /// A task that stands for a mail is completed when the mail was sent, be it later, and only then.
    fn checklist(&self, problems: &mut Vec<String>) {
        let is_sent = |label: &str| {
            self.found.outbox.iter().any(|message| {
                message["state"] == "sent" && message["key"].as_str().is_some_and(|key| key.ends_with(label))
            })
        };
        for task in &self.found.tasks {
            let Some((code, mails)) = TASKS.iter().find(|(code, _)| task["code"] == *code) else { continue };
            let is_due = mails.iter().all(|mail| is_sent(mail));
            if is_due != (task["status"] == "completed") {
                problems.push(format!("{code} is {}; its mails were sent: {is_due}", task["status"]));
            }
        }
    }

    /// Every message has ended, and what the outbox calls sent arrived. Gives how many are of unknown fate.
    fn outbox(&self, problems: &mut Vec<String>) -> usize {
        let mut known = Vec::new();
        let mut unknown = 0_usize;
        for message in &self.found.outbox {
            let what = format!("{} ({})", message["key"], message["why"]);
            match (message["state"].as_str(), message["channel"].as_str()) {
                (Some("sent"), Some("page")) => {}
                (Some("sent"), _) => match name(message).filter(|name| self.arrived.contains_key(name)) {
                    Some(name) => known.push(name),
                    None => problems.push(format!("{what} counts as sent and did not arrive")),
                },
                (Some("unknown"), Some("mail")) => unknown += 1,
                (state, channel) => problems.push(format!("{what} is {state:?}, by {channel:?}")),
            }
        }
        // A mail of unknown fate may have arrived; Slack has been asked.
        let strays: Vec<_> = self.arrived.keys().filter(|name| !known.contains(*name)).collect();
        if strays.len() > unknown {
            problems.push(format!("{strays:?} arrived, and {unknown} messages are unknown"));
        }
        let most = self.most_unknown();
        if unknown as u64 > most {
            problems.push(format!("{unknown} messages are unknown; what happened explains {most}"));
        }
        unknown
    }

    /// How many mails may be of unknown fate: those under way when the service died, and those whose answer was lost.
    fn most_unknown(&self) -> u64 {
        // A step's own places are passed before or after everything it does.
        let is_telling = !["step.", "run."].iter().any(|before| self.case.place.starts_with(before));
        let is_taken_in = |record: &Value| record["state"] == "completed" || record["state"] == "parked";
        let at_once = match self.found.runs.iter().any(is_taken_in) {
            true => MAILS_AT_ONCE.0,
            false => MAILS_AT_ONCE.1,
        };
        let died_over = if is_telling { u64::from(self.found.crashes) * at_once } else { 0 };
        died_over + self.case.disturbance().answers_lost_by(Vendor::Smtp)
    }

    /// Whether Salesforce may say nothing of an update, or the clock is why it was refused.
    fn excuses(&self, status: &Value) -> bool {
        let disturbance = self.case.disturbance();
        match status.as_str() {
            Some("done") => true,
            Some("unknown") => disturbance.answers_lost_by(Vendor::Salesforce) > 0,
            Some("failed") => is_out_of_time(&disturbance),
            _ => false,
        }
    }
}

/// By what the ledger knows a message of the outbox.
fn name(message: &Value) -> Option<&str> {
    let name = if message["channel"] == "mail" { "reference" } else { "key" };
    message[name].as_str()
}

/// Who is told by an effect; none where it tells nobody.
fn receiver(effect: &Value) -> Option<Receiver> {
    let by_each_run = TOLD_BY_EACH_RUN.iter().flat_map(|(_, owed)| *owed);
    let all = by_each_run.chain(TOLD_OF_APPROVALS).chain(TOLD_OF_ARREARS).chain(TOLD_ONCE);
    all.into_iter().find(|(label, _)| is_labelled(effect, label)).map(|(_, receiver)| *receiver)
}

/// Whether an effect is that of the label, in whichever round.
fn is_labelled(effect: &Value, label: &str) -> bool {
    let rest = effect["label"].as_str().and_then(|found| found.strip_prefix(label));
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('_').is_some_and(|round| round.parse::<u32>().is_ok())
    })
}
