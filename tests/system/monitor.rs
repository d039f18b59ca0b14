//! `gangway monitor --once`: overdue tasks, health, each reminder once, and what the exit code says.

use crate::harness::{House, stderr};
use serde_json::Value;

/// Days from today, as the command line takes a date.
fn in_days(days: i64) -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.checked_add(jiff::Span::new().days(days)).unwrap().to_string()
}

fn sweep(house: &House, day: &str) -> (Option<i32>, Value) {
    let output = house.run(&["monitor", "--once", "--as-of", day, "--json"]);
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    (output.status.code(), report)
}

#[test]
fn nothing_is_overdue_on_the_first_day() {
    let house = House::new();
    house.json(&["run", "ACME-001", "--json"]);
    let (code, report) = sweep(&house, &in_days(0));
    assert_eq!((code, &report["overdue"]), (Some(0), &Value::from(0)));
    assert_eq!(report["tenants"][0]["health"], "on_track");
}

#[test]
fn overdue_tasks_are_told_once_per_rung() {
    let house = House::new();
    house.json(&["run", "ACME-001", "--json"]);
    let before = house.vendors().effects().len();
    // T005 is due on day 1, T009 on day 2, T006 on day 3.
    let (code, report) = sweep(&house, &in_days(2));
    assert_eq!(code, Some(3), "something is overdue");
    assert_eq!(report["overdue"], 1);
    let after_first = house.vendors().effects().len();
    assert!(after_first > before, "somebody was told");
    sweep(&house, &in_days(2));
    assert_eq!(house.vendors().effects().len(), after_first, "and not a second time");
    let (_, later) = sweep(&house, &in_days(5));
    assert!(house.vendors().effects().len() > after_first, "the next rung is another message");
    assert_eq!(later["tenants"][0]["health"], "stalled", "{later}");
}

#[test]
fn a_tenant_that_is_switched_off_is_no_open_onboarding() {
    let house = House::new();
    let run = house.json(&["run", "ACME-001", "--json"]);
    let tenant = run["tenant"]["tenant_id"].as_str().unwrap();
    house.json(&["tenants", "suspend", tenant, "--reason", "the contract was undone", "--json"]);
    let before = house.vendors().effects().len();
    let (code, report) = sweep(&house, &in_days(9));
    assert_eq!(
        (code, &report["overdue"], &report["tenants"]),
        (Some(0), &Value::from(0), &serde_json::json!([]))
    );
    assert_eq!(house.vendors().effects().len(), before, "neither reminder nor digest");
}
