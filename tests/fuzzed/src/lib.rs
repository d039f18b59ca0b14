//! What must hold whatever bytes come from outside: one function for each parser that meets it, which panics where a
//! property breaks. The fuzz targets (`fuzz/`) call them with inputs they invent, the replay test with the inputs that are
//! kept. Built into nothing that is shipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken property is told by a panic: that is what fuzzers and tests look for"
)]

pub mod answers;
pub mod arguments;
pub mod audit;
pub mod webhook;

/// A property of a parser: panics where an input breaks it.
pub type Check = fn(&[u8]);

/// The targets by name: the same in `fuzz/Cargo.toml` and for the folders of `fuzz/corpus`.
pub const TARGETS: [(&str, Check); 4] = [
    ("webhook", webhook::check),
    ("arguments", arguments::check),
    ("answers", answers::check),
    ("audit", audit::check),
];

/// What is said to whoever sent something: one line, bounded.
fn assert_is_readable(message: &str) {
    assert!(message.chars().count() <= 600, "{} characters: {message:.200}", message.chars().count());
    assert!(!message.chars().any(char::is_control), "control characters in {message:?}");
    assert!(!message.trim().is_empty(), "nothing is said");
}
