//! What limits are set to: `[limits]` of the configuration over defaults that come from the vendors' own documentation.
//!
//! Everything may be left out. It reads no file; [`super::Limits::replace`] puts new settings in force.

use super::breaker::BreakerSettings;
use super::deadlines::Deadlines;
use crate::access::policy::Subject;
use gangway_protocol::Agent;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// An outside system with limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Salesforce.
    Salesforce,
    /// The contract system: DocuSign.
    Clm,
    /// NetSuite.
    Netsuite,
    /// Slack.
    Slack,
    /// PagerDuty.
    Pager,
}

impl Vendor {
    /// Every vendor.
    pub const ALL: [Self; 5] = [Self::Salesforce, Self::Clm, Self::Netsuite, Self::Slack, Self::Pager];

    /// The name as in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Salesforce => "salesforce",
            Self::Clm => "clm",
            Self::Netsuite => "netsuite",
            Self::Slack => "slack",
            Self::Pager => "pager",
        }
    }

    /// Whether it bounds the calls at once of an account, over all who use it; the others bound rates.
    pub(super) fn counts_by_account(self) -> bool {
        match self {
            Self::Salesforce | Self::Netsuite => true,
            Self::Clm | Self::Slack | Self::Pager => false,
        }
    }
}

/// All limits of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Toward Salesforce.
    pub salesforce: VendorLimits,
    /// Toward DocuSign.
    pub clm: VendorLimits,
    /// Toward NetSuite.
    pub netsuite: VendorLimits,
    /// Toward Slack.
    pub slack: VendorLimits,
    /// Toward PagerDuty.
    pub pager: VendorLimits,
    /// On those who call our tools.
    pub callers: CallerSettings,
    /// How single reads are brought together.
    pub coalesce: CoalesceSettings,
    /// Tools whose calls may take less time than others, in milliseconds by name.
    pub tool_deadlines_ms: Deadlines,
}

impl LimitSettings {
    /// What holds toward one vendor.
    #[must_use]
    pub fn toward(&self, vendor: Vendor) -> GateSettings {
        match vendor {
            Vendor::Salesforce => self.salesforce.over(SALESFORCE),
            Vendor::Clm => VendorLimits { per_hour: self.clm.per_hour.or(Some(DOCUSIGN_HOUR)), ..self.clm }
                .over(DOCUSIGN),
            Vendor::Netsuite => self.netsuite.over(NETSUITE),
            Vendor::Slack => self.slack.over(MESSENGER),
            Vendor::Pager => self.pager.over(MESSENGER),
        }
    }
}

/// Limits toward one vendor; what is absent keeps its default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VendorLimits {
    /// Calls in flight at once.
    pub concurrency: Option<u16>,
    /// Calls that may wait for their turn; the next one is refused.
    pub queue: Option<u16>,
    /// Longest wait for a turn, in milliseconds.
    pub longest_wait_ms: Option<u64>,
    /// Calls a second in the long run; 0 lifts the limit.
    pub per_second: Option<u32>,
    /// Calls at once after a pause.
    pub burst: Option<u32>,
    /// Calls in a clock hour; 0 lifts the limit.
    pub per_hour: Option<u32>,
    /// Share of the day's calls that is an alarm when it is used; of vendors whose answers tell it, as Salesforce's do.
    pub day_alarm_percent: Option<u8>,
    /// Share of failed calls that opens the breaker.
    pub failure_percent: Option<u8>,
    /// Calls in the window below which the breaker stays closed.
    pub minimum_calls: Option<u16>,
    /// Accounts that must have failed.
    pub failing_subjects: Option<u16>,
    /// How far back the breaker looks, in milliseconds.
    pub window_ms: Option<u64>,
    /// Wait before a probe, in milliseconds; doubles with each failed probe that speaks for the vendor.
    pub cool_down_ms: Option<u64>,
    /// Longest wait between probes, in milliseconds.
    pub longest_cool_down_ms: Option<u64>,
}

/// Limits toward one vendor, complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateSettings {
    /// Calls in flight at once.
    pub concurrency: u16,
    /// Calls that may wait.
    pub queue: u16,
    /// Longest wait for a turn or a token of the rate.
    pub longest_wait: Duration,
    /// Rate, if there is one.
    pub rate: Option<RateSettings>,
    /// Calls in a clock hour, if they are limited.
    pub per_hour: Option<u32>,
    /// Share of the day's calls that is an alarm.
    pub day_alarm_percent: u8,
    /// The breaker.
    pub breaker: BreakerSettings,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateSettings {
    /// Tokens added a second.
    pub per_second: u32,
    /// Tokens it holds.
    pub burst: u32,
}

/// Salesforce limits the day's calls, and those that run longer than 20 seconds to 25 at once.
const SALESFORCE: (u16, Option<RateSettings>) = (25, None);
/// 500 calls in any 30 seconds: what a full bucket holds and what comes in during them may not be more.
const DOCUSIGN: (u16, Option<RateSettings>) = (10, Some(RateSettings { per_second: 10, burst: 200 }));
/// And so many in a clock hour, for everybody who uses the account.
const DOCUSIGN_HOUR: u32 = 3_000;
/// The smallest account allows five calls in all, over every kind of API.
const NETSUITE: (u16, Option<RateSettings>) = (5, None);
/// Slack limits each channel and says when to come back; PagerDuty likewise.
const MESSENGER: (u16, Option<RateSettings>) = (16, None);

/// Early enough to do something about it before onboardings stop.
const DAY_ALARM_PERCENT: u8 = 80;
const QUEUE: u16 = 1_000;
/// Half of the patience of a vendor call, so that a call that waited still has time for an attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

impl VendorLimits {
    fn over(&self, (concurrency, rate): (u16, Option<RateSettings>)) -> GateSettings {
        let usual = BreakerSettings::default();
        let ms = |given: Option<u64>, usual| given.map_or(usual, Duration::from_millis);
        let rate = match self.per_second {
            None => rate.map(|rate| RateSettings { burst: self.burst.unwrap_or(rate.burst), ..rate }),
            Some(0) => None,
            Some(per_second) => Some(RateSettings { per_second, burst: self.burst.unwrap_or(per_second) }),
        };
        GateSettings {
            concurrency: self.concurrency.unwrap_or(concurrency),
            queue: self.queue.unwrap_or(QUEUE),
            longest_wait: ms(self.longest_wait_ms, LONGEST_WAIT),
            rate,
            per_hour: self.per_hour.filter(|per_hour| *per_hour > 0),
            day_alarm_percent: self.day_alarm_percent.unwrap_or(DAY_ALARM_PERCENT),
            breaker: BreakerSettings {
                failure_percent: self.failure_percent.unwrap_or(usual.failure_percent),
                minimum_calls: self.minimum_calls.map_or(usual.minimum_calls, usize::from),
                failing_subjects: self.failing_subjects.map_or(usual.failing_subjects, usize::from),
                window: ms(self.window_ms, usual.window),
                cool_down: ms(self.cool_down_ms, usual.cool_down),
                longest_cool_down: ms(self.longest_cool_down_ms, usual.longest_cool_down),
            },
        }
    }
}

/// Limits on those who call our tools.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallerSettings {
    /// Calls a second of one tool by one caller; 0 lifts the limit.
    pub per_second: Option<u32>,
    /// Calls at once after a pause.
    pub burst: Option<u32>,
    /// Calls of one server that may run at once in this process.
    pub in_flight: Option<u16>,
    /// Callers with buckets of another size, each with its own; named as in a policy.
    pub named: BTreeMap<Subject, RateSettings>,
}

/// Whoever calls too often is a model in a loop: twenty a second is more than a person's host ever needs.
const CALLER: RateSettings = RateSettings { per_second: 20, burst: 200 };
/// Far above what a run-all needs, and small enough that a stuck system does not fill the process.
const IN_FLIGHT: u16 = 1_024;

impl CallerSettings {
    pub(super) fn others(&self) -> Option<RateSettings> {
        match self.per_second.unwrap_or(CALLER.per_second) {
            0 => None,
            per_second => Some(RateSettings { per_second, burst: self.burst.unwrap_or(CALLER.burst) }),
        }
    }

    /// In the order in which a caller is looked for: by name before a group, of groups the slowest first. What our agents
    /// ask is bounded by the runs in flight and by the vendors' limits.
    pub(super) fn named(&self) -> Vec<(Subject, Option<RateSettings>)> {
        let agents = Agent::ALL.map(Subject::Agent).into_iter();
        let others = agents.filter(|agent| !self.named.contains_key(agent)).map(|agent| (agent, None));
        let named = self.named.iter().map(|(subject, rate)| (subject.clone(), Some(*rate)));
        let mut named: Vec<(Subject, Option<RateSettings>)> = named.chain(others).collect();
        let speed = |rate: &RateSettings| (rate.per_second, rate.burst);
        named.sort_by_key(|(subject, rate)| (subject.is_group(), rate.as_ref().map(speed)));
        named
    }

    pub(super) fn in_flight(&self) -> usize {
        usize::from(self.in_flight.unwrap_or(IN_FLIGHT))
    }
}

/// How single reads of one caller are brought together into one vendor call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoalesceSettings {
    /// A batch goes out when nobody joined it for this long, in milliseconds; 0 turns batches off.
    pub window_ms: u64,
    /// Longest time the first of a batch waits, in milliseconds.
    pub longest_ms: u64,
}

impl CoalesceSettings {
    /// The same for a process that runs many accounts and cares for calls more than for milliseconds: what begins
    /// together takes a while to arrive when the processor is busy. Off stays off.
    #[must_use]
    pub fn for_many(self) -> Self {
        match self.window_ms {
            0 => self,
            window_ms => Self { window_ms: window_ms.max(100), longest_ms: self.longest_ms.max(1_000) },
        }
    }
}

impl Default for CoalesceSettings {
    /// Two milliseconds after the last one, twenty-five after the first.
    fn default() -> Self {
        Self { window_ms: 2, longest_ms: 25 }
    }
}

#[cfg(test)]
mod tests {
    use super::{LimitSettings, RateSettings, Vendor, VendorLimits};
    use std::time::Duration;

    #[test]
    fn what_is_not_said_keeps_the_vendors_own_limit() {
        let mut settings = LimitSettings::default();
        assert_eq!(settings.toward(Vendor::Netsuite).concurrency, 5);
        settings.netsuite = VendorLimits { cool_down_ms: Some(1), ..VendorLimits::default() };
        let netsuite = settings.toward(Vendor::Netsuite);
        assert_eq!((netsuite.concurrency, netsuite.breaker.cool_down), (5, Duration::from_millis(1)));
    }

    #[test]
    fn docusigns_burst_is_never_exceeded_in_thirty_seconds() {
        let rate = LimitSettings::default().toward(Vendor::Clm).rate;
        assert!(rate.is_some_and(|rate| rate.burst + 30 * rate.per_second <= 500), "{rate:?}");
    }

    #[test]
    fn docusigns_hour_is_kept_to_unless_it_is_lifted() {
        let per_hour = |per_hour| {
            let clm = VendorLimits { per_hour, ..VendorLimits::default() };
            let settings = LimitSettings { clm, ..LimitSettings::default() };
            [Vendor::Clm, Vendor::Salesforce].map(|vendor| settings.toward(vendor).per_hour)
        };
        assert_eq!(per_hour(None), [Some(3_000), None]);
        assert_eq!(per_hour(Some(10_000)), [Some(10_000), None]);
        assert_eq!(per_hour(Some(0)), [None, None]);
    }

    #[test]
    fn callers_are_named_as_in_a_policy_and_in_no_other_way() {
        let read = |name: &str| {
            let text = format!("callers.named.\"{name}\" = {{ per_second = 5, burst = 50 }}");
            toml::from_str::<LimitSettings>(&text).map_err(|error| error.message().to_owned())
        };
        for name in
            ["host:desk", "person:Jo Doe", "agent:coordinator", "local:desk", "role:cs", "host", "scope:x"]
        {
            let written = read(name).map(|settings| serde_json::json!(settings.callers.named));
            assert_eq!(written, Ok(serde_json::json!({ name: { "per_second": 5, "burst": 50 } })), "{name}");
        }
        for name in ["desk", "coordinator", "host desk ada", "agent:nobody", "person:", "user:jo", ""] {
            assert!(read(name).is_err_and(|problem| problem.contains("write agent:NAME")), "{name:?}");
        }
    }

    #[test]
    fn a_rate_can_be_set_changed_and_lifted() {
        let rate = |per_second, burst| {
            let clm = VendorLimits { per_second, burst, ..VendorLimits::default() };
            LimitSettings { clm, ..LimitSettings::default() }.toward(Vendor::Clm).rate
        };
        assert_eq!(rate(Some(0), None), None);
        assert_eq!(rate(Some(3), None), Some(RateSettings { per_second: 3, burst: 3 }));
        assert_eq!(rate(None, Some(9)), Some(RateSettings { per_second: 10, burst: 9 }));
    }
}
