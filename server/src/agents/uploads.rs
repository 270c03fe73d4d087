//! Debug bundles from appliances, by the tus protocol: see [`crate::uploads`].

use axum::Extension;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domfleet_shared::enrolment::BUNDLES_PATH;
use domfleet_shared::id::BundleId;

use super::problem::Problem;
use crate::app::App;
use crate::db::uploads::{self as rows, Upload};
use crate::db::welcome::Guest;
use crate::domain::bundle::{BundleState, BundleTrigger};
use crate::uploads::{self, Refused, Sender, Wanted, tus};

/// `OPTIONS /agent/v1/bundles`, and of each bundle.
pub(super) async fn options(State(app): State<App>) -> Response {
    tus::abilities(app.config.bundles.max_bytes)
}

/// `POST /agent/v1/bundles`: announces a bundle, and may bring the beginning of it.
pub(super) async fn create(
    State(app): State<App>,
    Extension(guest): Extension<Guest>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    answered(created(&app, &guest, &headers, body).await)
}

async fn created(
    app: &App,
    guest: &Guest,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    tus::check_version(headers)?;
    let wanted = wanted(headers, app.config.bundles.max_bytes)?;
    let first = tus::first_piece(headers)?.filter(|_| !body.is_end_stream());
    let id = wanted.bundle;
    let sender = Sender { appliance: guest.id, organisation: guest.organisation };
    let upload = uploads::announce(app, sender, wanted, None).await?;
    let standing = match first {
        Some(piece) if upload.state == BundleState::Uploading => {
            uploads::receive(app, upload, piece, body).await?
        }
        _ => uploads::standing(app, &upload).await?,
    };
    let mut response = tus::told(StatusCode::CREATED, &standing);
    if let Ok(location) = HeaderValue::from_str(&format!("{BUNDLES_PATH}/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// What an appliance announces: it has named the bundle, and knows its hash.
fn wanted(headers: &HeaderMap, max_bytes: u64) -> Result<Wanted, Refused> {
    let length = tus::length(headers, max_bytes)?;
    let metadata = tus::Metadata::read(headers)?;
    let bundle = metadata.get("bundle").and_then(|text| text.parse().ok());
    let bundle = bundle.ok_or(Refused::Invalid("bundle in Upload-Metadata must be its id"))?;
    let blake3 = metadata.blake3()?;
    if blake3.is_none() {
        return Err(Refused::Invalid("blake3 in Upload-Metadata must be the hash of the whole"));
    }
    let trigger = match metadata.get("trigger").map(BundleTrigger::parse) {
        None => BundleTrigger::OnDemand,
        // Only operators bring something by hand.
        Some(None | Some(BundleTrigger::Upload)) => {
            return Err(Refused::Invalid(
                "trigger in Upload-Metadata must say why there is a bundle",
            ));
        }
        Some(Some(trigger)) => trigger,
    };
    Ok(Wanted { bundle, length, blake3, trigger, file_name: None, note: String::new() })
}

/// `HEAD /agent/v1/bundles/{id}`.
pub(super) async fn head(
    State(app): State<App>,
    Extension(guest): Extension<Guest>,
    Path(id): Path<BundleId>,
    headers: HeaderMap,
) -> Response {
    let standing = async {
        tus::check_version(&headers)?;
        let upload = own(&app, &guest, id).await?;
        let standing = uploads::standing(&app, &upload).await?;
        Ok(tus::told(StatusCode::OK, &standing))
    };
    answered(standing.await)
}

/// `PATCH /agent/v1/bundles/{id}`: a piece.
pub(super) async fn patch(
    State(app): State<App>,
    Extension(guest): Extension<Guest>,
    Path(id): Path<BundleId>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let received = async {
        tus::check_version(&headers)?;
        let piece = tus::piece(&headers)?;
        let upload = own(&app, &guest, id).await?;
        let standing = uploads::receive(&app, upload, piece, body).await?;
        Ok(tus::told(StatusCode::NO_CONTENT, &standing))
    };
    answered(received.await)
}

/// `DELETE /agent/v1/bundles/{id}`: it will not come.
pub(super) async fn terminate(
    State(app): State<App>,
    Extension(guest): Extension<Guest>,
    Path(id): Path<BundleId>,
    headers: HeaderMap,
) -> Response {
    let ended = async {
        tus::check_version(&headers)?;
        let upload = own(&app, &guest, id).await?;
        uploads::terminate(&app, &upload, None).await?;
        Ok(tus::bare(StatusCode::NO_CONTENT))
    };
    answered(ended.await)
}

/// `POST /agent/v1/bundles/{id}`: another method, where a proxy lets no other through.
pub(super) async fn post(
    app: State<App>,
    guest: Extension<Guest>,
    id: Path<BundleId>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match tus::method(&headers) {
        Some("PATCH") => patch(app, guest, id, headers, body).await,
        Some("DELETE") => terminate(app, guest, id, headers).await,
        _ => Problem::no_method().await.into_response(),
    }
}

async fn own(app: &App, guest: &Guest, id: BundleId) -> Result<Upload, Refused> {
    rows::of_appliance(app.db.read(), guest.id, id).await?.ok_or(Refused::Unknown)
}

fn answered(result: Result<Response, Refused>) -> Response {
    result.unwrap_or_else(|refused| {
        let headers = tus::headers_of(&refused);
        (headers, Problem::of_upload(&refused)).into_response()
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const BUNDLE: &str = "0198f7e2-6c10-7000-8000-000000000001";

    fn announced(pairs: &[(&str, &str)]) -> Result<Wanted, &'static str> {
        let pairs = pairs.iter().map(|(key, value)| format!("{key} {}", STANDARD.encode(value)));
        let mut headers = HeaderMap::new();
        headers.insert("upload-length", "7".parse().unwrap());
        headers.insert("upload-metadata", pairs.collect::<Vec<_>>().join(",").parse().unwrap());
        wanted(&headers, 100).map_err(|refused| refused.code().1)
    }

    #[test]
    fn an_appliance_says_what_it_sends() {
        let hash = "ab".repeat(32);

        let wanted = announced(&[("bundle", BUNDLE), ("blake3", &hash)]).unwrap();

        assert_eq!(wanted.bundle.to_string(), BUNDLE);
        assert_eq!((wanted.length, wanted.blake3), (7, Some(hash)));
        assert_eq!(wanted.trigger, BundleTrigger::OnDemand);
    }

    #[test]
    fn an_appliance_that_says_nonsense_is_refused_by_name() {
        let hash = "ab".repeat(32);
        let cases: [&[(&str, &str)]; 6] = [
            &[],
            &[("bundle", "../../etc/passwd"), ("blake3", &hash)],
            &[("bundle", BUNDLE)],
            &[("bundle", BUNDLE), ("blake3", "ab")],
            &[("bundle", BUNDLE), ("blake3", &hash), ("trigger", "because")],
            // Only operators bring something by hand.
            &[("bundle", BUNDLE), ("blake3", &hash), ("trigger", "upload")],
        ];

        for case in cases {
            assert_eq!(announced(case), Err("invalid"), "{case:?}");
        }
    }
}
