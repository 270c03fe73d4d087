#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| domfleet_agent::fuzzing::feed("set_parity", bytes));
