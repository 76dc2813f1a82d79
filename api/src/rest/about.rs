//! `/v1/about`: what anybody may know before they sign in.

use super::{App, schema};
use crate::config::Config;
use crate::metrics::process::BUILD;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::domain::Epoch;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What this Roomlog says of itself to anybody.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct About {
    /// What it calls itself to people.
    name: String,
    /// Of the program.
    version: &'static str,
    /// The commit that it was built from; `unknown` where whoever built it did not say.
    commit: &'static str,
    /// Whether people may make accounts for themselves.
    registration: bool,
    /// Whether one may come in without an account.
    guests: bool,
    password: PasswordBounds,
    /// Where traces are looked at: `{jaeger_url}/trace/{trace_id}`; null: nowhere that is known here.
    #[schema(required = true)]
    jaeger_url: Option<String>,
    #[schema(value_type = schema::Epoch)]
    epoch: Epoch,
}

/// How long a password may be.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct PasswordBounds {
    /// Characters.
    least: usize,
    /// Bytes.
    most: usize,
}

impl About {
    /// What follows from the settings, of a log of this life.
    #[must_use]
    pub fn new(config: &Config, epoch: Epoch) -> Self {
        let accounts = config.accounts();
        let jaeger = config.telemetry.jaeger_url.trim_end_matches('/');
        Self {
            name: config.page.name.clone(),
            version: BUILD.version,
            commit: BUILD.commit,
            registration: accounts.registration,
            guests: accounts.guests,
            password: PasswordBounds {
                least: accounts.password_least,
                most: accounts.password_most,
            },
            jaeger_url: (!jaeger.is_empty()).then(|| jaeger.to_owned()),
            epoch,
        }
    }
}

/// What this Roomlog is called, and how one may come in.
#[utoipa::path(get, operation_id = "server_about", path = "/v1/about", tag = "operations",
    responses((status = 200, description = "It says so.", body = About)))]
pub(super) async fn about(State(app): State<Arc<App>>) -> Response {
    axum::Json(&app.about).into_response()
}
