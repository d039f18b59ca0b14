//! What a schedule means: a cron expression in a time zone, or an interval; and what a clock that was set back means.
//!
//! Pure: every time is handed in. The next due instant is worked out from the schedule alone, never from when something
//! finished, so nothing drifts.

use anyhow::{Context as _, Result, bail};
use cronexpr::{Crontab, MakeTimestamp, parse_crontab};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// Shortest interval; more often is polling.
const SHORTEST: SignedDuration = SignedDuration::from_secs(1);
/// Longest jump of a zone's clocks in history is a day (Samoa, 2011); searching begins that far back.
const LONGEST_JUMP_HOURS: i64 = 25;

/// When a job is due.
#[derive(Debug, Clone)]
pub struct Timetable {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// At whole multiples of the interval since 1970.
    Every(SignedDuration),
    /// Every hour of the day counts, so instants are what matters: the hour that comes twice in autumn counts twice.
    EachHour(Box<Crontab>),
    /// Certain hours: times on the wall. What falls into the hour left out in spring comes after the jump; what falls
    /// into the hour that comes twice in autumn comes the first time.
    OnTheWall(Box<Crontab>, TimeZone),
}

impl Timetable {
    /// Reads `*/15 * * * *` (minute, hour, day, month, weekday; in the zone) or `every 30s`.
    pub fn parse(text: &str, zone: &str) -> Result<Self> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(interval) = text.strip_prefix("every ") {
            let interval: SignedDuration = interval.parse().with_context(|| {
                format!("{text:?} is no schedule: write a duration such as every 30s or every 15m")
            })?;
            if interval < SHORTEST {
                bail!("{text:?} is too often: once a second is the most");
            }
            return Ok(Self { text, kind: Kind::Every(interval) });
        }
        let crontab = |zone: &str| {
            parse_crontab(&format!("{text} {zone}")).map(Box::new).map_err(|error| {
                anyhow::anyhow!("{text:?} is no schedule in time zone {zone:?}: write five fields such as */15 * * * *, or every 30s ({error})")
            })
        };
        let in_zone = crontab(zone)?;
        let kind = match text.split(' ').nth(1) {
            Some("*") => Kind::EachHour(in_zone),
            _ => Kind::OnTheWall(crontab("UTC")?, TimeZone::get(zone)?),
        };
        let timetable = Self { text: format!("{text} {zone}"), kind };
        timetable.next_after(Timestamp::UNIX_EPOCH).with_context(|| format!("{text:?} is never due"))?;
        Ok(timetable)
    }

    /// The schedule in words: another text, another schedule.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first due instant after `at`; an error when there is none within years.
    pub fn next_after(&self, at: Timestamp) -> Result<Timestamp> {
        match &self.kind {
            Kind::Every(interval) => after_interval(*interval, at),
            Kind::EachHour(crontab) => find(crontab, at),
            Kind::OnTheWall(crontab, zone) => on_the_wall(crontab, zone, at),
        }
    }

    /// Where a timer belongs whose due instant was set when the clock was further on than it is now; none when it
    /// belongs where it is.
    ///
    /// A clock set back by less than two firings is waited out, so that nothing fires twice. By more, waiting would be
    /// standing still: the timer goes on from the second instant to come, so that between two firings there is always
    /// a whole gap of the schedule.
    pub fn after_clock_step(&self, due: Timestamp, now: Timestamp) -> Result<Option<Timestamp>> {
        let second = self.next_after(self.next_after(now)?)?;
        Ok((second < due).then_some(second))
    }
}

fn after_interval(interval: SignedDuration, at: Timestamp) -> Result<Timestamp> {
    let length = interval.as_nanos();
    let since = at.as_nanosecond();
    let next = (since.div_euclid(length) + 1).saturating_mul(length);
    Timestamp::from_nanosecond(next).context("no instant is left")
}

fn find(crontab: &Crontab, at: Timestamp) -> Result<Timestamp> {
    let next = crontab.find_next(MakeTimestamp(at)).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(next.timestamp())
}

/// The earliest instant after `at` that some time on the wall falls on. Times of the hour left out are moved behind
/// those that follow them, so the search goes on until the wall has passed the best one found.
fn on_the_wall(crontab: &Crontab, zone: &TimeZone, at: Timestamp) -> Result<Timestamp> {
    let mut wall = zone.to_datetime(at).checked_sub(LONGEST_JUMP_HOURS.hours())?;
    let mut best: Option<(Timestamp, DateTime)> = None;
    loop {
        wall = TimeZone::UTC.to_datetime(find(crontab, TimeZone::UTC.to_timestamp(wall)?)?);
        if let Some((found, shown)) = best
            && wall >= shown
        {
            return Ok(found);
        }
        let instant = zone.to_ambiguous_zoned(wall).compatible()?.timestamp();
        if instant > at && best.is_none_or(|(found, _)| instant < found) {
            best = Some((instant, zone.to_datetime(instant)));
        }
    }
}

#[cfg(test)]
mod tests;
