//! Money as integer minor units with an ISO 4217 currency, and exchange rates as exact decimals.
//!
//! Decimal text is read exactly; no float is ever involved. Conversion and comparison of amounts are the
//! decision core's business, not this file's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is not money, a currency or a rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three ASCII letters.
    #[error("{0:?} is not an ISO 4217 currency code (three letters)")]
    Currency(String),
    /// Not a plain decimal number.
    #[error("{0:?} is not a decimal amount")]
    Decimal(String),
    /// More fraction digits than the currency has.
    #[error("{text:?} has more fraction digits than {currency} allows ({exponent})")]
    TooFine {
        /// The amount as given.
        text: String,
        /// The currency it was read in.
        currency: Currency,
        /// How many fraction digits that currency has.
        exponent: u32,
    },
    /// Outside what 64-bit minor units can hold.
    #[error("{0:?} is too large an amount")]
    TooLarge(String),
    /// A rate must be a positive decimal of at most 12 fraction digits.
    #[error("{0:?} is not an exchange rate (a positive decimal with at most 12 fraction digits)")]
    Rate(String),
}

/// An ISO 4217 currency code, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[A-Z]{3}$"))]
pub struct Currency([u8; 3]);

/// Currencies whose minor unit is not a hundredth (ISO 4217 table A.1).
const EXPONENTS: &[(&str, u32)] = &[
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("ISK", 0),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("PYG", 0),
    ("RWF", 0),
    ("UGX", 0),
    ("UYI", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
    ("BHD", 3),
    ("IQD", 3),
    ("JOD", 3),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("TND", 3),
    ("CLF", 4),
    ("UYW", 4),
];

impl Currency {
    /// Reads a currency code; surrounding white space and case do not matter.
    ///
    /// # Errors
    /// [`MoneyError::Currency`] when it is not three letters.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        match text.trim().as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|l| l.is_ascii_alphabetic()) => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase(), c.to_ascii_uppercase()]))
            }
            _ => Err(MoneyError::Currency(text.chars().take(40).collect())),
        }
    }

    /// The code, e.g. `USD`.
    #[must_use]
    pub fn code(&self) -> &str {
        // Only ASCII letters get in, so the fallback is never taken; it spares a panic path.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Fraction digits of the minor unit: 2 for most, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn exponent(&self) -> u32 {
        EXPONENTS.iter().find(|(code, _)| *code == self.code()).map_or(2, |(_, exponent)| *exponent)
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(text: String) -> Result<Self, MoneyError> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount: integer minor units (cents for USD, yen for JPY) of one currency. May be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// Amount in minor units.
    pub minor: i64,
    /// ISO 4217 code.
    pub currency: Currency,
}

impl Money {
    /// Reads a vendor's decimal text, e.g. `150000.0` or `1.5E+5`, exactly.
    ///
    /// # Errors
    /// [`MoneyError`] when the text is no decimal number, is finer than the currency's minor unit, or does not fit.
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let exponent = currency.exponent();
        let decimal =
            Decimal::parse(text).ok_or_else(|| MoneyError::Decimal(text.chars().take(40).collect()))?;
        let minor = decimal.scaled(exponent).map_err(|error| match error {
            ScaleError::TooFine => MoneyError::TooFine { text: text.to_owned(), currency, exponent },
            ScaleError::TooLarge => MoneyError::TooLarge(text.to_owned()),
        })?;
        let minor = i64::try_from(minor).map_err(|_| MoneyError::TooLarge(text.to_owned()))?;
        Ok(Self { minor, currency })
    }
}

impl fmt::Display for Money {
    /// `150,000.00 USD`: grouped, with the currency's own number of fraction digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u64.pow(self.currency.exponent());
        let magnitude = self.minor.unsigned_abs();
        let digits = (magnitude / unit).to_string();
        let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = if self.minor < 0 { "-" } else { "" };
        match self.currency.exponent() {
            0 => write!(f, "{sign}{grouped} {}", self.currency),
            width => write!(
                f,
                "{sign}{grouped}.{:0width$} {}",
                magnitude % unit,
                self.currency,
                width = width as usize
            ),
        }
    }
}

/// An exchange rate as the exact decimal the source gave: one unit of `from` is `rate` units of `to`.
///
/// Kept as text so that it reads back byte for byte; [`Rate::ratio`] gives it as a fraction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9]+(\\.[0-9]{1,12})?$"))]
pub struct Rate(String);

impl Rate {
    /// Fraction digits a rate may have; ten is the most NetSuite gives.
    pub const MAX_SCALE: u32 = 12;

    /// Reads a rate.
    ///
    /// # Errors
    /// [`MoneyError::Rate`] when it is not a positive decimal with at most [`Rate::MAX_SCALE`] fraction digits.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let bad = || MoneyError::Rate(text.chars().take(40).collect());
        let decimal = Decimal::parse(text).ok_or_else(bad)?;
        let scaled = decimal.scaled(Self::MAX_SCALE).map_err(|_| bad())?;
        if scaled <= 0 || i64::try_from(scaled).is_err() {
            return Err(bad());
        }
        let plain = text.trim();
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        // The schema's pattern. Trailing zeros beyond it say nothing, but a peer that validates would refuse them.
        let fits = all_digits(whole) && all_digits(fraction) && fraction.len() <= Self::MAX_SCALE as usize;
        Ok(Self(if fits { plain.to_owned() } else { decimal.plain() }))
    }

    /// The rate as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The rate as an exact fraction `(numerator, denominator)`, both positive; the denominator is 10^12.
    #[must_use]
    pub fn ratio(&self) -> (i128, i128) {
        let denominator = 10_i128.pow(Self::MAX_SCALE);
        let numerator = Decimal::parse(&self.0).and_then(|d| d.scaled(Self::MAX_SCALE).ok()).unwrap_or(0);
        (numerator, denominator)
    }
}

impl TryFrom<String> for Rate {
    type Error = MoneyError;
    fn try_from(text: String) -> Result<Self, MoneyError> {
        Self::parse(&text)
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> String {
        rate.0
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `digits × 10^-scale`, read from text without a float in between.
struct Decimal {
    digits: i128,
    scale: i32,
}

enum ScaleError {
    TooFine,
    TooLarge,
}

impl Decimal {
    /// Plain or scientific notation, optional sign, at most 30 digits.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, unsigned) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = format!("{whole}{fraction}");
        let is_number = !whole.is_empty() && all.bytes().all(|b| b.is_ascii_digit()) && all.len() <= 30;
        if !is_number || exponent.abs() > 60 {
            return None;
        }
        let magnitude: i128 = all.parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()? - exponent;
        Some(Self { digits: if negative { -magnitude } else { magnitude }, scale })
    }

    /// The number times `10^places`, when that is an integer that fits.
    fn scaled(&self, places: u32) -> Result<i128, ScaleError> {
        let places = i32::try_from(places).map_err(|_| ScaleError::TooLarge)?;
        let shift = places - self.scale;
        if self.digits == 0 {
            return Ok(0);
        }
        let power = 10_i128.checked_pow(shift.unsigned_abs()).ok_or(ScaleError::TooLarge)?;
        if shift >= 0 {
            return self.digits.checked_mul(power).ok_or(ScaleError::TooLarge);
        }
        if self.digits % power == 0 { Ok(self.digits / power) } else { Err(ScaleError::TooFine) }
    }

    /// Plain notation of a positive number with at most twelve fraction digits.
    fn plain(&self) -> String {
        let places = Rate::MAX_SCALE;
        let scaled = self.scaled(places).unwrap_or(0);
        let unit = 10_i128.pow(places);
        let text = format!("{}.{:0width$}", scaled / unit, scaled % unit, width = places as usize);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

#[cfg(test)]
mod tests;
