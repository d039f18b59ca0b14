//! gangway
fn main() {}
