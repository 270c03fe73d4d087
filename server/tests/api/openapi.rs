//! The API as it is written down.

use std::path::Path;

use serde_json::Value;

/// `web/openapi.json` is what the dashboard's client is generated from. To write it anew:
/// `DOMFLEET_WRITE_OPENAPI=1 cargo nextest run openapi_is_current`.
#[test]
fn openapi_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/openapi.json");
    let document = serde_json::to_value(domfleet_server::http::openapi()).unwrap();
    if std::env::var_os("DOMFLEET_WRITE_OPENAPI").is_some() {
        let text = serde_json::to_string_pretty(&document).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }

    let written: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();

    assert!(
        written == document,
        "web/openapi.json is not what the server says: write it anew with \
         DOMFLEET_WRITE_OPENAPI=1 cargo nextest run openapi_is_current"
    );
}
