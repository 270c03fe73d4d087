//! The files in a bundle.

use std::fmt::Write as _;

use reqwest::Method;

use crate::client::{Client, answer};
use crate::commands::text;
use crate::error::Error;
use crate::output::{self, Column, Format};

const FILES: [Column; 5] = [
    ("PATH", "/path"),
    ("BYTES", "/size_bytes"),
    ("CUT", "/truncated"),
    ("SECRETS TAKEN OUT", "/redactions"),
    ("ERROR", "/error"),
];
/// What is asked for at once.
const PAGE_BYTES: &str = "1048576";

pub(super) async fn list(client: &mut Client, format: Format, bundle: &str) -> Result<(), Error> {
    let contents = client.get(&format!("/bundles/{bundle}/files"), &[]).await?;
    for trouble in contents["troubles"].as_array().into_iter().flatten() {
        output::say(trouble.as_str().unwrap_or_default());
    }
    if format == Format::Json {
        return output::json(&contents);
    }
    output::rows(format, &FILES, contents["files"].as_array().map_or(&[], Vec::as_slice))
}

pub(super) async fn show(client: &mut Client, bundle: &str, file: &str) -> Result<(), Error> {
    let path = format!("/bundles/{bundle}/files/{}", segment(file));
    let mut offset = "0".to_owned();
    loop {
        let query = [("offset", offset.as_str()), ("limit", PAGE_BYTES)];
        let response = client.send(&Method::GET, &path, &query, None).await?;
        if !response.status().is_success() {
            return answer(response).await.map(|_| ());
        }
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let (next, trouble) = (header("x-next-offset"), header("x-trouble"));
        let page = response.text().await.map_err(|e| Error::Unreachable(e.to_string()))?;
        output::text(&page);
        if let Some(trouble) = trouble {
            output::say(&trouble);
        }
        let Some(next) = next else { return Ok(()) };
        offset = next;
    }
}

pub(super) async fn search(
    client: &mut Client,
    format: Format,
    bundle: &str,
    wanted: &str,
    limit: usize,
) -> Result<(), Error> {
    let limit = limit.to_string();
    let query = [("q", wanted), ("limit", limit.as_str())];
    let found = client.get(&format!("/bundles/{bundle}/search"), &query).await?;
    let hits = found["hits"].as_array().map_or(&[][..], Vec::as_slice);
    for trouble in found["troubles"].as_array().into_iter().flatten() {
        output::say(trouble.as_str().unwrap_or_default());
    }
    if found["more"] == true {
        output::say(&format!("these are the first {limit}; there are more"));
    }
    match format {
        Format::Json => output::json(&found),
        Format::Ndjson | Format::Id => output::rows(format, &[], hits),
        // As grep prints it.
        Format::Table => {
            let lines = hits.iter().fold(String::new(), |mut lines, hit| {
                let line = &hit["line"];
                // Writing to a text does not fail.
                let _written =
                    writeln!(lines, "{}:{line}:{}", text(hit, "file"), text(hit, "text"));
                lines
            });
            output::text(&lines);
            Ok(())
        }
    }
}

/// A path as one segment of a URL: its slashes are part of the name.
fn segment(path: &str) -> String {
    path.bytes().fold(String::new(), |mut segment, byte| {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            let _written = write!(segment, "%{byte:02X}");
        }
        segment
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_one_segment_whatever_is_in_it() {
        assert_eq!(segment("xen/info.txt"), "xen%2Finfo%2Etxt");
        assert_eq!(segment("../a b?é"), "%2E%2E%2Fa%20b%3F%C3%A9");
    }
}
