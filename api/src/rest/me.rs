//! `/v1/me…`: one's own account and logins.

use super::auth::{User, Welcome, error, goodbye, welcome};
use super::guard::{Json, Signed};
use super::{App, bodies, schema};
use crate::edge::Notice;
use crate::error::{Error, Name};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::domain::Timestamp;
use engine::people::Login;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// You, and what you are here.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(super) struct Me<'a> {
    #[serde(flatten)]
    user: User<'a>,
    /// Whether the paths below `/v1/admin` are yours to ask.
    admin: bool,
}

/// Who you are.
#[utoipa::path(get, operation_id = "me_get", path = "/v1/me",
    tag = "me", responses((status = 200, description = "You.", body = Me<'_>)))]
pub(super) async fn get(State(app): State<Arc<App>>, signed: Signed) -> Result<Response, Error> {
    let person = app.accounts.person(signed.caller.user_id).await.map_err(error)?;
    let person = person.ok_or_else(|| Error::new(Name::NotFound, "the account is gone"))?;
    let me = Me {
        user: User::of(&person),
        admin: person.is_admin,
    };
    Ok(axum::Json(me).into_response())
}

/// Gives you another name for others to see, and an access token that says so; what you said before keeps the old one.
#[utoipa::path(patch, operation_id = "me_rename", path = "/v1/me", tag = "me", request_body = bodies::Rename,
    responses((status = 200, description = "You, and your new access token.", body = Welcome<'_>)))]
pub(super) async fn rename(State(app): State<Arc<App>>, signed: Signed, json: Json) -> Result<Response, Error> {
    let name = json.fields()?.display_name().required(|value| value.person_name())?;
    let answer = app.accounts.rename(&signed.token, &name, app.clock.now()).await;
    Ok(welcome(&app, StatusCode::OK, &answer.map_err(error)?))
}

/// Deletes your account for ever: you become "deleted user" in all that was said, your texts become empty if you ask for
/// it, every login ends, and nobody gets your username again. Who has a password must give it.
#[utoipa::path(delete, operation_id = "me_delete", path = "/v1/me", tag = "me", request_body = bodies::Goodbye,
    responses((status = 204, description = "Deleted.")))]
pub(super) async fn delete(State(app): State<Arc<App>>, signed: Signed, json: Json) -> Result<Response, Error> {
    let fields = json.fields()?;
    let password = fields.password().optional(|value| value.string())?;
    let texts = fields.texts().optional(|value| value.boolean())?.unwrap_or(false);
    let password = password.map(std::borrow::Cow::into_owned);
    let deleted = app
        .accounts
        .delete(&signed.token, password, texts, app.clock.now())
        .await;
    deleted.map_err(error)?;
    let user_id = signed.caller.user_id;
    app.edge.tell(&Notice::Erased { user_id, texts });
    Ok(goodbye(&app))
}

/// Changes your password; every other login of yours ends.
#[utoipa::path(post, operation_id = "me_password_change", path = "/v1/me/password",
    tag = "me", request_body = bodies::NewPassword,
    responses((status = 204, description = "Changed.")))]
pub(super) async fn password(State(app): State<Arc<App>>, signed: Signed, json: Json) -> Result<Response, Error> {
    let fields = json.fields()?;
    let old = fields.old().required(|value| value.string())?.into_owned();
    let new = fields.new().required(|value| value.string())?.into_owned();
    let changed = app
        .accounts
        .change_password(&signed.token, old, new, app.clock.now())
        .await;
    let ended = changed.map_err(|refused| {
        let told = error(refused);
        let wrong = told.field.as_deref() == Some("password");
        let field = if wrong { Some("old".into()) } else { told.field };
        Error { field, ..told }
    })?;
    tell_ended(&app, &signed, ended);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A login of yours that goes on: a device on which you are signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct Session<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    /// When you signed in.
    #[schema(value_type = schema::Time)]
    created_at: Timestamp,
    /// When it was refreshed last.
    #[schema(value_type = schema::Time)]
    used_at: Timestamp,
    /// It ends then, if nothing refreshes it.
    #[schema(value_type = schema::Time)]
    expires_at: Timestamp,
    /// As the device called itself when you signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    user_agent: Option<&'a str>,
    /// Where you signed in from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    address: Option<IpAddr>,
    /// Whether it is the one that asks.
    current: bool,
}

/// The devices on which you are signed in, used last first.
#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
pub(super) struct Sessions<'a> {
    sessions: Vec<Session<'a>>,
}

impl<'a> Session<'a> {
    fn of(login: &'a Login, current: Option<Uuid>) -> Self {
        Self {
            id: login.id,
            created_at: login.created_at,
            used_at: login.rotated_at,
            expires_at: login.expires_at,
            user_agent: login.device.user_agent(),
            address: login.device.address,
            current: current == Some(login.id),
        }
    }
}

/// Where you are signed in.
#[utoipa::path(get, operation_id = "me_sessions_list", path = "/v1/me/sessions", tag = "me",
    responses((status = 200, description = "Your logins that go on.", body = Sessions<'_>)))]
pub(super) async fn sessions(State(app): State<Arc<App>>, signed: Signed) -> Result<Response, Error> {
    let logins = app
        .accounts
        .logins(&signed.token, app.clock.now())
        .await
        .map_err(error)?;
    let sessions = logins
        .iter()
        .map(|login| Session::of(login, signed.token.sid))
        .collect();
    Ok(axum::Json(Sessions { sessions }).into_response())
}

/// Signs you out on one device.
#[utoipa::path(delete, operation_id = "me_sessions_end", path = "/v1/me/sessions/{session}", tag = "me",
    params(("session" = String, Path, format = "uuid", description = "Which login.")),
    responses((status = 204, description = "Signed out there.")))]
pub(super) async fn end_session(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(session): Path<String>,
) -> Result<Response, Error> {
    let session = Uuid::parse_str(&session).map_err(|_| error(engine::people::accounts::Error::Nobody))?;
    let ended = app.accounts.end_login(&signed.token, session, app.clock.now()).await;
    ended.map_err(error)?;
    tell_ended(&app, &signed, vec![session]);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Signs you out on all devices but this one.
#[utoipa::path(delete, operation_id = "me_sessions_end_others", path = "/v1/me/sessions", tag = "me",
    responses((status = 204, description = "Signed out everywhere else.")))]
pub(super) async fn end_other_sessions(State(app): State<Arc<App>>, signed: Signed) -> Result<Response, Error> {
    let ended = app.accounts.end_other_logins(&signed.token, app.clock.now()).await;
    tell_ended(&app, &signed, ended.map_err(error)?);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn tell_ended(app: &App, signed: &Signed, logins: Vec<Uuid>) {
    let user_id = signed.caller.user_id;
    app.edge.tell(&Notice::LoginsEnded { user_id, logins });
}
