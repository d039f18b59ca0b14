//! Personal details and secrets made up by number, and whether a text holds one of them.

/// A name no list holds, different for every number.
fn name(number: usize) -> String {
    const SYLLABLES: [&str; 10] = ["vor", "kel", "zim", "tra", "pud", "nex", "lqo", "bri", "wys", "gha"];
    format!("{number:05}").bytes().map(|digit| SYLLABLES[usize::from(digit - b'0')]).collect()
}

/// Names that are ordinary words, most of them on the list of words that may stay.
const NAMES: [&str; 24] = [
    "Mark", "Grant", "Will", "May", "Bill", "April", "June", "August", "Carry", "Price", "Long", "Page",
    "Day", "Short", "Small", "Strong", "Best", "Root", "Worth", "Field", "Place", "Post", "Bank", "Good",
];

/// Something personal or secret, different for every number but for names that are words and birthdays.
pub fn canary(number: usize) -> String {
    let (name, digits) = (name(number), format!("{number:05}"));
    let (first, last) = (NAMES[number % NAMES.len()], NAMES[(number / 3 + 7) % NAMES.len()]);
    match number % 11 {
        0 => format!("{name}@acme.example"),
        1 => format!("+49 30 55{digits}01"),
        2 => name,
        3 => format!("4111 1111 {} {}1", &digits[..4], &digits[2..]),
        4 => format!("DE89 3704 {} 0{digits}", &digits[..4]),
        5 => format!("sk-live-{name}{digits}QZ7Xw2"),
        6 => format!("{last}, {first}"),
        7 => format!("{first} {last}"),
        8 => format!("44 2{} {} 46 {} 58", &digits[..1], &digits[1..3], &digits[3..]),
        9 => format!("{}-{:02}-{:02}", 1920 + number % 45, number % 12 + 1, number % 28 + 1),
        _ => format!("{}\u{0301} Ωμέγα{digits}", name.to_uppercase()),
    }
}

/// Whether a text holds a canary, or so much of it that it tells something.
pub fn holds(text: &str, canary: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let names = words(canary);
    if names.iter().all(|word| NAMES.contains(&word.as_str())) {
        return words(text).iter().any(|word| names.contains(word));
    }
    let groups: Vec<&str> = canary.split(' ').collect();
    if groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit())) {
        return groups.windows(2).any(|pair| text.contains(&pair.join(" ")));
    }
    let lower = text.to_lowercase();
    let parts =
        groups.into_iter().filter(|part| part.chars().count() > 4 && part.chars().any(char::is_alphabetic));
    parts.chain([canary]).any(|part| lower.contains(&part.to_lowercase()))
}
