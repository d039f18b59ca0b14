//! Shares and amounts at their exact limits, and past what 128 bits hold.
#![allow(clippy::unwrap_used)]

use super::{differs, exceeds, falls_short};
use crate::Percent;
use gangway_protocol::{Currency, Money, Rate};

fn money(minor: i64, currency: &str) -> Money {
    Money { minor, currency: Currency::parse(currency).unwrap() }
}

fn differs_at_rate(part: Money, rate: &str, amount: Money) -> bool {
    differs(&[(part, Some(&Rate::parse(rate).unwrap()))], Percent(2), amount)
}

#[test]
fn a_share_is_compared_strictly() {
    for (part, over, under) in [(1, false, true), (2, false, false), (3, true, false)] {
        assert_eq!(exceeds(part, Percent(2), 100), over, "{part}");
        assert_eq!(falls_short(part, Percent(2), 100), under, "{part}");
    }
}

#[test]
fn a_share_that_cannot_be_computed_fails_closed() {
    for (part, whole) in [(i128::MAX, 1), (1, i128::MAX), (i128::MIN, 1), (1, i128::MIN)] {
        assert!(exceeds(part, Percent(200), whole));
        assert!(falls_short(part, Percent(200), whole));
    }
}

#[test]
fn a_sum_is_compared_with_the_amount_on_both_sides() {
    let amount = money(100_000, "USD");
    for (parts, expected) in [
        (vec![100_000], false),
        (vec![98_000], false),
        (vec![97_999], true),
        (vec![102_000], false),
        (vec![102_001], true),
        (vec![60_000, 40_000], false),
        (vec![60_000, 30_000], true),
        (vec![200_000, -100_000], false),
    ] {
        let parts: Vec<_> = parts.into_iter().map(|minor| (money(minor, "USD"), None)).collect();
        assert_eq!(differs(&parts, Percent(2), amount), expected, "{parts:?}");
    }
}

#[test]
fn an_amount_is_converted_without_rounding() {
    // 145,000.00 CAD at 0.703448275862 is 101,999.99999999 USD: within 2 % of 100,000.00 by a hair.
    assert!(!differs_at_rate(money(14_500_000, "CAD"), "0.703448275862", money(10_000_000, "USD")));
    assert!(differs_at_rate(money(14_500_000, "CAD"), "0.703448275863", money(10_000_000, "USD")));
    assert!(!differs_at_rate(money(14_500_000, "CAD"), "0.7034482758", money(10_000_000, "USD")));
}

#[test]
fn minor_units_of_every_size_are_converted() {
    for (part, rate, amount) in [
        (money(15_000, "JPY"), "0.0067", money(10_050, "USD")),
        (money(10_050, "USD"), "149.253731343284", money(15_000, "JPY")),
        (money(1_000_000, "KWD"), "3.25", money(325_000, "USD")),
        (money(325_000, "USD"), "0.307692307692", money(1_000_000, "KWD")),
        (money(10_000, "CLF"), "36000", money(36_000, "CLP")),
        (money(36_000, "CLP"), "0.000027777778", money(10_000, "CLF")),
    ] {
        assert!(!differs_at_rate(part, rate, amount), "{part} at {rate} is {amount}");
        let tenfold = Money { minor: amount.minor * 10, ..amount };
        assert!(differs_at_rate(part, rate, tenfold), "{part} at {rate} is not {tenfold}");
        let tenth = Money { minor: amount.minor / 10, ..amount };
        assert!(differs_at_rate(part, rate, tenth), "{part} at {rate} is not {tenth}");
    }
}

#[test]
fn a_sum_that_cannot_be_computed_fails_closed() {
    let huge = money(i64::MAX, "JPY");
    assert!(differs_at_rate(huge, "9000000", money(i64::MAX, "KWD")));
    let rate = Rate::parse("9000000").unwrap();
    let one = (money(1_500_000_000_000, "USD"), Some(&rate));
    assert!(differs(&vec![one; 2_000_000], Percent(2), money(1, "USD")));
}
