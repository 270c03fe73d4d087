#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| domfleet_agent::fuzzing::feed("lvm_json", bytes));
