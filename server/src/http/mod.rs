//! The API for operators: every route in one list.

pub mod alarms;
pub mod appliances;
pub mod audit;
pub mod backup_sets;
pub mod bulk_list;
pub mod bulks;
pub mod bundle_content;
pub mod bundle_files;
pub mod bundles;
pub mod ended_boots;
pub mod error;
pub mod events;
pub mod extract;
mod health;
pub mod join_tokens;
pub mod migration_links;
pub mod migration_wishes;
pub mod migrations;
mod openapi;
pub mod operations;
pub mod operators;
pub mod organisations;
pub mod page;
pub mod problem;
pub mod releases;
pub mod reliability;
pub mod reported;
pub mod schedules;
pub mod server;
pub mod session;
pub mod signatures;
pub mod uploads;
pub mod usb_drives;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::error::ApiError;
use crate::app::App;
use crate::{agents, dashboard};

/// The largest body of a request; none holds more than a few names and texts.
const BODY_BYTES: usize = 64 * 1024;

/// Every route of the API.
fn api() -> OpenApiRouter<App> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(session::login))
        .routes(routes!(session::refresh))
        .routes(routes!(session::logout))
        .routes(routes!(session::me))
        .routes(routes!(organisations::list, organisations::create))
        .routes(routes!(organisations::list_sites, organisations::create_site))
        .routes(routes!(organisations::update_site))
        .routes(routes!(operators::list, operators::create))
        .routes(routes!(operators::update))
        .routes(routes!(join_tokens::list, join_tokens::create))
        .routes(routes!(join_tokens::revoke))
        .routes(routes!(appliances::list))
        .routes(routes!(appliances::show, appliances::update))
        .routes(routes!(appliances::accept))
        .routes(routes!(appliances::reject))
        .routes(routes!(appliances::decommission))
        .routes(routes!(appliances::revoke))
        .routes(routes!(appliances::resolve_clones))
        .routes(routes!(reported::vms))
        .routes(routes!(reported::volumes))
        .routes(routes!(reported::boots))
        .routes(routes!(ended_boots::list))
        .routes(routes!(reported::components))
        .routes(routes!(reported::usb_drives))
        .routes(routes!(reported::mitigations))
        .routes(routes!(reported::mitigation_effect))
        .routes(routes!(usb_drives::list))
        .routes(routes!(backup_sets::list))
        .routes(routes!(backup_sets::key))
        .routes(routes!(schedules::list, schedules::create))
        .routes(routes!(schedules::preview))
        .routes(routes!(schedules::show, schedules::update, schedules::remove))
        .routes(routes!(schedules::runs))
        .routes(routes!(operations::create))
        .routes(routes!(operations::create_bundle))
        .routes(routes!(operations::list, bulks::create))
        .routes(routes!(bulk_list::list))
        .routes(routes!(bulks::show))
        .routes(routes!(bulk_list::cancel))
        .routes(routes!(operations::show))
        .routes(routes!(operations::cancel))
        .routes(routes!(operations::write_off))
        .routes(routes!(events::follow_operation))
        .routes(routes!(bundles::list))
        .routes(routes!(bundles::show, bundles::remove))
        .routes(routes!(releases::list, releases::put))
        .routes(routes!(releases::remove))
        .routes(routes!(reliability::show))
        .routes(routes!(reliability::compare))
        .merge(reliability::with_tables())
        .routes(routes!(reliability::remove_import))
        .routes(routes!(signatures::list, signatures::create))
        .routes(routes!(signatures::remove))
        .routes(routes!(signatures::found))
        .routes(routes!(bundles::hold))
        .routes(routes!(bundles::release))
        .routes(routes!(bundle_content::content))
        .routes(routes!(bundle_files::list))
        .routes(routes!(bundle_files::file))
        .routes(routes!(bundle_files::search))
        .routes(routes!(uploads::create, uploads::options))
        .routes(routes!(uploads::head, uploads::patch, uploads::terminate, uploads::post))
        .routes(routes!(migrations::list, migration_wishes::start))
        .routes(routes!(migrations::show))
        .routes(routes!(migrations::records))
        .routes(routes!(migrations::permit))
        .routes(routes!(migration_links::list, migration_links::create))
        .routes(routes!(migration_links::revoke))
        .routes(routes!(migration_links::on_site))
        .routes(routes!(migration_wishes::cancel))
        .routes(routes!(migration_wishes::rollback))
        .routes(routes!(migration_wishes::stay))
        .routes(routes!(migration_wishes::lose))
        .routes(routes!(migration_wishes::retry))
        .routes(routes!(migration_wishes::waive))
        .routes(routes!(events::follow))
        .routes(routes!(alarms::list))
        .routes(routes!(alarms::clear))
        .routes(routes!(audit::list))
        .routes(routes!(server::show))
        .routes(routes!(server::release_hold));
    OpenApiRouter::with_openapi(openapi::about()).nest("/api/v1", v1)
}

/// What the API is, in OpenAPI's words.
pub fn openapi() -> utoipa::openapi::OpenApi {
    openapi::finished(api().into_openapi())
}

/// Everything that operators and their browsers are served.
pub fn router(app: &App) -> Router {
    let (api, document) = api().split_for_parts();
    let document = openapi::finished(document);
    Router::new()
        .merge(api)
        .merge(agents::enrolment_routes())
        .route("/api/v1/openapi.json", get(async move || axum::Json(document)))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .fallback(other)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(axum::middleware::from_fn(problem::requests))
        .layer(always(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(X_FRAME_OPTIONS, "DENY"))
        .layer(always(REFERRER_POLICY, "same-origin"))
        .layer(always(STRICT_TRANSPORT_SECURITY, "max-age=31536000"))
        .with_state(app.clone())
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// What is not of the API is of the dashboard.
async fn other(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if path.starts_with("/api/") || path.starts_with("/agent/") || path == "/api" {
        return ApiError::NotFound("route").into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return ApiError::MethodNotAllowed.into_response();
    }
    dashboard::serve(&uri, &headers)
}
