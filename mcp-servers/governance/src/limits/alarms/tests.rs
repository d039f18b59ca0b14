//! What pages and what does not, as tables.

use super::{AlarmSettings, Decided, alarms};
use crate::limits::breaker::Phase;
use crate::limits::day::DayUse;
use crate::limits::settings::Vendor;
use crate::limits::view::{AuthenticationTrouble, VendorView};
use std::time::Duration;

fn view(vendor: Vendor) -> VendorView {
    VendorView {
        vendor,
        phase: Phase::Closed,
        open_for: None,
        running: 0,
        waiting: 0,
        refused: 0,
        last_failure: Some("HTTP_503".to_owned()),
        day: None,
        is_day_short: false,
        authentication: None,
    }
}

fn keys(vendors: &[VendorView], recent: Decided, usual: Decided) -> Vec<String> {
    let due = alarms(&AlarmSettings::default(), vendors, recent, usual);
    due.into_iter().map(|alarm| alarm.dedup_key).collect()
}

fn decided(blocked: u32, decisions: u32) -> Decided {
    Decided { decisions, blocked }
}

const NONE: Decided = Decided { decisions: 0, blocked: 0 };

#[test]
fn a_breaker_pages_once_it_has_been_open_for_a_minute() {
    let open = |seconds| VendorView {
        phase: Phase::Open,
        open_for: Some(Duration::from_secs(seconds)),
        ..view(Vendor::Netsuite)
    };
    assert!(keys(&[open(59)], NONE, NONE).is_empty());
    assert_eq!(keys(&[open(60)], NONE, NONE), ["gangway/breaker/netsuite"]);
    assert_eq!(
        keys(&[open(600)], NONE, NONE),
        keys(&[open(60)], NONE, NONE),
        "the same trouble, the same key"
    );
}

#[test]
fn one_refused_token_is_no_alarm() {
    let refused = |refusals| VendorView {
        authentication: Some(AuthenticationTrouble { refusals, lasts: Duration::ZERO }),
        ..view(Vendor::Salesforce)
    };
    assert!(keys(&[refused(2)], NONE, NONE).is_empty());
    assert_eq!(keys(&[refused(3)], NONE, NONE), ["gangway/authentication/salesforce"]);
}

#[test]
fn a_day_that_runs_out_pages() {
    let used = |is_day_short| VendorView {
        day: Some(DayUse { used: 4_100, limit: 5_000 }),
        is_day_short,
        ..view(Vendor::Salesforce)
    };
    assert!(keys(&[used(false)], NONE, NONE).is_empty());
    assert_eq!(keys(&[used(true)], NONE, NONE), ["gangway/day/salesforce"]);
}

#[test]
fn the_block_rate_pages_by_the_table() {
    for (recent, usual, is_due) in [
        (decided(9, 9), decided(0, 100), false),
        (decided(4, 10), decided(10, 100), true),
        (decided(3, 10), decided(10, 100), false),
        (decided(9, 10), decided(50, 100), false),
        (decided(10, 10), NONE, false),
        (decided(3, 10), decided(0, 100), true),
    ] {
        assert_eq!(!keys(&[], recent, usual).is_empty(), is_due, "{recent:?} after {usual:?}");
    }
}
