//! What can be configured about schedules, the won-deals poller and forgetting. Read, checked at the start, nothing more.

use super::timetable::Timetable;
use anyhow::{Context as _, Result, bail};
use gangway_store::Forgettable;
use jiff::SignedDuration;
use serde::Deserialize;

/// A job that is switched off.
const OFF: &str = "off";
/// Repeats of webhooks and tool calls are recognised at least so long.
const SHORTEST_MEMORY_DAYS: u32 = 30;

/// One job of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobName {
    /// The Task Monitor's sweep.
    Monitor,
    /// The contract agent's look at blocked runs.
    Contracts,
    /// Deals won in Salesforce.
    WonDeals,
    /// Messages that wait for another attempt, and those of unknown fate.
    Outbox,
    /// Decisions made beside the service, approvals that ran out, and reminders of those that will.
    Approvals,
    /// What a person is paged for.
    Alarms,
    /// Forgetting by age.
    Retention,
    /// Checkpoints of the audit.
    Audit,
}

impl JobName {
    /// Every job.
    pub const ALL: [Self; 8] = [
        Self::Monitor,
        Self::Contracts,
        Self::WonDeals,
        Self::Outbox,
        Self::Approvals,
        Self::Alarms,
        Self::Retention,
        Self::Audit,
    ];

    /// The name in settings, the timer table and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Contracts => "contracts",
            Self::WonDeals => "won_deals",
            Self::Outbox => "outbox",
            Self::Approvals => "approvals",
            Self::Alarms => "alarms",
            Self::Retention => "retention",
            Self::Audit => "audit",
        }
    }

    /// The job of that name.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.name() == text)
    }
}

/// `[schedule]`: when each job runs: a cron expression, `every 30s`, or `off`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// IANA time zone of the cron expressions.
    pub timezone: String,
    /// The Task Monitor's sweep.
    pub monitor: String,
    /// The contract agent's look at blocked runs.
    pub contracts: String,
    /// Deals won in Salesforce; for orgs that send no webhook.
    pub won_deals: String,
    /// Messages that wait for another attempt, and those of unknown fate.
    pub outbox: String,
    /// Decisions made beside the service, approvals that ran out, and reminders of those that will.
    pub approvals: String,
    /// What a person is paged for.
    pub alarms: String,
    /// Forgetting by age.
    pub retention: String,
    /// Checkpoints of the audit: what came after the last one could be cut off unnoticed.
    pub audit: String,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            timezone: "UTC".to_owned(),
            monitor: "*/15 * * * *".to_owned(),
            contracts: "*/15 * * * *".to_owned(),
            won_deals: OFF.to_owned(),
            outbox: "every 5s".to_owned(),
            // Somebody at the command line waits for what they approved.
            approvals: "every 2s".to_owned(),
            alarms: "every 30s".to_owned(),
            retention: "30 3 * * *".to_owned(),
            audit: "every 10s".to_owned(),
        }
    }
}

impl Schedule {
    /// When a job is due; none when it is off.
    pub fn timetable(&self, job: JobName) -> Result<Option<Timetable>> {
        let text = match job {
            JobName::Monitor => &self.monitor,
            JobName::Contracts => &self.contracts,
            JobName::WonDeals => &self.won_deals,
            JobName::Outbox => &self.outbox,
            JobName::Approvals => &self.approvals,
            JobName::Alarms => &self.alarms,
            JobName::Retention => &self.retention,
            JobName::Audit => &self.audit,
        };
        if text.trim() == OFF {
            return Ok(None);
        }
        Timetable::parse(text, &self.timezone)
            .map(Some)
            .with_context(|| format!("schedule.{} cannot be used", job.name()))
    }
}

/// `[won_deals]`: how the poller looks.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WonDeals {
    /// How far back the very first look goes.
    pub first_look_days: u32,
    /// How far each look reaches back before the last one: a row may become visible later than its time says.
    pub overlap_minutes: u32,
    /// Deals closed longer ago are left alone: somebody corrected an old record.
    pub oldest_close_days: u32,
}

impl Default for WonDeals {
    fn default() -> Self {
        Self { first_look_days: 1, overlap_minutes: 30, oldest_close_days: 30 }
    }
}

/// `[retention]`: days after which each kind is forgotten.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// First answers of writing tools.
    pub idempotency_answers_days: u32,
    /// What sent messages said.
    pub message_bodies_days: u32,
    /// Recorded steps of ended runs.
    pub journals_days: u32,
    /// Correlation ids of ended runs.
    pub correlation_ids_days: u32,
    /// Which inbound events were answered how.
    pub inbound_events_days: u32,
    /// Records of calls to a language model.
    pub llm_calls_days: u32,
    /// Report files; kept forever when absent.
    pub reports_days: Option<u32>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            idempotency_answers_days: 90,
            message_bodies_days: 90,
            journals_days: 30,
            correlation_ids_days: 180,
            inbound_events_days: 90,
            llm_calls_days: 90,
            reports_days: None,
        }
    }
}

impl Retention {
    /// How long a kind is kept.
    pub fn age(&self, kind: Forgettable) -> SignedDuration {
        days(match kind {
            Forgettable::IdempotencyAnswers => self.idempotency_answers_days,
            Forgettable::MessageBodies => self.message_bodies_days,
            Forgettable::Journals => self.journals_days,
            Forgettable::CorrelationIds => self.correlation_ids_days,
            Forgettable::InboundEvents => self.inbound_events_days,
            Forgettable::LlmCalls => self.llm_calls_days,
        })
    }

    /// Refuses ages at which repeats would be taken for something new.
    pub fn check(&self) -> Result<()> {
        let remembering =
            [Forgettable::IdempotencyAnswers, Forgettable::CorrelationIds, Forgettable::InboundEvents];
        for kind in remembering {
            if self.age(kind) < days(SHORTEST_MEMORY_DAYS) {
                bail!(
                    "retention.{}_days is less than {SHORTEST_MEMORY_DAYS}: a repeated request would be taken for a new one",
                    kind.name()
                );
            }
        }
        Ok(())
    }
}

/// So many days of 24 hours.
pub fn days(count: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(count).saturating_mul(24))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{JobName, Retention, Schedule};

    #[test]
    fn what_is_built_in_can_be_used() {
        let schedule = Schedule::default();
        for job in JobName::ALL {
            let expected = job != JobName::WonDeals;
            assert_eq!(schedule.timetable(job).unwrap().is_some(), expected, "{}", job.name());
            assert_eq!(JobName::named(job.name()), Some(job));
        }
        Retention::default().check().unwrap();
    }

    #[test]
    fn a_schedule_that_cannot_be_used_is_named_by_its_setting() {
        let schedule = Schedule { monitor: "quarterly".to_owned(), ..Schedule::default() };
        let error = format!("{:#}", schedule.timetable(JobName::Monitor).unwrap_err());
        assert!(error.contains("schedule.monitor") && error.contains("quarterly"), "{error}");
    }

    #[test]
    fn a_memory_too_short_to_recognise_repeats_is_refused() {
        let short = Retention { correlation_ids_days: 29, ..Retention::default() };
        assert!(short.check().unwrap_err().to_string().contains("correlation_ids_days"));
        Retention { journals_days: 0, ..Retention::default() }.check().unwrap();
    }
}
