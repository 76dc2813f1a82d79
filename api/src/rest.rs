//! REST `/v1`: controllers mirror the URLs.
//!
//! What must hold: a controller parses, asks the edge or the accounts, and shows the answer; every error leaves through
//! [`problem`], every write through the same command path as the WebSocket's.

pub mod guard;
pub mod problem;

mod auth;
mod layers;
mod messages;
mod moderation;
mod ops;
mod rooms;
mod unread;

pub(crate) use auth::error as account_error;
pub use ops::{Check, Readiness, readiness_router};
pub use unread::UnreadBodies;

use crate::auth::Origins;
use crate::config::Config;
use crate::edge::Edge;
use crate::edge::clock::Clock;
use crate::error::{Error, Name};
use crate::server::Place;
use crate::session::{Door, Registry};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, patch, post};
use engine::history;
use engine::people::{Accounts, People};
use hyper::upgrade::OnUpgrade;
use std::sync::Arc;

/// What controllers share.
pub struct App {
    /// Reads and writes rooms.
    pub edge: Arc<Edge>,
    /// Knows people.
    pub accounts: Arc<Accounts>,
    /// Where people are found by name.
    pub people: Arc<dyn People>,
    /// Lists rooms.
    pub history: Arc<dyn history::Reader>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Whose pages may use cookies here.
    pub origins: Origins,
    /// Cookies are for https alone.
    pub secure_cookies: bool,
    /// The WebSocket's side.
    pub door: Arc<Door>,
    /// The open sessions.
    pub sessions: Arc<Registry>,
}

/// Everything an edge answers.
pub fn router(app: Arc<App>, readiness: Arc<Readiness>, config: &Config) -> Router {
    let v1 = Router::new()
        .route("/ws", only(get(socket)))
        .route("/auth/register", only(post(auth::register)))
        .route("/auth/login", only(post(auth::login)))
        .route("/auth/guest", only(post(auth::guest)))
        .route("/auth/refresh", only(post(auth::refresh)))
        .route("/auth/logout", only(post(auth::logout)))
        .route("/me", only(get(auth::me)))
        .route("/rooms", only(get(rooms::mine).post(rooms::create)))
        .route(
            "/rooms/{room}",
            only(get(rooms::get).merge(patch(rooms::update)).merge(delete(rooms::delete))),
        )
        .route("/rooms/{room}/join", only(post(rooms::join)))
        .route("/rooms/{room}/leave", only(post(rooms::leave)))
        .route("/rooms/{room}/members", only(get(rooms::members)))
        .route("/rooms/{room}/presence", only(get(rooms::presence)))
        .route("/rooms/{room}/read", only(post(rooms::read)))
        .route("/rooms/{room}/recent", only(get(messages::recent)))
        .route("/rooms/{room}/messages", only(get(messages::page).post(messages::send)))
        .route(
            "/rooms/{room}/messages/{seq}",
            only(patch(messages::edit).merge(delete(messages::delete))),
        )
        .route("/rooms/{room}/messages/{seq}/react", only(messages::react()))
        .route("/rooms/{room}/messages/{seq}/unreact", only(messages::unreact()))
        .route("/rooms/{room}/{verb}", only(post(moderation::moderate)))
        .route("/direct/{username}", only(post(rooms::direct)))
        .fallback(layers::unknown_path)
        .with_state(app);
    let router = Router::new()
        .nest("/v1", v1)
        .merge(readiness_router(readiness))
        .fallback(layers::unknown_path);
    layers::around(router, config)
}

/// Other methods of a path are refused as every error is.
fn only<S: Clone + Send + Sync + 'static>(methods: MethodRouter<S>) -> MethodRouter<S> {
    methods.fallback(layers::unknown_method)
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
