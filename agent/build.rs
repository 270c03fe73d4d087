//! Puts the time of the build into the agent: the earliest time that it believes.

use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    println!("cargo:rerun-if-changed=Cargo.toml");
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse::<u64>().ok());
    println!("cargo:rustc-env=DOMFLEET_BUILT_AT={}", fixed.unwrap_or_else(now));
}

#[expect(clippy::disallowed_methods, reason = "the build has no clock to pass in")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}
