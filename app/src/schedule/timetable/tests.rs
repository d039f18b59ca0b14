//! Due times over zones, daylight saving and stepping clocks: examples, then properties.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::Timetable;
use jiff::Timestamp;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

const BERLIN: &str = "Europe/Berlin";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn series(schedule: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
    let timetable = Timetable::parse(schedule, zone).unwrap();
    let mut now = at(from);
    let mut found = Vec::new();
    for _ in 0..count {
        now = timetable.next_after(now).unwrap();
        found.push(now.to_string());
    }
    found
}

#[test]
fn an_interval_is_counted_from_a_fixed_point_and_not_from_the_last_firing() {
    let every = Timetable::parse("every 15s", "UTC").unwrap();
    for (from, next) in [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:15Z"),
        ("2026-01-01T00:00:14.999Z", "2026-01-01T00:00:15Z"),
        ("2026-01-01T00:00:15Z", "2026-01-01T00:00:30Z"),
    ] {
        assert_eq!(every.next_after(at(from)).unwrap(), at(next));
    }
}

#[test]
fn a_time_that_spring_leaves_out_comes_right_after_the_jump() {
    // Berlin, 2026-03-29: 02:00 CET becomes 03:00 CEST (01:00 UTC).
    let seen = series("30 2 * * *", BERLIN, "2026-03-27T12:00:00Z", 3);
    assert_eq!(seen, ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]);
    let between = Timetable::parse("30 2 * * *", BERLIN).unwrap();
    assert_eq!(between.next_after(at("2026-03-29T01:10:00Z")).unwrap(), at("2026-03-29T01:30:00Z"));
}

#[test]
fn a_time_that_autumn_shows_twice_comes_once() {
    // Berlin, 2026-10-25: 03:00 CEST becomes 02:00 CET (01:00 UTC).
    let seen = series("30 2 * * *", BERLIN, "2026-10-24T12:00:00Z", 2);
    assert_eq!(seen, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    let second = Timetable::parse("30 2 * * *", BERLIN).unwrap();
    assert_eq!(second.next_after(at("2026-10-25T01:10:00Z")).unwrap(), at("2026-10-26T01:30:00Z"));
}

#[test]
fn every_quarter_of_an_hour_stays_so_through_both_changes() {
    for from in ["2026-03-29T00:30:00Z", "2026-10-24T23:30:00Z"] {
        let timetable = Timetable::parse("*/15 * * * *", BERLIN).unwrap();
        let mut now = at(from);
        for _ in 0..16 {
            let next = timetable.next_after(now).unwrap();
            assert_eq!(next.duration_since(now).as_secs(), 15 * 60, "after {now}");
            now = next;
        }
    }
}

#[test]
fn half_an_hours_jump_loses_no_time_and_keeps_the_order() {
    // Lord Howe, 2026-10-04: 02:00 (+10:30) becomes 02:30 (+11), 15:30 UTC the day before.
    let seen = series("0,20,40 2 * * *", "Australia/Lord_Howe", "2026-10-03T15:00:00Z", 4);
    assert_eq!(
        seen,
        ["2026-10-03T15:30:00Z", "2026-10-03T15:40:00Z", "2026-10-03T15:50:00Z", "2026-10-04T15:00:00Z"]
    );
}

#[test]
fn working_days_are_those_of_the_zone() {
    // Monday 08:00 in Auckland is Sunday in UTC.
    let seen = series("0 8 * * 1-5", "Pacific/Auckland", "2026-06-05T00:00:00Z", 2);
    assert_eq!(seen, ["2026-06-07T20:00:00Z", "2026-06-08T20:00:00Z"]);
}

#[test]
fn what_is_no_schedule_is_named() {
    for (schedule, zone) in [
        ("", "UTC"),
        ("* * * *", "UTC"),
        ("61 * * * *", "UTC"),
        ("*/15 * * * *", "Europe/Atlantis"),
        ("0 0 31 2 *", "UTC"),
        ("every soon", "UTC"),
        ("every 10ms", "UTC"),
        ("every -1h", "UTC"),
    ] {
        let error = Timetable::parse(schedule, zone).unwrap_err().to_string();
        assert!(error.contains(schedule), "{schedule:?}: {error}");
    }
}

#[test]
fn a_clock_set_back_a_little_is_waited_out_and_one_set_back_far_is_followed() {
    let quarter = Timetable::parse("*/15 * * * *", "UTC").unwrap();
    let due = at("2026-01-01T11:15:00Z");
    let step = |now: &str| quarter.after_clock_step(due, at(now)).unwrap();
    assert_eq!(step("2026-01-01T11:07:00Z"), None);
    assert_eq!(step("2026-01-01T10:50:00Z"), None, "at most one firing is left out");
    assert_eq!(step("2026-01-01T10:07:00Z"), Some(at("2026-01-01T10:30:00Z")));
    assert_eq!(step("2025-06-01T00:00:00Z"), Some(at("2025-06-01T00:30:00Z")));
}

fn any_schedule() -> impl Strategy<Value = (String, &'static str)> {
    let zone = prop_oneof![
        Just("UTC"),
        Just(BERLIN),
        Just("America/New_York"),
        Just("Australia/Lord_Howe"),
        Just("Asia/Kolkata")
    ];
    let schedule = prop_oneof![
        (1_u32..90_000).prop_map(|seconds| format!("every {seconds}s")),
        (1_u8..59).prop_map(|step| format!("*/{step} * * * *")),
        (0_u8..60, 0_u8..24).prop_map(|(minute, hour)| format!("{minute} {hour} * * *")),
        (0_u8..60, 1_u8..8).prop_map(|(minute, hours)| format!("{minute} */{hours} * * 1-5")),
    ];
    (schedule, zone)
}

use proptest::prelude::Just;

proptest! {
    #[test]
    fn the_next_instant_is_later_and_the_same_from_everywhere_before_it(
        (schedule, zone) in any_schedule(), second in 1_700_000_000_i64..1_900_000_000, part in any::<u16>()
    ) {
        let timetable = Timetable::parse(&schedule, zone).unwrap();
        let now = Timestamp::from_second(second).unwrap();
        let next = timetable.next_after(now).unwrap();
        prop_assert!(next > now);
        let way = next.duration_since(now).as_secs() * i64::from(part) / i64::from(u16::MAX) ;
        let between = Timestamp::from_second(second + way.saturating_sub(1).max(0)).unwrap();
        prop_assert_eq!(timetable.next_after(between).unwrap(), next);
        prop_assert_eq!(timetable.after_clock_step(next, now).unwrap(), None);
    }
}
