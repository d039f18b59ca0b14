//! What a person is to be paged for: a breaker that stays open, credentials that are refused, a day's calls that run out, a
//! BLOCK rate that jumps, a tool that is not what it was, an audit that is not sealed.
//!
//! Pure: what is seen comes in, alarms come out, each with a key by which the pager recognises a repeat. When it is
//! asked, and who is paged, is the scheduler's business.

use super::view::VendorView;
use serde::Serialize;
use std::time::Duration;

/// From when on something is worth waking a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmSettings {
    /// A breaker that has not been closed for this long.
    pub breaker_open: Duration,
    /// Refused credentials, this often in a row: one refusal happens when a token ends, and NetSuite answers an
    /// exceeded concurrency limit with one.
    pub refusals: u64,
    /// Fewer recent decisions say nothing about a rate.
    pub least_decisions: u32,
    /// Percentage points by which the recent BLOCK rate lies above the usual one; it must also be twice as high.
    pub block_points: u32,
}

impl Default for AlarmSettings {
    /// A minute; three refusals; thirty points over the usual rate, of at least ten decisions.
    fn default() -> Self {
        Self { breaker_open: Duration::from_secs(60), refusals: 3, least_decisions: 10, block_points: 30 }
    }
}

/// Decisions of a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Decided {
    /// How many in all.
    pub decisions: u32,
    /// How many of them BLOCK.
    pub blocked: u32,
}

impl Decided {
    /// Share of BLOCK in per cent; none without decisions.
    fn block_percent(self) -> Option<u32> {
        (self.decisions > 0).then(|| self.blocked.saturating_mul(100) / self.decisions)
    }
}

/// Something a person is to know now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// The same for the same trouble, however often it is found.
    pub dedup_key: String,
    /// What is wrong and what to do, in one line.
    pub summary: String,
}

/// Every alarm that is due. `recent` and `usual` are the decisions of, say, the last hour and the last week before it.
#[must_use]
pub fn alarms(
    settings: &AlarmSettings,
    vendors: &[VendorView],
    recent: Decided,
    usual: Decided,
) -> Vec<Alarm> {
    let open = vendors.iter().filter_map(|view| stays_open(settings, view));
    let refused = vendors.iter().filter_map(|view| credentials(settings, view));
    let short = vendors.iter().filter_map(day);
    open.chain(refused).chain(short).chain(block_rate(settings, recent, usual)).collect()
}

/// That of an audit that could not be sealed, for whatever reason: the place cannot be written, or it was tampered with.
#[must_use]
pub fn unsealed(why: &str) -> Alarm {
    Alarm {
        dedup_key: "gangway/audit".to_owned(),
        summary: format!(
            "the audit is not sealed any more, so what is added could be cut off unnoticed; gangway audit verify says whether it was tampered with: {why}"
        ),
    }
}

/// That of a tool on another server which is refused, because its definition is not the one it is pinned to.
#[must_use]
pub fn drifted(tool: &str) -> Alarm {
    Alarm {
        dedup_key: format!("gangway/drift/{tool}"),
        summary: format!(
            "{tool} is not called any more: its server defines it otherwise than this release does. See who changed that server: gangway audit search --tool tools.drift"
        ),
    }
}

fn stays_open(settings: &AlarmSettings, view: &VendorView) -> Option<Alarm> {
    let open_for = view.open_for.filter(|open_for| *open_for >= settings.breaker_open)?;
    let name = view.vendor.name();
    let last = view.last_failure.as_deref().unwrap_or("no code");
    Some(Alarm {
        dedup_key: format!("gangway/breaker/{name}"),
        summary: format!(
            "{name} has not answered for {} s (last: {last}); onboardings that need it are blocked. Check its status page",
            open_for.as_secs()
        ),
    })
}

fn credentials(settings: &AlarmSettings, view: &VendorView) -> Option<Alarm> {
    let trouble = view.authentication.as_ref().filter(|trouble| trouble.refusals >= settings.refusals)?;
    let name = view.vendor.name();
    let last = view.last_failure.as_deref().unwrap_or("no code");
    Some(Alarm {
        dedup_key: format!("gangway/authentication/{name}"),
        summary: format!(
            "{name} has refused our credentials {} times ({last}). Renew them and try: gangway doctor",
            trouble.refusals
        ),
    })
}

fn day(view: &VendorView) -> Option<Alarm> {
    let day = view.day.filter(|_| view.is_day_short)?;
    let name = view.vendor.name();
    Some(Alarm {
        dedup_key: format!("gangway/day/{name}"),
        summary: format!(
            "{} of the {} calls {name} allows in 24 hours are used, ours and others' of the same account; when none are left, onboardings are blocked. Find out who uses them, or have the limit raised",
            day.used, day.limit
        ),
    })
}

fn block_rate(settings: &AlarmSettings, recent: Decided, usual: Decided) -> Option<Alarm> {
    let now = recent.block_percent().filter(|_| recent.decisions >= settings.least_decisions)?;
    // Without a past every rate is the usual one.
    let before = usual.block_percent()?;
    (now >= before + settings.block_points && now >= before * 2).then(|| Alarm {
        dedup_key: "gangway/block-rate".to_owned(),
        summary: format!(
            "{now} % of the last {} decisions are BLOCK, usually {before} %. See why: gangway runs list --state blocked",
            recent.decisions
        ),
    })
}

#[cfg(test)]
mod tests;
