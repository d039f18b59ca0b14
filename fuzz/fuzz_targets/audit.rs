//! Fuzzes audit import: exports, checkpoints, public keys. What must hold is in `tests/fuzzed/src/audit.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gangway_fuzzed::audit::check(input));
