//! Exact arithmetic on shares and amounts: whole numbers only, no rounding, no float.
//!
//! Where even 128 bits do not hold a product, the comparison answers so that its rule fires: what cannot be computed
//! is not in order.

use crate::Percent;
use gangway_protocol::{Currency, Money, Rate};

/// Amounts of one currency as whole numbers of 10^-16 minor units: twelve places for the finest rate, four for the
/// finest minor unit (ISO 4217 table A.1).
const SCALE: i128 = 10_i128.pow(Rate::MAX_SCALE + FINEST_EXPONENT);
const FINEST_EXPONENT: u32 = 4;

/// Whether `part` is more than this share of `whole`. Strict; true on overflow.
pub(crate) fn exceeds(part: i128, share: Percent, whole: i128) -> bool {
    match (part.checked_mul(100), whole.checked_mul(i128::from(share.0))) {
        (Some(part), Some(whole)) => part > whole,
        _ => true,
    }
}

/// Whether `part` is less than this share of `whole`. Strict; true on overflow.
pub(crate) fn falls_short(part: i128, share: Percent, whole: i128) -> bool {
    match (part.checked_mul(100), whole.checked_mul(i128::from(share.0))) {
        (Some(part), Some(whole)) => part < whole,
        _ => true,
    }
}

/// Whether the sum of `parts` lies further from `amount` than this share of it. Strict; true on overflow.
///
/// Each part comes with the rate from its currency to the amount's, or none when they are the same. The amount is
/// positive.
pub(crate) fn differs(parts: &[(Money, Option<&Rate>)], share: Percent, amount: Money) -> bool {
    let sum = parts.iter().try_fold(0_i128, |sum, (part, rate)| {
        let part = match rate {
            Some(rate) => converted(*part, amount.currency, rate)?,
            None => scaled(*part)?,
        };
        sum.checked_add(part)
    });
    let gap = |sum: i128, amount: i128| sum.checked_sub(amount)?.checked_abs();
    match (sum, scaled(amount)) {
        (Some(sum), Some(amount)) => gap(sum, amount).is_none_or(|gap| exceeds(gap, share, amount)),
        _ => true,
    }
}

fn scaled(money: Money) -> Option<i128> {
    i128::from(money.minor).checked_mul(SCALE)
}

/// The amount in minor units of `to`, scaled; none on overflow.
///
/// `minor / 10^from × numerator / 10^12 × 10^to × 10^16`, with the powers of ten collected so that nothing is divided.
fn converted(money: Money, to: Currency, rate: &Rate) -> Option<i128> {
    let (numerator, _) = rate.ratio();
    let power = (FINEST_EXPONENT + to.exponent()).checked_sub(money.currency.exponent())?;
    i128::from(money.minor).checked_mul(numerator)?.checked_mul(10_i128.checked_pow(power)?)
}

#[cfg(test)]
#[path = "exact_tests.rs"]
mod tests;
