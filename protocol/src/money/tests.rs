//! Amounts, rates and currencies as text: read exactly, bounded, and written one way.

use super::{Currency, Money, MoneyError, Rate};

fn usd() -> Currency {
    Currency(*b"USD")
}

#[test]
fn reads_vendor_decimals_exactly() {
    for (text, minor) in [
        ("150000.0", 15_000_000),
        ("150000", 15_000_000),
        ("0.1", 10),
        ("-12.34", -1_234),
        ("1.5E+5", 15_000_000),
        ("84750.00000", 8_475_000),
        ("0", 0),
        ("0E-30", 0),
    ] {
        assert_eq!(Money::from_decimal(text, usd()), Ok(Money { minor, currency: usd() }), "{text}");
    }
}

#[test]
fn refuses_what_is_no_amount() {
    for text in ["", "abc", "1,5", "1.2.3", "--1", "NaN", "1e999", ".5", &"9".repeat(31)] {
        assert!(matches!(Money::from_decimal(text, usd()), Err(MoneyError::Decimal(_))), "{text}");
    }
    assert!(matches!(Money::from_decimal("1.005", usd()), Err(MoneyError::TooFine { .. })));
    assert!(matches!(Money::from_decimal("99999999999999999999", usd()), Err(MoneyError::TooLarge(_))));
}

#[test]
fn knows_currencies_without_cents() {
    let yen = Currency(*b"JPY");
    assert_eq!(Money::from_decimal("1200", yen), Ok(Money { minor: 1200, currency: yen }));
    assert!(Money::from_decimal("1200.5", yen).is_err());
    assert_eq!(Money { minor: 1_234_567, currency: yen }.to_string(), "1,234,567 JPY");
}

#[test]
fn prints_grouped_with_the_currency() {
    for (minor, text) in
        [(15_000_000, "150,000.00 USD"), (5, "0.05 USD"), (-123_456, "-1,234.56 USD"), (99_900, "999.00 USD")]
    {
        assert_eq!(Money { minor, currency: usd() }.to_string(), text);
    }
}

#[test]
fn a_rate_is_a_positive_exact_decimal() {
    assert_eq!(Rate::parse("0.7368").map(|r| r.ratio()), Ok((736_800_000_000, 1_000_000_000_000)));
    assert_eq!(Rate::parse("1E-2").map(String::from), Ok("0.01".to_owned()));
    for bad in ["0", "-1", "x", "0.0000000000001", "99999999999999"] {
        assert!(Rate::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_rate_is_written_as_its_schema_says() {
    for (text, written) in
        [("0.73680", "0.73680"), ("0.73680000000000000000", "0.7368"), ("1.0000000000000", "1"), ("2.", "2")]
    {
        assert_eq!(Rate::parse(text).map(String::from), Ok(written.to_owned()), "{text}");
    }
}

#[test]
fn a_currency_is_three_letters() {
    assert_eq!(Currency::parse(" usd ").map(|c| c.code().to_owned()), Ok("USD".to_owned()));
    for bad in ["", "US", "USDX", "U1D", "€€€"] {
        assert!(Currency::parse(bad).is_err(), "{bad}");
    }
}
