//! Any file that somebody may have a scan look through. Taken in by the fuzz target and, with everything that it has
//! found, by a test of the shared crate.

use domfleet_shared::scan_input::Limits;
use domfleet_shared::signatures::{Catalogue, Report, Scan};

/// Small, so that a bomb is one at once.
const UNPACKED_BYTES: u64 = 4 << 20;

/// Whatever it is, it is looked through within bounds, and twice with the same result.
pub(crate) fn feed(bytes: &[u8]) {
    let once = scanned(bytes);
    for finding in &once.findings {
        assert!(finding.line >= 1 && finding.count >= 1, "{finding:?}");
        assert_eq!(finding.lines.first(), Some(&finding.line), "{finding:?}");
        assert!(finding.text.len() < 16 << 10 && finding.after.len() < 16, "{finding:?}");
        assert_eq!(finding.fingerprint.len(), 16, "{finding:?}");
    }
    assert!(once.findings.len() < 4000 && once.bytes <= UNPACKED_BYTES);
    assert_eq!(once, scanned(bytes), "the same twice is not the same");
}

fn scanned(bytes: &[u8]) -> Report {
    let catalogue = Catalogue::built_in().unwrap_or_else(|error| panic!("{error}"));
    let limits =
        Limits { unpacked_bytes: UNPACKED_BYTES, ratio_from_bytes: 1 << 20, ..Limits::default() };
    let mut scan = Scan::new(catalogue, limits);
    scan.file("f", bytes);
    scan.finish()
}
