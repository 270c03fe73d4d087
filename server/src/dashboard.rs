//! The dashboard's pages, which are part of the binary.
//!
//! Files under `/assets/` carry a hash in their names and may be kept for ever; the page itself is
//! asked for each time. A path without a dot is a place inside the dashboard and gets the page; one
//! with a dot is a file, and a missing file is never answered with a page.

use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A file of the dashboard.
struct Asset {
    path: &'static str,
    etag: &'static str,
    raw: &'static [u8],
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// What stands in the page where the nonce of each answer goes.
const NONCE: &str = "__CSP_NONCE__";

/// What is shown where the build had no pages.
const NO_PAGES: &str = "<!doctype html><meta charset=utf-8><title>Domfleet</title>\
    <p>This build has no dashboard. Run <code>make web</code> and build again. \
    The API and the command-line client work without it.";

/// The answer to `GET` for whatever no other route answers.
pub fn serve(uri: &Uri, headers: &HeaderMap) -> Response {
    let path = uri.path();
    if path == "/" || path == "/index.html" || !path.contains('.') {
        return page();
    }
    match ASSETS.iter().find(|asset| asset.path == path) {
        Some(asset) => file(asset, headers),
        None => (StatusCode::NOT_FOUND, "no such file\n").into_response(),
    }
}

/// The page, with a nonce of its own. React Aria puts a style element into it, and nothing else may.
fn page() -> Response {
    let Some(index) = ASSETS.iter().find(|asset| asset.path == "/index.html") else {
        return Html(NO_PAGES).into_response();
    };
    let nonce = STANDARD.encode(rand::random::<[u8; 16]>());
    let html = String::from_utf8_lossy(index.raw).replace(NONCE, &nonce);
    let policy = format!(
        "default-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    );
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    // No ETag: a page kept from before would come with a nonce that its policy no longer names.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    guard(headers);
    response
}

fn file(asset: &Asset, asked: &HeaderMap) -> Response {
    let hashed = asset.path.starts_with("/assets/");
    let caching = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = asked.get(IF_NONE_MATCH).is_some_and(|etag| etag == asset.etag);
    let accepts = asked.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (body, encoding) = match (asset.brotli, asset.gzip) {
        (Some(brotli), _) if accepted(accepts, "br") => (brotli, Some("br")),
        (_, Some(gzip)) if accepted(accepts, "gzip") => (gzip, Some("gzip")),
        _ => (asset.raw, None),
    };
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(asset.path)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(ETAG, HeaderValue::from_static(asset.etag));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding.filter(|_| !known) {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    guard(headers);
    response
}

fn guard(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

/// Whether `Accept-Encoding` names `coding` and does not weigh it 0.
fn accepted(accepts: &str, coding: &str) -> bool {
    accepts.split(',').any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "map") => "application/json",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SCRIPT: Asset = Asset {
        path: "/assets/app-1f.js",
        etag: "\"1f\"",
        raw: b"let a = 1;",
        gzip: Some(b"gz"),
        brotli: Some(b"br"),
    };

    fn asked(pairs: &[(axum::http::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_smallest_form_that_the_browser_takes_is_sent() {
        let encoding = |accepts| {
            let response = file(&SCRIPT, &asked(&[(ACCEPT_ENCODING, accepts)]));
            response.headers().get(CONTENT_ENCODING).map(|v| v.to_str().unwrap().to_owned())
        };

        assert_eq!(encoding("gzip, deflate, br").as_deref(), Some("br"));
        assert_eq!(encoding("gzip;q=1, br;q=0").as_deref(), Some("gzip"));
        assert_eq!(encoding("identity"), None);
    }

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        let response = file(&SCRIPT, &asked(&[(IF_NONE_MATCH, "\"1f\"")]));

        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert!(response.headers().get(CONTENT_ENCODING).is_none());
    }

    #[test]
    fn a_missing_file_is_no_page_and_a_place_is() {
        let get = |path: &'static str| serve(&Uri::from_static(path), &HeaderMap::new());

        assert_eq!(get("/assets/gone.js").status(), StatusCode::NOT_FOUND);
        assert_eq!(get("/appliances/42").status(), StatusCode::OK);
    }
}
