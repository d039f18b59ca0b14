//! Advice is no Decision, and cannot be made one.

use gangway_protocol::{Advice, Decision};

fn attempt(advice: Advice) -> Decision {
    advice.into()
}

fn main() {}
