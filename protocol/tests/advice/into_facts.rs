//! Advice is no Facts, and cannot be made one.

use gangway_protocol::{Advice, Facts};

fn attempt(advice: Advice) -> Facts {
    advice.into()
}

fn main() {}
