//! What the fuzzer has found is taken.

#![cfg(feature = "signatures")]

#[path = "../../tests/fuzz/feeds/signatures.rs"]
mod signatures;

#[test]
fn whatever_the_fuzzer_has_found_is_looked_through() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/signatures");
    let mut fed = 0;
    for file in std::fs::read_dir(corpus).unwrap() {
        signatures::feed(&std::fs::read(file.unwrap().path()).unwrap());
        fed += 1;
    }
    assert!(fed > 7, "there is no corpus");
}
