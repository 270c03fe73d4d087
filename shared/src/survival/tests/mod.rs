//! Against values that were computed by others: R's `survival` 3.5-3 and Python's `lifelines` 0.30.3, on data
//! that has been in textbooks for decades.

mod cox;
mod curve;
mod data;
mod joint;
mod log_rank;
mod oracles;
mod profile;
mod rate;

/// That `found` is `expected` as far as that was printed or computed.
#[track_caller]
fn assert_close(found: f64, expected: f64, tolerance: f64) {
    let apart = (found - expected).abs();
    assert!(apart <= tolerance * expected.abs().max(1.0), "{found} is not {expected}");
}
