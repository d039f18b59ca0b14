//! Advice is no Finding, and cannot be made one.

use gangway_protocol::{Advice, Finding};

fn attempt(advice: Advice) -> Finding {
    advice.into()
}

fn main() {}
