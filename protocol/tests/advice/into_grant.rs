//! Advice is no Grant, and cannot be made one.

use gangway_protocol::Advice;
use gangway_protocol::grant::Grant;

fn attempt(advice: Advice) -> Grant {
    advice.into()
}

fn main() {}
