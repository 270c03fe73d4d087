//! The agents' side of the server: who may come in, what they say, and what they send.

mod enrolment;
mod gateway;
mod hello;
mod identity;
mod migration;
mod problem;
mod progress;
mod rate;
mod record;
pub mod refusal;
pub mod registry;
mod rejoin;
mod restored;
mod socket;
mod talk;
mod trouble;
mod uploads;
mod whole_frames;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, head, post};
use domfleet_shared::enrolment::{BUNDLES_PATH, JOIN_PATH, RENEW_PATH, SOCKET_PATH};
use domfleet_shared::migration::talk::REJOIN_PATH;

use self::problem::Problem;
use self::refusal::Refusal;
use crate::app::App;

/// The largest request of one that wants to get in.
const ENROLMENT_BYTES: usize = 64 * 1024;

/// What agents with a certificate are served, and nobody else.
///
/// Every certificate of our CA can open a socket: what is wrong with it is said there, in a frame,
/// and a server that was restored from a backup takes in whom it does not remember. All else asks
/// first who sends it.
pub fn agent_router(app: &App) -> Router {
    let bundle = head(uploads::head)
        .patch(uploads::patch)
        .post(uploads::post)
        .delete(uploads::terminate)
        .options(uploads::options);
    let of_the_fleet = Router::new()
        .route(BUNDLES_PATH, post(uploads::create).options(uploads::options))
        .route(&format!("{BUNDLES_PATH}/{{id}}"), bundle)
        .fallback(Problem::nothing)
        .method_not_allowed_fallback(Problem::no_method)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), identity::of_the_fleet));
    Router::new()
        .route(SOCKET_PATH, get(gateway::socket))
        .method_not_allowed_fallback(Problem::no_method)
        .merge(of_the_fleet)
        .with_state(app.clone())
}

/// What those are served who have no certificate yet, or none any more: on their own face of the
/// port, and on the public one.
pub fn enrolment_routes() -> Router<App> {
    Router::new()
        .route(JOIN_PATH, post(enrolment::join))
        .route(RENEW_PATH, post(enrolment::renew))
        .route(REJOIN_PATH, post(rejoin::rejoin))
        .layer(DefaultBodyLimit::max(ENROLMENT_BYTES))
}

/// [`enrolment_routes`] and nothing else.
pub fn enrolment_router(app: &App) -> Router {
    enrolment_routes()
        .fallback(Problem::nothing)
        .method_not_allowed_fallback(Problem::no_method)
        .with_state(app.clone())
}

/// Tells all agents to come back when the server goes down, as soon as it does.
pub fn say_goodbye_at_the_end(app: &App) {
    let app = app.clone();
    app.tracker.clone().spawn(async move {
        app.stop.cancelled().await;
        app.registry.close_all(Refusal::going_down());
    });
}
