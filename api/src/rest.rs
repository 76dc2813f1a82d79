//! REST `/v1`: controllers mirror the URLs.
//!
//! What must hold: a controller parses, asks the edge or the accounts, and shows the answer; every error leaves through
//! [`problem`], every write through the same command path as the WebSocket's.

pub mod address;
pub mod guard;
pub mod problem;

mod about;
mod admin;
mod admin_audit;
mod admin_log;
mod admin_rooms;
pub(crate) mod at;
mod auth;
mod bodies;
mod cursor;
mod events;
mod layers;
mod listings;
mod lists;
mod me;
mod messages;
mod moderation;
mod openapi;
mod ops;
mod people;
mod rooms;
pub(crate) mod schema;
mod search;
mod unread;

pub use about::About;
pub(crate) use auth::error as account_error;
pub use ops::{Check, Readiness, Shown, readiness_router};
pub use unread::UnreadBodies;

use crate::auth::Origins;
use crate::config::Config;
use crate::edge::Edge;
use crate::edge::clock::Clock;
use crate::error::{Error, Name};
use crate::inspect::Inspector;
use crate::limits::Limiter;
use crate::page::{self, Page};
use crate::server::Place;
use crate::session::Door;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use engine::people::{Accounts, People};
use hyper::upgrade::OnUpgrade;
use std::net::IpAddr;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What controllers share.
pub struct App {
    /// Reads and writes rooms.
    pub edge: Arc<Edge>,
    /// Knows people.
    pub accounts: Arc<Accounts>,
    /// Where people are found by name.
    pub people: Arc<dyn People>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Whose pages may use cookies here.
    pub origins: Origins,
    /// Cookies are for https alone.
    pub secure_cookies: bool,
    /// The WebSocket's side.
    pub door: Arc<Door>,
    /// Looks at the log for admins.
    pub inspector: Arc<Inspector>,
    /// What this Roomlog says of itself to anybody.
    pub about: About,
    /// How often an address may ask.
    pub addresses: Limiter<IpAddr>,
}

/// Everything an edge answers.
pub fn router(app: Arc<App>, readiness: Arc<Readiness>, config: &Config) -> Router {
    let (router, document) = documented(app, readiness, config);
    let router = router.merge(openapi::router(&document));
    let router = match config.page.enabled {
        true => page::around(router, Page::packed(), layers::nothing_there),
        false => router.fallback(async || layers::nothing_there()),
    };
    layers::around(router.method_not_allowed_fallback(layers::unknown_method), config)
}

/// The paths, and the document of them.
fn documented(app: Arc<App>, readiness: Arc<Readiness>, config: &Config) -> (Router, OpenApi) {
    let limited = middleware::from_fn_with_state(app.clone(), layers::limited);
    let (router, mut document) = OpenApiRouter::with_openapi(openapi::document())
        .merge(paths().route_layer(limited).with_state(app))
        .merge(readiness_router(readiness))
        .split_for_parts();
    openapi::complete(&mut document, &config.accounts());
    (router, document)
}

/// `/v1`; the WebSocket alone is described elsewhere.
fn paths() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::default()
        .route("/v1/ws", get(socket))
        .routes(routes!(about::about))
        .routes(routes!(auth::register))
        .routes(routes!(auth::login))
        .routes(routes!(auth::guest))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(listings::mine, rooms::create))
        .routes(routes!(listings::discover))
        .routes(routes!(listings::invitations))
        .routes(routes!(search::search))
        .routes(routes!(me::get, me::rename, me::delete))
        .routes(routes!(me::password))
        .routes(routes!(me::sessions, me::end_other_sessions))
        .routes(routes!(me::end_session))
        .routes(routes!(people::get))
        .routes(routes!(admin::users))
        .routes(routes!(admin::disable))
        .routes(routes!(admin::enable))
        .routes(routes!(admin_audit::list))
        .routes(routes!(admin_rooms::list))
        .routes(routes!(admin_rooms::get, admin_rooms::delete))
        .routes(routes!(admin_log::overview))
        .routes(routes!(admin_log::dead_letters))
        .routes(routes!(admin_log::tail))
        .routes(routes!(lists::any_members))
        .routes(routes!(lists::any_bans))
        .routes(routes!(lists::any_mutes))
        .routes(routes!(rooms::get, rooms::update, rooms::delete))
        .routes(routes!(rooms::join))
        .routes(routes!(rooms::leave))
        .routes(routes!(rooms::members))
        .routes(routes!(rooms::presence))
        .routes(routes!(lists::bans))
        .routes(routes!(lists::mutes))
        .routes(routes!(lists::invitees))
        .routes(routes!(lists::reads))
        .routes(routes!(rooms::read))
        .routes(routes!(rooms::direct))
        .routes(routes!(at::at))
        .routes(routes!(messages::recent))
        .routes(routes!(messages::page, messages::send))
        .routes(routes!(messages::one, messages::edit, messages::delete))
        .routes(routes!(messages::thread))
        .routes(routes!(messages::react))
        .routes(routes!(messages::unreact))
        .routes(routes!(events::list))
        .routes(routes!(moderation::invite))
        .routes(routes!(moderation::kick))
        .routes(routes!(moderation::ban))
        .routes(routes!(moderation::unban))
        .routes(routes!(moderation::mute))
        .routes(routes!(moderation::unmute))
        .routes(routes!(moderation::role))
}

/// `GET /v1/ws`.
async fn socket(State(app): State<Arc<App>>, mut request: Request) -> Result<Response, Error> {
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let place = request.extensions_mut().remove::<Place>();
    crate::session::upgrade(&app.door, &app.origins, request.headers(), upgrade, place).await
}

/// What an id in a path that is none is called.
fn path_id<T: std::str::FromStr>(text: &str) -> Result<T, Error> {
    text.parse()
        .map_err(|_| Error::new(Name::NotFound, "there is no such room"))
}
