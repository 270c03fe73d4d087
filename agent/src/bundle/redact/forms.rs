//! The ways in which a value may be written.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shorter pieces of an encoded text are in every other text.
const INNER_AT_LEAST: usize = 6;

/// Each form of `value`, itself first.
pub(super) fn of(value: &[u8]) -> Vec<Vec<u8>> {
    let escapes: [(u8, &[u8]); 8] = [
        (b'/', b"\\/"),
        (b'"', b"\\\""),
        (b'\\', b"\\\\"),
        (b'&', b"&amp;"),
        (b'<', b"&lt;"),
        (b'>', b"&gt;"),
        (b'"', b"&quot;"),
        (b'\'', b"&#39;"),
    ];
    let (json, xml) = escapes.split_at(3);
    let mut forms = vec![
        value.to_vec(),
        hex::encode(value).into_bytes(),
        hex::encode_upper(value).into_bytes(),
        percent(value, true, false),
        percent(value, false, false),
        percent(value, true, true),
        escaped(value, json),
        // Not everybody escapes a slash.
        escaped(value, json.get(1..).unwrap_or_default()),
        escaped(value, xml),
    ];
    for before in 0..3_usize {
        // In the middle of a longer text, the letters at both ends depend on what is beside.
        let mut padded = vec![0; before];
        padded.extend(value);
        let first = (before * 8).div_ceil(6);
        let last = padded.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            if let Some(inner) = encoded.get(first..last).filter(|it| it.len() >= INNER_AT_LEAST) {
                forms.push(inner.as_bytes().to_vec());
            }
        }
    }
    forms
}

fn percent(value: &[u8], upper: bool, everything: bool) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(value.len() * 3);
    for byte in value {
        if !everything && (byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            encoded.push(*byte);
        } else if upper {
            encoded.extend(format!("%{byte:02X}").into_bytes());
        } else {
            encoded.extend(format!("%{byte:02x}").into_bytes());
        }
    }
    encoded
}

fn escaped(value: &[u8], escapes: &[(u8, &[u8])]) -> Vec<u8> {
    let escape = |byte: &u8| {
        let found = escapes.iter().find(|(plain, _)| plain == byte);
        found.map_or_else(|| vec![*byte], |(_, escaped)| escaped.to_vec())
    };
    value.iter().flat_map(escape).collect()
}
