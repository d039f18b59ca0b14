//! Fuzzes webhooks: signatures and bodies. What must hold is in `tests/fuzzed/src/webhook.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gangway_fuzzed::webhook::check(input));
