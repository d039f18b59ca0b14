//! Numbers written as words, in English: which digits they stand for. `one`, `first` and `once` are too common to be numbers.

const NUMERALS: [(&str, &str); 42] = [
    ("zero", "0"),
    ("two", "2"),
    ("twice", "2"),
    ("double", "2"),
    ("couple", "2"),
    ("pair", "2"),
    ("second", "2"),
    ("three", "3"),
    ("third", "3"),
    ("triple", "3"),
    ("four", "4"),
    ("five", "5"),
    ("fif", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("eigh", "8"),
    ("nine", "9"),
    ("nin", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("twelf", "12"),
    ("dozen", "12"),
    ("thirteen", "13"),
    ("fourteen", "14"),
    ("fortnight", "14"),
    ("fifteen", "15"),
    ("sixteen", "16"),
    ("seventeen", "17"),
    ("eighteen", "18"),
    ("nineteen", "19"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("half", "50"),
    ("fifty", "50"),
    ("sixty", "60"),
    ("seventy", "70"),
    ("eighty", "80"),
    ("ninety", "90"),
    ("hundred", "100"),
];
const GREAT: [(&str, &str); 4] =
    [("thousand", "1000"), ("million", "1000000"), ("billion", "1000000000"), ("trillion", "1000000000000")];

/// The digits a word in lower case stands for, as a cardinal, an ordinal or a plural; none when it is no number.
pub(crate) fn digits_of(word: &str) -> Option<&'static str> {
    // Seconds are time.
    if word == "seconds" {
        return None;
    }
    let known = |word: &str| {
        let mut all = NUMERALS.iter().chain(&GREAT);
        all.find(|(name, _)| *name == word).map(|(_, digits)| *digits)
    };
    let singular = word.strip_suffix('s').unwrap_or(word);
    let ordinal = |word: &str| {
        let of_tens = word.strip_suffix("ieth").and_then(|stem| known(&format!("{stem}y")));
        of_tens.or_else(|| word.strip_suffix("th").and_then(known))
    };
    let of_tens = || word.strip_suffix("ies").and_then(|stem| known(&format!("{stem}y")));
    known(word).or_else(|| known(singular)).or_else(|| ordinal(singular)).or_else(of_tens)
}

#[cfg(test)]
mod tests {
    use super::digits_of;

    #[test]
    fn reads_cardinals_ordinals_and_plurals() {
        for (word, digits) in [
            ("thirteen", "13"),
            ("ninety", "90"),
            ("forty", "40"),
            ("fifth", "5"),
            ("ninth", "9"),
            ("twelfth", "12"),
            ("nineteenth", "19"),
            ("twentieth", "20"),
            ("thirds", "3"),
            ("dozens", "12"),
            ("nineties", "90"),
            ("hundredth", "100"),
            ("millions", "1000000"),
            ("half", "50"),
        ] {
            assert_eq!(digits_of(word), Some(digits), "{word}");
        }
        for word in ["one", "first", "seconds", "month", "with", "both", "tenant", "then", "s", ""] {
            assert_eq!(digits_of(word), None, "{word}");
        }
    }
}
