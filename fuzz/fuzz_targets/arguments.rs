//! Fuzzes tool arguments, up to the handler. What must hold is in `tests/fuzzed/src/arguments.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gangway_fuzzed::arguments::check(input));
