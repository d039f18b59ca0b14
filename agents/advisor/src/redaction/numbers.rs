//! Check digits: which runs of digits are payment cards (Luhn) and which codes are bank accounts (mod 97).

/// Whether these digits are a payment card's number: 13 to 19 of them, a first digit that issuers use, Luhn.
pub(crate) fn is_card(digits: &str) -> bool {
    let is_length = (13..=19).contains(&digits.len());
    let is_issuer = digits.starts_with(['2', '3', '4', '5', '6']);
    is_length && is_issuer && digits.bytes().all(|b| b.is_ascii_digit()) && luhn(digits)
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled) if doubled > 9 => doubled - 9,
                (_, doubled) => doubled,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether this is a bank account number (ISO 13616): country, two check digits, 15 to 34 characters, mod 97 is 1.
pub(crate) fn is_iban(code: &str) -> bool {
    let code = code.to_ascii_uppercase();
    let is_formed = (15..=34).contains(&code.len())
        && code.bytes().take(2).all(|b| b.is_ascii_uppercase())
        && code.bytes().skip(2).take(2).all(|b| b.is_ascii_digit())
        && code.bytes().all(|b| b.is_ascii_alphanumeric());
    let Some((head, tail)) = code.split_at_checked(4) else { return false };
    is_formed
        && tail.bytes().chain(head.bytes()).fold(0, |rest, byte| match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        }) == 1
}

#[cfg(test)]
mod tests {
    use super::{is_card, is_iban};

    #[test]
    fn check_digits_tell_numbers_from_numbers() {
        assert!(is_card("4111111111111111") && is_card("378282246310005"));
        assert!(!is_card("4111111111111112") && !is_card("1111111111111117") && !is_card("41111111"));
        assert!(is_iban("DE89370400440532013000") && is_iban("gb82WEST12345698765432"));
        assert!(!is_iban("DE89370400440532013001") && !is_iban("DE89"));
    }
}
