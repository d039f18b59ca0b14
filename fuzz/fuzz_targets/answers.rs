//! Fuzzes vendors' answers. What must hold is in `tests/fuzzed/src/answers.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gangway_fuzzed::answers::check(input));
