//! Where a part of a table goes on, as whoever reads it sends it back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where the page after this one begins, if there is one.
pub fn next(offset: u64, rows: usize, total: u64) -> Option<String> {
    let end = offset.saturating_add(u64::try_from(rows).unwrap_or(0));
    (rows > 0 && end < total).then(|| URL_SAFE_NO_PAD.encode(format!("o{end}")))
}

/// How many rows a cursor of ours skips.
pub fn offset_of(cursor: &str) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    std::str::from_utf8(&bytes).ok()?.strip_prefix('o')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_begins() {
        let cursor = next(100, 50, 200).unwrap();

        assert_eq!(offset_of(&cursor), Some(150));
        assert_eq!(next(150, 50, 200), None);
        assert_eq!(next(500, 0, 200), None);
        assert_eq!(offset_of("x"), None);
    }
}
